"""DaemonSets: one pod on each node."""

import pytest

pytestmark = pytest.mark.helm

AGENT = """
controllers:
  demo:
    type: DaemonSet
    pod:
      hostNetwork: true
      hostPID: true
      dnsPolicy: ClusterFirstWithHostNet
      tolerations: [{operator: Exists}]
      nodeSelector: {kubernetes.io/os: linux}
      priorityClassName: system-node-critical
persistence:
  root: {type: hostPath, path: /, mounts: {app: [{path: /host, readOnly: true, mountPropagation: HostToContainer}]}}
"""


def test_a_daemonset_has_no_replicas(render):
    assert "replicas" not in render(AGENT).one("DaemonSet").at("spec")


def test_its_strategy_is_called_update_strategy(render):
    values = "controllers: {demo: {type: DaemonSet, rollingUpdate: {maxUnavailable: 2}}}"

    assert render(values).one("DaemonSet").at("spec", "updateStrategy") == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 2},
    }


def test_it_may_use_what_belongs_to_the_node(render):
    spec = render(AGENT).pod_spec("DaemonSet")

    assert (spec["hostNetwork"], spec["hostPID"], spec["dnsPolicy"]) == (True, True, "ClusterFirstWithHostNet")
    assert spec["tolerations"] == [{"operator": "Exists"}]
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}
    assert spec["priorityClassName"] == "system-node-critical"


def test_it_may_see_the_nodes_files(render):
    objects = render(AGENT)

    assert objects.pod_spec("DaemonSet")["volumes"] == [{"name": "root", "hostPath": {"path": "/"}}]
    assert objects.container(kind="DaemonSet")["volumeMounts"] == [
        {"name": "root", "mountPath": "/host", "readOnly": True, "mountPropagation": "HostToContainer"}
    ]
