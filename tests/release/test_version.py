"""Versions by evidence with the real helm and registry: what is compared is what was published."""

from datetime import date

import pytest
import yaml

from slipway.cli import arguments
from slipway.core.errors import ProblemsFound
from slipway.core.model import ChartName
from slipway.versioning import bump, version
from slipway.versioning.levels import Level
from slipway.versioning.version import Bump
from slipway.workspace import graph
from testing.monorepo import TEMPLATE
from testing.world import World

TODAY = date(2026, 11, 23)

pytestmark = [pytest.mark.helm, pytest.mark.registry]


def bumps(world: World, only: str = "", level: str = "", note: str = "") -> tuple[Bump, ...]:
    context = world.context()
    found = bump.bumps_of(context, arguments.charts(context, only), level, note)
    return version.effective(world.repo.root, found, TODAY)


def raise_all(world: World, only: str = "", level: str = "", note: str = "") -> tuple[str, ...]:
    return version.apply(world.repo.root, bumps(world, only, level, note), TODAY)


@pytest.fixture(autouse=True)
def first_versions(world: World) -> None:
    """The first versions are published; the checks of a release are not what is tested here."""
    world.publish()


def evidence_by_chart(found: tuple[Bump, ...]) -> dict[str, tuple[str, list[str]]]:
    return {one.chart: (one.after, [item.description for item in one.evidence]) for one in found}


def test_after_a_release_no_version_needs_raising(world: World) -> None:
    assert bumps(world) == ()


def test_a_changed_default_is_a_patch_of_the_service_and_its_umbrella_and_releases(world: World) -> None:
    world.repo.replace("charts/sonarr/values.yaml", "hello", "hi")

    assert evidence_by_chart(bumps(world)) == {
        "sonarr": ("1.0.1", ["default of `text`: hello → hi", "ConfigMap sonarr: changed (`data.text`)"]),
        "htpc": ("1.0.1", ["member sonarr 1.0.0 → 1.0.1", "ConfigMap sonarr: changed (`data.text`)"]),
    }
    raise_all(world, note="fixed: the greeting")
    assert bumps(world) == ()
    assert world.publish() == ["sonarr 1.0.1", "htpc 1.0.1"]
    assert bumps(world) == ()
    changes = yaml.safe_load(world.repo.read("charts/sonarr/Chart.yaml"))["annotations"]["artifacthub.io/changes"]
    assert {"kind": "fixed", "description": "the greeting"} in yaml.safe_load(changes)


def test_a_removed_value_is_major_for_its_chart_and_cannot_be_called_less(world: World) -> None:
    world.repo.write("charts/sonarr/values.yaml", "{}\n")

    assert bumps(world)[0].after == "2.0.0"
    with pytest.raises(ProblemsFound, match="minor is too little for what changed"):
        bumps(world, level="minor")


def test_a_library_that_renders_the_same_is_a_patch_for_everyone_whatever_it_is_for_itself(world: World) -> None:
    world.repo.replace("charts/common/schemas/values.json", '"count"', '"number"')

    found = bumps(world)

    assert {one.chart: one.after for one in found} == {
        "common": "2.0.0",
        "radarr": "1.0.1",
        "sonarr": "1.0.1",
        "htpc": "1.0.1",
    }
    assert evidence_by_chart(found)["radarr"] == ("1.0.1", ["dependency common 1.0.0 → 2.0.0"])


def test_a_library_that_adds_an_object_is_a_minor_for_every_dependent(world: World) -> None:
    more = TEMPLATE.replace(
        "{{- end -}}", "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Chart.Name }}-more\n{{- end -}}"
    )
    world.repo.write("charts/common/templates/_all.tpl", more)

    found = evidence_by_chart(bumps(world))

    assert {name: after for name, (after, _) in found.items()} == {
        "common": "1.0.1",
        "radarr": "1.1.0",
        "sonarr": "1.1.0",
        "htpc": "1.1.0",
    }
    assert "2 objects added: ConfigMap radarr-more, ConfigMap sonarr-more" in found["htpc"][1]


def test_an_environments_values_raise_the_umbrella_alone(world: World) -> None:
    world.repo.replace("values/staging/platform.yaml", "staging.example.org", "home.example.org")

    found = evidence_by_chart(bumps(world))

    assert list(found) == ["htpc"]
    assert found["htpc"][0] == "1.0.1"
    assert found["htpc"][1][0] == "staging: ConfigMap radarr: changed (`data.domain`)"


def test_a_version_raised_by_hand_gets_its_changelog_and_its_dependents_follow(world: World) -> None:
    world.repo.replace("charts/sonarr/values.yaml", "hello", "hi")
    world.repo.replace("charts/sonarr/Chart.yaml", "version: 1.0.0\nappVersion", "version: 1.4.0\nappVersion")

    written = raise_all(world)

    assert "charts/sonarr/CHANGELOG.md" in written
    assert graph.check(world.context().workspace) == ()
    assert world.context().workspace.charts[ChartName("sonarr")].version == "1.4.0"
    assert world.context().workspace.charts[ChartName("htpc")].version == "1.0.1"
    assert "ConfigMap sonarr: changed" in world.repo.read("umbrella/htpc/CHANGELOG.md")


def test_a_run_that_was_killed_half_way_is_finished_and_released(world: World) -> None:
    world.repo.replace("charts/sonarr/values.yaml", "hello", "hi")
    texts = version.new_texts(world.repo.root, bumps(world), TODAY)
    for path in list(texts)[:2]:
        world.repo.write(path, texts[path].decode())

    raise_all(world)

    assert {path: world.repo.read(path).encode() for path in texts} == texts
    assert world.publish() == ["sonarr 1.0.1", "htpc 1.0.1"]


def test_a_raised_level_holds_in_every_later_run(world: World) -> None:
    world.repo.replace("charts/sonarr/values.yaml", "hello", "hi")

    raise_all(world, only="sonarr", level="minor")

    assert bumps(world) == bumps(world, only="sonarr", level="minor") == ()
    assert world.context().workspace.charts[ChartName("sonarr")].version == "1.1.0"
    assert Level.parse("minor") is Level.MINOR
