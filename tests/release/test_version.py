"""Versions by evidence with the real helm and registry: what is compared is what was published."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import yaml

from slipway.cli import arguments
from slipway.context import Context, open_context
from slipway.core.errors import ProblemsFound
from slipway.core.model import ChartName
from slipway.registry import embedded
from slipway.registry.publish import publish_all
from slipway.versioning import bump, version
from slipway.versioning.levels import Level
from slipway.versioning.version import Bump
from slipway.workspace import graph
from testing.faulty import unused_port
from testing.monorepo import TEMPLATE, Monorepo, small

TODAY = date(2026, 11, 23)

pytestmark = [pytest.mark.helm, pytest.mark.registry]


@dataclass(frozen=True)
class World:
    """A small monorepo with a registry of its own, in which the first versions are published."""

    repo: Monorepo
    port: int

    def context(self) -> Context:
        return open_context(self.repo.root, {**os.environ, "SLIPWAY_REGISTRY_PORT": str(self.port)}, quiet=True)

    def bumps(self, only: str = "", level: str = "", note: str = "") -> tuple[Bump, ...]:
        context = self.context()
        found = bump.bumps_of(context, arguments.charts(context, only), level, note)
        return version.effective(self.repo.root, found, TODAY)

    def raise_all(self, only: str = "", level: str = "", note: str = "") -> tuple[str, ...]:
        return version.apply(self.repo.root, self.bumps(only, level, note), TODAY)

    def publish(self) -> list[str]:
        """Every chart that is not published yet; the checks of a release are not what is tested here."""
        context = self.context()
        graph_levels = graph.levels(context.workspace)
        built, problems = context.builder().build(graph.order(context.workspace))
        assert problems == ()
        before = context.published()
        publish_all(context.registry, [[built[name].archive for name in level] for level in graph_levels])
        return [f"{name} {built[name].archive.version}" for name in graph.order(context.workspace) if not before[name]]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(repo=small(tmp_path / "repo"), port=unused_port())
    made.publish()
    yield made
    embedded.daemon_of(made.context().config).stop()


def told(bumps: tuple[Bump, ...]) -> dict[str, tuple[str, list[str]]]:
    return {one.chart: (one.after, [item.description for item in one.evidence]) for one in bumps}


def test_after_a_release_no_version_needs_raising(world: World) -> None:
    assert world.bumps() == ()


def test_a_changed_default_is_a_patch_of_the_service_and_its_umbrella_and_releases(world: World) -> None:
    world.repo.replace("charts/sonarr/values.yaml", "hello", "hi")

    assert told(world.bumps()) == {
        "sonarr": ("1.0.1", ["default of `text`: hello → hi", "ConfigMap sonarr: changed (`data.text`)"]),
        "htpc": ("1.0.1", ["member sonarr 1.0.0 → 1.0.1", "ConfigMap sonarr: changed (`data.text`)"]),
    }
    world.raise_all(note="fixed: the greeting")
    assert world.bumps() == ()
    assert world.publish() == ["sonarr 1.0.1", "htpc 1.0.1"]
    assert world.bumps() == ()
    changes = yaml.safe_load(world.repo.read("charts/sonarr/Chart.yaml"))["annotations"]["artifacthub.io/changes"]
    assert {"kind": "fixed", "description": "the greeting"} in yaml.safe_load(changes)


def test_a_removed_value_is_major_for_its_chart_and_cannot_be_called_less(world: World) -> None:
    world.repo.write("charts/sonarr/values.yaml", "{}\n")

    assert world.bumps()[0].after == "2.0.0"
    with pytest.raises(ProblemsFound, match="minor is too little for what changed"):
        world.bumps(level="minor")


def test_a_library_that_renders_the_same_is_a_patch_for_everyone_whatever_it_is_for_itself(world: World) -> None:
    world.repo.replace("charts/common/schemas/values.json", '"count"', '"number"')

    bumps = world.bumps()

    assert {one.chart: one.after for one in bumps} == {
        "common": "2.0.0",
        "radarr": "1.0.1",
        "sonarr": "1.0.1",
        "htpc": "1.0.1",
    }
    assert told(bumps)["radarr"] == ("1.0.1", ["dependency common 1.0.0 → 2.0.0"])


def test_a_library_that_adds_an_object_is_a_minor_for_every_dependent(world: World) -> None:
    more = TEMPLATE.replace(
        "{{- end -}}", "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Chart.Name }}-more\n{{- end -}}"
    )
    world.repo.write("charts/common/templates/_all.tpl", more)

    found = told(world.bumps())

    assert {name: after for name, (after, _) in found.items()} == {
        "common": "1.0.1",
        "radarr": "1.1.0",
        "sonarr": "1.1.0",
        "htpc": "1.1.0",
    }
    assert "2 objects added: ConfigMap radarr-more, ConfigMap sonarr-more" in found["htpc"][1]


def test_an_environments_values_raise_the_umbrella_alone(world: World) -> None:
    world.repo.replace("values/staging/platform.yaml", "staging.example.org", "home.example.org")

    found = told(world.bumps())

    assert list(found) == ["htpc"]
    assert found["htpc"][0] == "1.0.1"
    assert found["htpc"][1][0] == "staging: ConfigMap radarr: changed (`data.domain`)"


def test_a_version_raised_by_hand_gets_its_changelog_and_its_dependents_follow(world: World) -> None:
    world.repo.replace("charts/sonarr/values.yaml", "hello", "hi")
    world.repo.replace("charts/sonarr/Chart.yaml", "version: 1.0.0\nappVersion", "version: 1.4.0\nappVersion")

    written = world.raise_all()

    assert "charts/sonarr/CHANGELOG.md" in written
    assert graph.check(world.context().workspace) == ()
    assert world.context().workspace.charts[ChartName("sonarr")].version == "1.4.0"
    assert world.context().workspace.charts[ChartName("htpc")].version == "1.0.1"
    assert "ConfigMap sonarr: changed" in world.repo.read("umbrella/htpc/CHANGELOG.md")


def test_a_run_that_was_killed_half_way_is_finished_and_released(world: World) -> None:
    world.repo.replace("charts/sonarr/values.yaml", "hello", "hi")
    texts = version.new_texts(world.repo.root, world.bumps(), TODAY)
    for path in list(texts)[:2]:
        world.repo.write(path, texts[path].decode())

    world.raise_all()

    assert {path: world.repo.read(path).encode() for path in texts} == texts
    assert world.publish() == ["sonarr 1.0.1", "htpc 1.0.1"]


def test_a_raised_level_holds_in_every_later_run(world: World) -> None:
    world.repo.replace("charts/sonarr/values.yaml", "hello", "hi")

    world.raise_all(only="sonarr", level="minor")

    assert world.bumps() == world.bumps(only="sonarr", level="minor") == ()
    assert world.context().workspace.charts[ChartName("sonarr")].version == "1.1.0"
    assert Level.parse("minor") is Level.MINOR
