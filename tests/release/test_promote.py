"""A promotion asks first: what speaks against it stops it, and is in the changelog when somebody accepts it."""

import json
from pathlib import Path

import pytest

from slipway.gitops import pins
from slipway.release import rehearsed
from testing.world import World

pytestmark = [pytest.mark.helm, pytest.mark.registry]


@pytest.fixture
def released(world: World) -> World:
    # Without the checks of a release, which are not what is asked here.
    world.publish()
    world.ok("pin", "--env", "staging")
    return world


def status_file(world: World, folder: Path, health: str = "Healthy", since: str = "2026-01-01T00:00:00Z") -> Path:
    """What kubectl writes about an Application that runs the pin of staging."""
    (pin,) = pins.current_pins(world.context().config, "staging").values()
    state = {
        "sync": {"status": "Synced", "revision": pin.manifest},
        "health": {"status": health, "lastTransitionTime": since},
    }
    one = {"kind": "Application", "metadata": {"name": "htpc"}, "status": state}
    file = folder / "status.json"
    file.write_text(json.dumps({"kind": "List", "items": [one]}))
    return file


def rehearse(world: World) -> None:
    """What a rehearsal of the working tree leaves, when the API server rejects nothing."""
    context = world.context()
    rehearsed.remember(context, "production", [umbrella.name for umbrella in context.workspace.umbrellas])


def production(world: World) -> dict[str, str]:
    return {str(name): pin.version for name, pin in pins.current_pins(world.context().config, "production").items()}


def test_what_is_healthy_and_rehearsed_is_promoted(released: World, tmp_path: Path) -> None:
    rehearse(released)

    done = released.ok("promote", "--status", str(status_file(released, tmp_path)))

    assert "Synced, Healthy" in done
    assert "wrote deploy/production: first pins" in done
    assert production(released) == {"htpc": "1.0.0"}


def test_nobody_asked_and_nothing_rehearsed_stops_it(released: World) -> None:
    refused = released.inv("promote")

    assert refused.code == 1
    assert "htpc in production: unknown-state: " in refused.stderr
    assert "./inv promote --env production --accept unknown-state,not-rehearsed" in refused.stderr
    assert production(released) == {}


def test_an_unhealthy_version_stops_it_until_somebody_accepts_that_and_it_is_recorded(
    released: World, tmp_path: Path
) -> None:
    rehearse(released)
    status = str(status_file(released, tmp_path, health="Degraded"))

    refused = released.inv("promote", "--status", status)
    assert (refused.code, production(released)) == (1, {})
    assert "Application htpc is Synced and Degraded in staging" in refused.stderr
    assert f"./inv promote --env production --status {status} --accept not-healthy" in refused.stderr

    released.ok("promote", "--status", status, "--accept", "not-healthy")
    assert production(released) == {"htpc": "1.0.0"}
    changelog = released.repo.read("umbrella/htpc/CHANGELOG.md")
    assert "- not-healthy: Application htpc is Synced and Degraded in staging (production)" in changelog


def test_a_version_that_became_healthy_today_waits_for_tomorrow_or_a_shorter_time(
    released: World, tmp_path: Path
) -> None:
    from datetime import UTC, datetime

    rehearse(released)
    status = str(status_file(released, tmp_path, since=datetime.now(UTC).isoformat(timespec="seconds")))

    refused = released.inv("promote", "--status", status)
    assert (refused.code, production(released)) == (1, {})
    assert "not-proven" in refused.stderr

    released.ok("promote", "--status", status, "--proven-for", "0")
    assert production(released) == {"htpc": "1.0.0"}


def test_a_dry_run_shows_the_answers_and_writes_nothing(released: World) -> None:
    shown = released.ok("promote", "--dry-run")

    assert "DANGER unknown-state: Application htpc was not looked at in staging" in shown
    assert production(released) == {}
    (answer,) = released.json("promote", "--dry-run")["answers"]
    assert (answer["umbrella"], answer["rehearsed"]) == ("htpc", False)


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        ("{", "is not JSON"),
        ('{"items": []}', "has no Application"),
        ("[" * 100_000, "is not JSON"),
        ("7", "has no Application"),
    ],
)
def test_a_status_that_kubectl_did_not_write_is_refused(
    released: World, tmp_path: Path, content: str, fact: str
) -> None:
    file = tmp_path / "status.json"
    file.write_text(content)

    refused = released.inv("promote", "--status", str(file))

    assert refused.code == 2
    assert fact in refused.stderr
    assert "kubectl get applications.argoproj.io" in refused.stderr


def test_a_status_file_that_is_missing_is_named(released: World, tmp_path: Path) -> None:
    refused = released.inv("promote", "--status", str(tmp_path / "nothing.json"))

    assert refused.code == 2
    assert "nothing.json" in refused.stderr
