"""Back to what an environment ran before: the pins that git remembers, the packages that the registry has."""

from pathlib import Path

import pytest

from slipway.core.errors import ProblemsFound, WorkspaceError
from slipway.core.model import ChartName
from slipway.gitops import pins
from slipway.release.rollback import rollback
from slipway.tools.run import Command, run_process
from testing.monorepo import TEMPLATE, with_object
from testing.world import World

pytestmark = [pytest.mark.helm, pytest.mark.registry]

HTPC = ChartName("htpc")
SERVICE = """\
spec:
  type: ExternalName
  externalName: example.org
"""


def commit(world: World, message: str) -> None:
    """Commit everything, as an operator does after a release."""
    identity = ("-c", "user.name=Operator", "-c", "user.email=operator@example.org")
    for arguments in (("init", "--quiet"), ("add", "--all"), (*identity, "commit", "--quiet", "-m", message)):
        run_process(Command(argv=("git", "-C", str(world.repo.root), *arguments)))


@pytest.fixture
def updated(world: World) -> World:
    """Two releases, each committed: the second has another value and raised versions."""
    world.release()
    commit(world, "First release")
    world.repo.replace("charts/sonarr/values.yaml", "hello", "changed")
    world.ok("release", "--bump", "patch")
    commit(world, "Second release")
    return world


def pinned_version(world: World) -> str:
    return pins.current_pins(world.context().config, "staging")[HTPC].version


def test_the_pin_before_the_present_one_is_written_byte_for_byte(updated: World) -> None:
    before = updated.deployed()
    assert pinned_version(updated) == "1.0.1"

    shown = updated.ok("rollback", "htpc")

    assert pinned_version(updated) == "1.0.0"
    assert "htpc in staging: 1.0.1 → 1.0.0 (pinned until" in shown
    assert "changed: ConfigMap" in shown or "changed: Deployment" in shown
    updated.ok("rollback", "htpc", "--to", "1.0.1")
    assert updated.deployed() == before


def test_a_preview_writes_nothing(updated: World) -> None:
    before = updated.deployed()

    shown = updated.json("rollback", "htpc", "--dry-run")

    assert (shown["current"]["version"], shown["target"]["pin"]["version"], shown["written"]) == (
        "1.0.1",
        "1.0.0",
        False,
    )
    assert updated.deployed() == before


def test_a_version_that_was_never_pinned_is_taken_from_the_registry(updated: World, tmp_path: Path) -> None:
    """The first commit is gone from this clone: only the registry has the version."""
    (updated.repo.root / ".git").rename(tmp_path / "git")
    commit(updated, "All of it at once")

    with pytest.raises(WorkspaceError, match="no commit of this branch has another pin"):
        rollback(updated.context(), "staging", HTPC)
    done = rollback(updated.context(), "staging", HTPC, to="1.0.0")

    assert done.target.commit == ""
    assert pinned_version(updated) == "1.0.0"


def test_a_version_that_nobody_has_is_refused_with_those_that_were_pinned(updated: World) -> None:
    done = updated.inv("rollback", "htpc", "--to", "9.9.9")

    assert done.code == 2
    assert "--to: version 9.9.9 was never pinned here, and is not in the registry" in done.stderr
    assert "pinned before: 1.0.0" in done.stderr


def test_an_umbrella_that_is_not_pinned_has_no_way_back(world: World) -> None:
    with pytest.raises(WorkspaceError, match="htpc: is not pinned in staging"):
        rollback(world.context(), "staging", HTPC)


def test_a_chart_that_is_no_umbrella_is_refused(updated: World) -> None:
    done = updated.inv("rollback", "sonarr")

    assert done.code == 2
    assert "'sonarr' is a service, not an umbrella" in done.stderr


def test_a_danger_of_the_way_back_is_accepted_by_its_name(world: World) -> None:
    """The newer release has a Service that the earlier one lacks, so going back removes it."""
    world.release()
    commit(world, "First release")
    world.repo.library(version="1.1.0", template=with_object(TEMPLATE, "apiVersion: v1\nkind: Service\n", SERVICE))
    world.ok("version")
    # The small chart has no pod for a Service, which a release's checks would find.
    world.publish()
    world.ok("pin")
    commit(world, "Second release")
    before = world.deployed()

    refused = world.inv("rollback", "htpc")

    assert refused.code == 1
    assert "htpc in staging: removed-service: " in refused.stderr
    assert "Service sonarr is removed" in refused.stderr
    assert "./inv rollback htpc --env staging --accept removed-service" in refused.stderr
    assert world.deployed() == before
    assert "DANGER removed-service: Service sonarr is removed" in world.ok("rollback", "htpc", "--dry-run")
    with pytest.raises(ProblemsFound, match="removed-service"):
        rollback(world.context(), "staging", HTPC, accepted={"more-rights"})
    rollback(world.context(), "staging", HTPC, accepted={"removed-service"})
    assert pinned_version(world) == "1.0.0"
