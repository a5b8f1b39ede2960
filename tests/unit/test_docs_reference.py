"""The pages about versions, values of environments and secrets."""

import json
from dataclasses import replace
from pathlib import Path

from slipway.core.model import CHANGES, Chart, ChartName, Digest, Pin
from slipway.docs.pages import changelogs, environment_values
from slipway.docs.snippets import secret_diagrams
from slipway.docs.source import parsing, platform, schema
from slipway.docs.source.tasks import load_tasks
from slipway.secrets.inventory import DeclaredSecret
from slipway.util import yaml
from slipway.workspace.chart_folder import CHANGELOG

ROOT = Path(__file__).resolve().parents[2]
SIZE = ("persistence", "config", "size")
HTPC, SONARR = ChartName("htpc"), ChartName("sonarr")
LOG = """\
# Changelog

## [1.1.0] - 2027-01-02

### Changed

- sonarr 1.0.0 → 1.1.0

## [1.0.0] - 2026-12-01 [YANKED]

### Added

- First release.
"""


def changed(
    parsed: parsing.ParsedWorkspace, chart: Chart, pins: dict[str, dict[ChartName, Pin]] | None = None
) -> parsing.ParsedWorkspace:
    """The parsed with another state of one chart."""
    entries = {**parsed.entries, chart.name: replace(parsed.entries[chart.name], chart=chart)}
    return replace(parsed, entries=entries, pins=pins or {})


def own_size() -> object:
    """What sonarr's claim has where nobody says otherwise."""
    return schema.lookup(yaml.parse((ROOT / "charts/sonarr/values.yaml").read_bytes(), "").mapping, *SIZE)


def pin(version: str) -> Pin:
    return Pin(name=HTPC, version=version, manifest=Digest("sha256:1"), input_digest=Digest("sha256:2"))


def test_a_changelog_shows_each_version_and_which_environment_runs_it(parsed: parsing.ParsedWorkspace) -> None:
    chart = replace(parsed.entries[HTPC].chart, version="1.1.0", beside={CHANGELOG: LOG.encode()})
    known = changed(parsed, chart, {"staging": {HTPC: pin("1.1.0")}, "production": {HTPC: pin("1.0.0")}})

    page = changelogs.page(known, known.entries[HTPC])

    assert "## 1.1.0 - 2027-01-02\n\nPinned in staging.\n\n**Changed**\n\n- sonarr 1.0.0 → 1.1.0\n" in page
    assert "## 1.0.0 - 2026-12-01 [YANKED]\n\nPinned in production.\n" in page
    assert changelogs.NOTHING_PINNED not in page
    assert (
        "| [htpc](htpc.md) | `1.1.0` | `1.1.0` | `1.0.0` |" in changelogs.pages(known)[f"{changelogs.FOLDER}/index.md"]
    )


def test_before_the_first_release_a_changelog_shows_that_nothing_is_pinned(parsed: parsing.ParsedWorkspace) -> None:
    page = changelogs.page(parsed, parsed.entries[HTPC])

    assert changelogs.NOTHING_PINNED in page


def test_the_changes_of_each_member_are_listed_once_below_those_of_the_umbrella(
    parsed: parsing.ParsedWorkspace,
) -> None:
    chart = replace(parsed.entries[SONARR].chart, version="1.1.0", beside={CHANGELOG: LOG.encode()})
    known = changed(parsed, chart)

    for umbrella in known.workspace.umbrellas:
        page = changelogs.page(known, known.entries[umbrella.name])
        for name in {dep.name for dep in umbrella.dependencies}:
            assert page.count(f"](../charts/{name}.md)\n") == 1, (umbrella.name, name)
    assert "#### sonarr 1.1.0 - 2027-01-02\n" in changelogs.page(known, known.entries[HTPC])


def test_a_version_without_a_section_is_described_by_the_annotation_of_its_package(
    parsed: parsing.ParsedWorkspace,
) -> None:
    old = parsed.entries[HTPC].chart
    silent = replace(old, version="1.2.0", beside={CHANGELOG: LOG.encode()}, metadata={"name": "htpc"})
    answer = replace(
        silent, metadata={"annotations": {CHANGES: "- kind: fixed\n  description: The <edge> of sonarr\n"}}
    )

    assert next(iter(changelogs.versions(answer, {}))) == ("1.2.0", ("- Fixed: The &lt;edge> of sonarr",))
    assert "`./inv version`" in next(iter(changelogs.versions(silent, {})))[1][0]


def test_the_values_page_of_an_umbrella_has_a_key_for_each_member(parsed: parsing.ParsedWorkspace) -> None:
    for umbrella in parsed.workspace.umbrellas:
        page = environment_values.page(parsed, parsed.entries[umbrella.name])

        for dep in umbrella.dependencies:
            assert f"| `{dep.key}` | map |" in page
            assert f"]({environment_values.CHARTS}/{dep.name}/values.md) |" in page


