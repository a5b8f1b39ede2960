"""The progress deadline of a Deployment: at its end Argo CD calls it Degraded, so it is longer than the start may take."""

import pytest

pytestmark = pytest.mark.helm

DEFAULT = 600
"""The API server's, for scheduling, pulling images and init containers."""

IMAGE = "image: {repository: registry.test/x, tag: '1'}"


def startup(period: int, failures: int, more: str = "") -> str:
    times = f"periodSeconds: {period}, timeoutSeconds: 1, failureThreshold: {failures}{more}"
    return f"{{{IMAGE}, probes: {{startup: {{exec: [ok], {times}}}}}}}"


def deadline(render, containers: str, sidecars: str = "{}", kind: str = "Deployment"):
    objects = render(f"controllers: {{demo: {{type: {kind}, containers: {containers}, sidecars: {sidecars}}}}}")
    return objects.one(kind).at("spec", "progressDeadlineSeconds")


def test_what_a_startup_probe_allows_is_added_to_the_api_servers_default(render):
    assert deadline(render, f"{{app: {startup(10, 360)}}}") == DEFAULT + 3600


def test_the_delay_before_the_first_attempt_is_part_of_it(render):
    assert deadline(render, f"{{app: {startup(10, 30, ', initialDelaySeconds: 15')}}}") == DEFAULT + 315


def test_an_attempt_takes_as_long_as_its_timeout_when_that_is_longer(render):
    assert (
        deadline(render, f"{{app: {startup(1, 10).replace('timeoutSeconds: 1', 'timeoutSeconds: 5')}}}") == DEFAULT + 50
    )


def test_containers_start_at_once_so_the_slowest_counts(render):
    assert deadline(render, f"{{app: {startup(10, 60)}, exporter: {startup(5, 24)}}}") == DEFAULT + 600


def test_sidecars_start_one_after_another_and_before_the_containers(render):
    sidecars = f"{{vpn: {startup(5, 60)}, log: {startup(2, 10)}}}"

    assert deadline(render, f"{{app: {startup(10, 30)}}}", sidecars) == DEFAULT + 300 + 20 + 300


def test_what_is_off_takes_no_time(render):
    off = startup(10, 360).replace("{image", "{enabled: false, image")
    no_probe = startup(10, 360).replace("{exec", "{enabled: false, exec")

    assert deadline(render, f"{{app: {startup(10, 3)}, other: {off}, third: {no_probe}}}") == DEFAULT + 30


def test_without_a_startup_probe_the_api_servers_default_holds(render):
    assert deadline(render, f"{{app: {{{IMAGE}}}}}") is None


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_other_workloads_have_no_deadline(render, kind):
    assert deadline(render, f"{{app: {startup(10, 360)}}}", kind=kind) is None
