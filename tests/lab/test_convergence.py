"""What a release makes of a cluster: Argo CD 3.6 takes `deploy/<env>/` as it is, and the API server holds what was rendered."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from slipway.cli.promote import states_of
from slipway.cluster.live_objects import kubectl_resource
from slipway.core.model import Digest
from testing.cluster import MakePlatform, Platform, as_json


def test_every_application_of_staging_becomes_synced_and_healthy(homelab: Platform) -> None:
    found = homelab.settle()
    assert sorted(found) == list(homelab.umbrellas)
    for application in found.values():
        assert (application.sync, application.health) == ("Synced", "Healthy")


def test_a_promotion_is_told_what_runs_and_since_when(deliver: MakePlatform) -> None:
    here = deliver("proven")
    before = datetime.now(UTC) - timedelta(seconds=1)
    pins = here.release()
    here.settle()

    states = states_of(here.lab.context, str(here.place.kubeconfig), "")

    assert states is not None
    for name, pin in pins.items():
        assert states[name].runs(pin)
        assert not states[name].runs(replace(pin, version="9.9.9", manifest=Digest("sha256:" + "0" * 64)))
        since = states[name].since
        assert since is not None
        assert before <= since <= datetime.now(UTC) + timedelta(seconds=1)


def test_live_objects_hold_everything_that_the_offline_render_says(homelab: Platform) -> None:
    for umbrella in homelab.umbrellas:
        for item in homelab.rendered(umbrella):
            live = homelab.find(kubectl_resource(item), item.name, umbrella)
            assert live is not None, item.title
            missing = differing(item.data, live)
            assert missing == [], f"{item.title}: {as_json(missing)}"


def differing(wanted: object, live: object, path: str = "") -> list[str]:
    """Where a live object does not hold what was rendered; what the API server adds is no difference."""
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            return [f"{path}: {live!r} instead of {wanted!r}"]
        return [
            line
            for key, value in wanted.items()
            if value is not None
            for line in differing(value, live.get(key), f"{path}.{key}")
        ]
    if isinstance(wanted, list):
        if not isinstance(live, list) or len(live) < len(wanted):
            return [f"{path}: {live!r} instead of {wanted!r}"]
        pairs = zip(wanted, live, strict=False)
        return [line for number, pair in enumerate(pairs) for line in differing(*pair, f"{path}[{number}]")]
    return [] if wanted == live else [f"{path}: {live!r} instead of {wanted!r}"]