def test_a_member_that_an_environment_switches_off_is_off_there_only(parsed: parsing.ParsedWorkspace) -> None:
    staging = parsed.workspace.environments["staging"]
    file = replace(staging.namespaces["htpc"], text=b"sonarr: {enabled: false}\n")
    environments = {
        **parsed.workspace.environments,
        "staging": replace(staging, namespaces={**staging.namespaces, "htpc": file}),
    }
    known = replace(parsed, workspace=replace(parsed.workspace, environments=environments))

    page = environment_values.page(known, known.entries[HTPC])

    assert "| `sonarr` | map | off | on |" in page
    assert "### `sonarr` in an environment\n\n" in page
    assert "| `enabled` | boolean | `false` | - | `true` |" in page


def test_a_value_of_an_umbrella_is_shown_beside_the_default_of_its_member(parsed: parsing.ParsedWorkspace) -> None:
    entry = parsed.entries[HTPC]
    sonarr = {"sonarr": {"enabled": True, "persistence": {"config": {"size": "2Gi"}}}}
    known = replace(parsed, entries={**parsed.entries, HTPC: replace(entry, values=sonarr)})

    page = environment_values.page(known, known.entries[HTPC])
    part = page.partition("## Set by the umbrella chart\n")[2].partition("\n## ")[0]

    assert "### `sonarr`\n" in part
    assert f"| `persistence.config.size` | string | `2Gi`<br>default `{own_size()}` |" in part
    assert "`enabled`" not in part


def test_what_an_environment_sets_has_its_type_its_comment_and_what_holds_without_it(
    parsed: parsing.ParsedWorkspace,
) -> None:
    staging = parsed.workspace.environments["staging"]
    text = b"sonarr:\n  persistence:\n    config:\n      # A small disk.\n      size: 2Gi\n"
    file = replace(staging.namespaces["htpc"], text=text)
    known = replace(
        parsed,
        workspace=replace(parsed.workspace, environments={"staging": replace(staging, namespaces={"htpc": file})}),
    )
    size = own_size()

    page = environment_values.page(known, known.entries[HTPC])

    assert f"| `persistence.config.size` | string | `2Gi` | `{size}` | " in page
    assert "*A small disk.* |" in page


def test_the_facts_of_the_platform_are_all_on_their_page(parsed: parsing.ParsedWorkspace) -> None:
    page = environment_values.pages(parsed)[f"{environment_values.FOLDER}/index.md"]
    known = json.loads((ROOT / "charts/common/schemas/global.json").read_text(encoding="utf-8"))["properties"]

    assert [key for key in known if f"| `{key}" not in page] == []


def test_a_command_on_a_values_page_is_one_that_there_is(parsed: parsing.ParsedWorkspace) -> None:
    from slipway.docs.checks import references

    tasks = {task.name: task for task in load_tasks(ROOT)}
    known = references.Repository(tasks=tasks, exists=lambda path: (ROOT / path).exists())
    made = environment_values.pages(parsed) | changelogs.pages(parsed)

    assert [found for path, text in made.items() for found in references.check(path, text, known)] == []


def declared(name: str, key: str, producer: str = "") -> DeclaredSecret:
    return DeclaredSecret(chart=key, key=key, name=name, keys=("k",), purpose="", producer=producer, generate={})


def test_a_secret_leads_from_its_maker_to_everybody_who_takes_it(parsed: parsing.ParsedWorkspace) -> None:
    members = {member.name: member for member in platform.platform(parsed, "production").of("htpc")}
    entries = (
        declared("sonarr", "sonarr"),
        declared("sonarr", "scraparr"),
        declared("made", "radarr", "Deployment/radarr"),
        declared("given", "radarr", "hand"),
    )

    drawn = secret_diagrams.render(entries, members)

    assert drawn.count(f'(["{secret_diagrams.SEALED}"]) --> n_secret_sonarr[') == 1
    assert 'n_secret_sonarr[/"sonarr"/] --> n_member_sonarr["Sonarr"]' in drawn
    assert 'n_secret_sonarr[/"sonarr"/] --> n_member_scraparr["Scraparr"]' in drawn
    assert '(["Deployment radarr"]) --> n_secret_made[' in drawn
    assert f'(["{secret_diagrams.BY_HAND}"]) --> n_secret_given[' in drawn


def test_the_account_of_a_database_is_made_by_its_cluster_and_not_sealed(parsed: parsing.ParsedWorkspace) -> None:
    real = platform.platform(parsed, "production")

    drawn = secret_diagrams.diagram(parsed, real, "utils")

    assert '(["Cluster nextcloud-postgres"]) --> n_secret_nextcloudmpostgresmapp[' in drawn
    assert f'(["{secret_diagrams.SEALED}"]) --> n_secret_nextcloudmpostgresmapp[' not in drawn


def test_the_drawing_has_every_secret_that_the_members_of_a_namespace_declare(parsed: parsing.ParsedWorkspace) -> None:
    real = platform.platform(parsed, "production")

    for umbrella in real.umbrellas:
        drawn = secret_diagrams.diagram(parsed, real, umbrella)
        for member in real.of(umbrella):
            from slipway.workspace import declarations as names

            for name, _ in names.secrets(member.entry.chart, member.name, member.values):
                assert f'[/"{name}"/]' in drawn, (umbrella, member.name)
