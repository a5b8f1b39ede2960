"""Volumes of pods: where they come from, and which container sees them where."""

import pytest

pytestmark = pytest.mark.helm

EVERY_TYPE = """
controllers:
  demo:
    strategy: Recreate
    sidecars:
      vpn: {image: {repository: x/vpn, tag: "1"}, probes: {startup: {exec: [test]}}}
persistence:
  config: {size: 1Gi, mounts: {app: [{path: /config}]}}
  data: {existingClaim: "{{ .Values.global.environment }}-media", mounts: {app: [{path: /data, subPath: data, readOnly: true}]}}
  tmp: {type: emptyDir, mounts: {app: [{path: /tmp}], vpn: [{path: /tmp}]}}
  shm: {type: emptyDir, medium: Memory, sizeLimit: 64Mi, mounts: {demo/app: [{path: /dev/shm}]}}
  given: {type: config, name: "{{ .Values.global.environment }}-given", items: {b: two, a: one}, defaultMode: 288, optional: true, mounts: {app: [{path: /given}]}}
  login: {type: secret, secret: login, items: {token: key}, defaultMode: 256, mounts: {app: [{path: /login, readOnly: true}]}}
  tun: {type: hostPath, path: /dev/net/tun, hostPathType: CharDevice, mounts: {vpn: [{path: /dev/net/tun}]}}
  films: {type: nfs, server: nas.test, path: /films, mounts: {app: [{path: /films}]}}
  unused: {type: emptyDir}
  gone: {enabled: false, type: emptyDir, mounts: {app: [{path: /gone}]}}
secrets:
  login: {name: the-login, keys: [token], purpose: the account}
"""


def volumes(objects):
    return {
        each["name"]: {key: value for key, value in each.items() if key != "name"}
        for each in objects.pod_spec()["volumes"]
    }


def mounts(objects, container="app"):
    return {each["mountPath"]: each for each in objects.container(container)["volumeMounts"]}


def test_a_size_makes_a_claim_of_the_charts_own(render):
    assert volumes(render(EVERY_TYPE))["config"] == {"persistentVolumeClaim": {"claimName": "demo-config"}}


def test_a_claim_of_another_chart_is_taken_by_its_name(render):
    assert volumes(render(EVERY_TYPE))["data"] == {"persistentVolumeClaim": {"claimName": "local-media"}}


def test_a_claim_of_another_chart_is_not_made_again(render):
    assert [item.name for item in render(EVERY_TYPE).of("PersistentVolumeClaim")] == ["demo-config"]


