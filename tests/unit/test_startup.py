"""How long a pod may start, as rules add it up from its startup probes."""

import pytest

from slipway.policy.probes import startup_s

STARTUP = {"periodSeconds": 5, "failureThreshold": 60}
"""Five minutes."""


@pytest.mark.parametrize(
    ("sidecars", "applications", "allowed"),
    [
        ([], [{}], 0),
        ([], [{"startupProbe": {}}], 0),
        ([], [{"startupProbe": {"initialDelaySeconds": 7}}], 37),
        ([], [{"startupProbe": {"timeoutSeconds": 20}}], 60),
        ([], [{"startupProbe": STARTUP}, {"startupProbe": {"failureThreshold": 2}}], 300),
        ([{"startupProbe": STARTUP}, {}, {"startupProbe": STARTUP}], [{"startupProbe": STARTUP}], 900),
    ],
)
def test_startup_probes_allow_what_the_kubelet_waits_for(
    sidecars: list[dict[str, object]], applications: list[dict[str, object]], allowed: int
) -> None:
    assert startup_s({"initContainers": sidecars, "containers": applications}) == allowed
