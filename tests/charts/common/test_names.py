"""Names, labels, namespaces and waves of every object."""

import pytest

pytestmark = pytest.mark.helm

EVERYTHING = """
controllers: {demo: {strategy: Recreate, pod: {serviceAccount: demo}}}
serviceAccount: {demo: {}}
rbac: {demo: {rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}}
service: {demo: {ports: {http: {port: 80}, metrics: {port: 9100}}}}
route: {demo: {host: demo.test, port: http}}
persistence: {config: {size: 1Gi, mounts: {app: [{path: /config}]}}}
config: {main: {files: {a: b}}}
metrics: {demo: {port: metrics, kind: ServiceMonitor}}
"""
WAVES = {
    "ServiceAccount": "-20",
    "Role": "-20",
    "RoleBinding": "-20",
    "NetworkPolicy": "-20",
    "ConfigMap": "-20",
    "PersistentVolumeClaim": "10",
    "Deployment": "10",
    "Service": "10",
    "IngressRoute": "10",
    "ServiceMonitor": "10",
}


def test_what_is_called_like_the_chart_has_the_charts_name(render):
    objects = render(EVERYTHING)

    assert {item.name for item in objects} == {"demo", "demo-main", "demo-config"}


def test_names_do_not_depend_on_the_release(render):
    assert [item.name for item in render(EVERYTHING, release="a")] == [
        item.name for item in render(EVERYTHING, release="b")
    ]


def test_every_object_says_its_namespace(render):
    assert {item.namespace for item in render(EVERYTHING, namespace="elsewhere")} == {"elsewhere"}


def test_every_object_has_the_labels_that_kubernetes_recommends(render):
    for item in render(EVERYTHING):
        labels = dict(item.labels)
        labels.pop("app.kubernetes.io/component", None)
        assert labels == {
            "app.kubernetes.io/name": "demo",
            "app.kubernetes.io/instance": "home",
            "app.kubernetes.io/version": "1.2.3",
            "app.kubernetes.io/part-of": "homelab",
            "app.kubernetes.io/managed-by": "Helm",
            "helm.sh/chart": "demo-1.0.0",
        }, item.title


def test_what_belongs_to_a_controller_says_which(render):
    with_component = {item.kind for item in render(EVERYTHING) if "app.kubernetes.io/component" in item.labels}

    assert with_component == {"Deployment", "NetworkPolicy", "Service", "ServiceMonitor"}


def test_a_version_that_is_no_label_is_made_one(charts, render):
    chart = charts.chart(version="1.0.0+build.5", app_version="2.0.0+ls" + "x" * 80)
    labels = render(chart=chart).one("Deployment").labels

    assert labels["helm.sh/chart"] == "demo-1.0.0_build.5"
    assert labels["app.kubernetes.io/version"].startswith("2.0.0_lsxxx")
    assert len(labels["app.kubernetes.io/version"]) == 63


def test_each_kind_has_its_wave(render):
    assert {item.kind: item.annotations["argocd.argoproj.io/sync-wave"] for item in render(EVERYTHING)} == WAVES


def test_a_controller_may_have_a_wave_of_its_own(render):
    values = EVERYTHING.replace("strategy: Recreate", "strategy: Recreate, wave: 0")

    assert render(values).one("Deployment").annotations["argocd.argoproj.io/sync-wave"] == "0"


def test_a_name_may_have_sixty_three_characters(render):
    identifier = "x" * 58
    values = f"config: {{{identifier}: {{files: {{a: b}}}}}}"

    assert render(values).one("ConfigMap").name == f"demo-{identifier}"


def test_a_longer_name_is_refused(refuse):
    identifier = "x" * 59

    assert (
        f'demo: the name "demo-{identifier}" has 64 characters; Kubernetes allows 63, choose a shorter identifier'
        in refuse(f"config: {{{identifier}: {{files: {{a: b}}}}}}")
    )


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("CronJob", 52), ("StatefulSet", 52), ("Job", 54)],
)
def test_a_name_that_kubernetes_lengthens_is_shorter(render, refuse, kind, limit):
    def values(length):
        container = "{app: {image: {repository: x, tag: '1'}}}"
        cron = "cron: {schedule: '@daily'}, " if kind == "CronJob" else ""
        return f"controllers: {{{'x' * (length - len('demo-'))}: {{type: {kind}, {cron}containers: {container}}}}}"

    assert render(values(limit)).of(kind)
    assert f"has {limit + 1} characters; Kubernetes allows {limit}, choose a shorter identifier" in refuse(
        values(limit + 1)
    )
