"""Two checkouts, one registry: one of them wins, the other hears of the conflict, and no pin names what is not there."""

import threading
from pathlib import Path

import pytest

from slipway.core.errors import AlreadyPublished, BuildError
from slipway.core.model import ChartName
from slipway.gitops.pins import current_pins
from slipway.registry import embedded
from slipway.release import release
from slipway.util.files import remove
from testing.faulty import Answer, Seen, forward, serving
from testing.tampering import data_of, move_tag
from testing.world import World

pytestmark = [pytest.mark.helm, pytest.mark.registry]


@pytest.fixture
def rival(world: World, tmp_path: Path) -> World:
    """Another checkout of the same charts; sonarr and radarr have other content under the same version."""
    made = World(repo=world.repo.copy(tmp_path / "rival"), port=world.port)
    for name in ("radarr", "sonarr"):
        made.repo.replace(f"charts/{name}/values.yaml", "hello", "of the rival")
    embedded.ensure_running(world.context().config, lambda: world.context().toolbox.path("registry"))
    return made


def at(port: int) -> dict[str, str]:
    """Variables of a checkout that publishes to a registry that it did not start."""
    return {"SLIPWAY_REGISTRY": f"127.0.0.1:{port}/charts", "SLIPWAY_REGISTRY_PLAIN_HTTP": "true"}


def released(world: World, port: int) -> release.Outcome | BuildError:
    """What a release through a port ends with."""
    try:
        return release.release(world.context(**at(port)), environment="staging")
    except BuildError as error:
        return error


def require_one_winner(winner: World, loser: World, outcome: object, port: int) -> None:
    """The winner's charts are published and pinned, and the loser has the conflict and no pins."""
    assert isinstance(outcome, AlreadyPublished), outcome
    assert "is already published with different content" in str(outcome)
    assert "hint: ./inv version --only" in str(outcome)
    assert loser.deployed() == {}
    context = winner.context(**at(port))
    there = context.registry.published(dict.fromkeys(context.workspace.charts, "1.0.0"))
    assert {name: item.input_digest for name, item in there.items() if item} == context.digests
    pins = current_pins(context.config, "staging")
    assert {name: pin.manifest for name, pin in pins.items()} == {"htpc": there[ChartName("htpc")].manifest}  # type: ignore[union-attr]
    assert release.release(context, environment="staging").unchanged


@pytest.mark.parametrize(
    ("method", "name"),
    [("PUT", "common"), ("PUT", "radarr"), ("PUT", "sonarr"), ("PUT", "htpc"), ("GET", "sonarr"), ("GET", "htpc")],
)
def test_of_two_releases_that_meet_at_a_tag_one_wins(world: World, rival: World, method: str, name: str) -> None:
    path = f"/v2/charts/{name}/manifests/1.0.0"
    outcomes: list[object] = []
    seen: list[str] = []
    gate = threading.Lock()

    def respond(request: Seen) -> Answer:
        """Lets the rival release everything in the instant before the last such request of ours, which all wait."""
        with gate:
            if (request.method, request.path) == (method, path):
                seen.append(path)
                # The first GET is that of the plan, the second that of the release, the third looks again at the tag.
                if len(seen) == (3 if method == "GET" else 1) and not outcomes:
                    outcomes.append(released(rival, world.port))
        return forward(world.port, request)

    with serving(respond) as server:
        ours = released(world, server.port)
        assert outcomes, "they never met"
        if isinstance(outcomes[0], BuildError):
            require_one_winner(world, rival, outcomes[0], server.port)
        else:
            require_one_winner(rival, world, ours, world.port)


def test_a_tag_that_moves_before_the_pins_are_written_is_found_by_the_last_look(world: World) -> None:
    moved: list[str] = []

    def effect(name: str) -> None:
        """As in a registry that lets everybody move a tag."""
        if name == "htpc 1.0.0: tag":
            registry = world.context().registry
            radarr = registry.manifest("radarr", "1.0.0")
            assert radarr is not None
            registry.push_blob("sonarr", registry.blob("radarr", radarr.chart_layers[0]))
            registry.push_blob("sonarr", registry.blob("radarr", radarr.data["config"]["digest"]))  # type: ignore[index]
            registry.put_manifest("sonarr", radarr.digest, radarr.body)
            move_tag(data_of(world), "charts/sonarr", "1.0.0", radarr.digest)
            moved.append(radarr.digest)

    with pytest.raises(AlreadyPublished) as caught:
        world.release(effect=effect)

    assert moved
    assert "charts/sonarr/Chart.yaml:3: version 1.0.0 is already published with different content" in str(caught.value)
    assert "hint: ./inv version --only sonarr" in str(caught.value)
    assert world.deployed() == {}


def test_tasks_of_one_checkout_that_stage_the_same_charts_do_not_disturb_each_other(world: World) -> None:
    order = list(world.context().workspace.charts)
    start = threading.Barrier(4)
    results: list[object] = []

    def build() -> None:
        context = world.context()
        start.wait()
        try:
            results.append(context.builder().build(order)[1])
        except BaseException as error:  # noqa: BLE001 - a failure in a thread is a result here
            results.append(error)

    for _ in range(5):
        for folder in ("stage", "packages"):
            remove(world.repo.root / "build" / folder)
        threads = [threading.Thread(target=build) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert results == [()] * 20