def test_an_empty_folder_is_on_disk_unless_memory_is_asked_for(render):
    found = volumes(render(EVERY_TYPE))

    assert found["tmp"] == {"emptyDir": {}}
    assert found["shm"] == {"emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}


def test_a_config_map_that_somebody_else_makes_can_be_files(render):
    assert volumes(render(EVERY_TYPE))["given"] == {
        "configMap": {
            "name": "local-given",
            "items": [{"key": "a", "path": "one"}, {"key": "b", "path": "two"}],
            "defaultMode": 0o440,
            "optional": True,
        }
    }


def test_a_declared_secret_can_be_files(render):
    assert volumes(render(EVERY_TYPE))["login"] == {
        "secret": {"secretName": "the-login", "items": [{"key": "token", "path": "key"}], "defaultMode": 0o400}
    }


def test_a_path_of_the_node_says_what_must_be_there(render):
    assert volumes(render(EVERY_TYPE))["tun"] == {"hostPath": {"path": "/dev/net/tun", "type": "CharDevice"}}


def test_a_share_of_the_network_is_a_volume(render):
    assert volumes(render(EVERY_TYPE))["films"] == {"nfs": {"server": "nas.test", "path": "/films"}}


def test_a_volume_that_nothing_mounts_is_not_in_the_pod(render):
    assert not {"unused", "gone"} & set(volumes(render(EVERY_TYPE)))


def test_each_container_sees_only_what_it_mounts(render):
    objects = render(EVERY_TYPE)

    assert set(mounts(objects)) == {"/config", "/data", "/tmp", "/dev/shm", "/given", "/login", "/films"}
    assert set(mounts(objects, "vpn")) == {"/tmp", "/dev/net/tun"}


def test_a_mount_may_be_a_part_and_read_only(render):
    assert mounts(render(EVERY_TYPE))["/data"] == {
        "name": "data",
        "mountPath": "/data",
        "subPath": "data",
        "readOnly": True,
    }


def test_a_mount_may_name_the_controller_too(render):
    assert mounts(render(EVERY_TYPE))["/dev/shm"] == {"name": "shm", "mountPath": "/dev/shm"}


TWO = """
controllers:
  demo: {strategy: Recreate}
  worker: {containers: {app: {image: {repository: x, tag: "1"}}}}
persistence:
  tmp: {type: emptyDir, mounts: {worker/app: [{path: /tmp}]}}
"""


def test_a_mount_that_names_the_controller_is_for_it_alone(render):
    objects = render(TWO)

    assert "volumes" in objects.one("Deployment", "demo-worker").at("spec", "template", "spec")
    assert "volumes" not in objects.one("Deployment", "demo").at("spec", "template", "spec")


@pytest.mark.parametrize("kind", ["persistence", "config"])
def test_a_mount_in_a_container_that_does_not_exist_is_refused(refuse, kind):
    entry = {"persistence": "type: emptyDir", "config": "files: {a: b}"}[kind]

    assert (
        f'demo: {kind} one is mounted in the container "ap", which does not exist; rename {kind}.one.mounts.ap to one of: app, demo/app'
        in refuse(f"{kind}: {{one: {{{entry}, mounts: {{ap: [{{path: /x}}]}}}}}}")
    )


ROLLING = "persistence: {config: {size: 1Gi, mounts: {app: [{path: /config}]}}}"


def test_two_pods_on_a_claim_for_one_node_are_refused(refuse):
    assert (
        "demo: controller demo has the strategy RollingUpdate, but the claim config is ReadWriteOnce; "
        "set controllers.demo.strategy to Recreate" in refuse(ROLLING)
    )


@pytest.mark.parametrize(
    "more",
    [
        "\ncontrollers: {demo: {strategy: Recreate}}",
        "\ncontrollers: {demo: {type: StatefulSet}}",
        "\ncontrollers: {demo: {enabled: false}}",
    ],
)
def test_one_pod_after_the_other_is_not(render, more):
    render(ROLLING + more)


ONE_POD = ("ReadWriteOnce", "ReadWriteOncePod")
"""Access modes of a claim that two pods at once must not ask for."""


@pytest.mark.parametrize("mode", ["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"])
@pytest.mark.parametrize(
    ("workload", "rolling"),
    [
        ("type: Deployment", True),
        ("type: Deployment, strategy: RollingUpdate", True),
        ("type: Deployment, strategy: Recreate", False),
        ("type: StatefulSet", False),
        ("type: StatefulSet, strategy: RollingUpdate", False),
        ("type: StatefulSet, strategy: OnDelete", False),
    ],
)
@pytest.mark.parametrize("replicas", [1, 2])
def test_only_a_claim_that_one_pod_may_write_is_a_reason_against_a_second_pod(
    charts, mode, workload, rolling, replicas
):
    values = (
        f"controllers: {{demo: {{{workload}, replicas: {replicas}}}}}\n"
        f"persistence: {{data: {{size: 1Gi, accessMode: {mode}, mounts: {{app: [{{path: /data}}]}}}}}}"
    )

    _, error = charts.run(charts.chart(), values, "home", "apps")

    if mode not in ONE_POD:
        assert error == ""
    elif replicas == 2:
        fact = f"demo: controller demo has 2 replicas, but the claim data is {mode}; "
        assert fact + "set controllers.demo.replicas to 1, or persistence.data.accessMode to ReadWriteMany" in error
    elif rolling:
        fact = f"demo: controller demo has the strategy RollingUpdate, but the claim data is {mode}; "
        assert fact + "set controllers.demo.strategy to Recreate" in error
    else:
        assert error == ""


@pytest.mark.parametrize("workload", ["type: DaemonSet", "type: Job", "type: CronJob, cron: {schedule: 0 0 * * *}"])
def test_a_workload_without_replicas_may_mount_any_claim(render, workload):
    render(f"controllers: {{demo: {{{workload}}}}}\n{ROLLING}")


def test_a_claim_for_many_nodes_is_not(render):
    render("persistence: {config: {size: 1Gi, accessMode: ReadWriteMany, mounts: {app: [{path: /config}]}}}")


def test_a_mounted_secret_that_nobody_declared_is_refused(refuse):
    assert 'demo: persistence key uses the secret "logn", which is not declared; add secrets.logn' in refuse(
        "persistence: {key: {type: secret, secret: logn, mounts: {app: [{path: /key}]}}}"
    )


def test_a_mounted_key_that_nobody_declared_is_refused(refuse):
    assert 'demo: persistence key uses the key "b" of the secret "login", which does not list it' in refuse(
        "secrets: {login: {keys: [a], purpose: x}}\n"
        "persistence: {key: {type: secret, secret: login, items: {b: b}, mounts: {app: [{path: /key}]}}}"
    )


def test_a_disabled_volume_may_name_what_does_not_exist(render):
    render("persistence: {key: {enabled: false, type: secret, secret: logn, mounts: {ap: [{path: /key}]}}}")
