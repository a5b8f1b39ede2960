"""What runs before and beside the application: native sidecars with a gate, and init containers."""

import pytest

pytestmark = pytest.mark.helm

POD = """
controllers:
  demo:
    sidecars:
      vpn:
        order: 0
        image: {repository: registry.test/vpn, tag: "1"}
        ports: {health: {port: 9999}}
        probes: {startup: {path: /, port: health, failureThreshold: 60}}
      log:
        order: 20
        image: {repository: registry.test/log, tag: "1"}
        probes: {startup: {exec: [test, -f, /ready]}}
    init:
      seed: {order: 10, image: {repository: registry.test/seed, tag: "1"}}
"""


def first(objects):
    return objects.pod_spec()["initContainers"]


def test_a_sidecar_is_an_init_container_that_keeps_running(render):
    container = render(POD).container("vpn")

    assert container["restartPolicy"] == "Always"
    assert container in first(render(POD))


def test_what_follows_a_sidecar_waits_for_its_startup_probe(render):
    probe = render(POD).container("vpn")["startupProbe"]

    assert probe["httpGet"] == {"path": "/", "port": "health"}
    assert probe["failureThreshold"] == 60


def test_an_init_container_ends(render):
    assert "restartPolicy" not in render(POD).container("seed")


def test_sidecars_and_init_containers_start_in_one_order(render):
    assert [each["name"] for each in first(render(POD))] == ["vpn", "seed", "log"]


def test_with_the_same_order_the_name_decides(render):
    values = POD.replace("order: 20", "order: 10")

    assert [each["name"] for each in first(render(values))] == ["vpn", "log", "seed"]


def test_the_order_is_a_number_and_not_a_text(render):
    values = POD.replace("order: 20", "order: 100").replace("order: 10,", "order: 9,")

    assert [each["name"] for each in first(render(values))] == ["vpn", "seed", "log"]


def test_a_sidecar_has_the_protection_of_every_container(render):
    context = render(POD).container("vpn")["securityContext"]

    assert context == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def test_a_sidecar_has_ports_of_its_own(render):
    assert render(POD).container("vpn")["ports"] == [{"name": "health", "containerPort": 9999, "protocol": "TCP"}]


def test_without_sidecars_there_are_no_init_containers(render):
    assert "initContainers" not in render().pod_spec()


def test_a_sidecar_that_is_off_is_not_there(render):
    values = POD.replace("        order: 20\n", "        order: 20\n        enabled: false\n")

    assert [each["name"] for each in first(render(values))] == ["vpn", "seed"]


GATE = (
    "demo: controller demo: sidecar log has no startup probe, so the application would start before it is ready; "
    "set controllers.demo.sidecars.log.probes.startup"
)


def test_a_sidecar_without_a_startup_probe_is_refused(refuse):
    assert GATE in refuse(POD.replace("probes: {startup: {exec: [test, -f, /ready]}}", "probes: {}"))


def test_a_sidecar_whose_startup_probe_is_off_is_refused(refuse):
    assert GATE in refuse(POD.replace("{exec: [test, -f, /ready]}", "{enabled: false, exec: [test, -f, /ready]}"))


def test_a_sidecar_that_is_off_needs_no_startup_probe(render):
    values = POD.replace("probes: {startup: {exec: [test, -f, /ready]}}", "enabled: false")

    assert [each["name"] for each in first(render(values))] == ["vpn", "seed"]


def test_an_init_container_with_probes_is_refused(refuse):
    values = POD.replace("seed: {order: 10,", "seed: {order: 10, probes: {liveness: {exec: [test]}},")

    assert (
        "demo: controller demo: init container seed has probes, which an init container cannot have; "
        "remove controllers.demo.init.seed.probes" in refuse(values)
    )
