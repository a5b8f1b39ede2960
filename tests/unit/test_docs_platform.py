"""The platform as the pages draw it: edges between members, drawings, and pages held against what exists."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.docs.checks import references
from slipway.docs.pages import chart_index
from slipway.docs.snippets import architecture, diagrams, networking, observability, platform_map, storage
from slipway.docs.source import parsing, platform
from slipway.docs.source.tasks import Flag, Task

ROOT = Path(__file__).resolve().parents[2]


def test_a_member_of_several_namespaces_is_there_in_each(real: platform.Platform) -> None:
    assert {member.umbrella for member in real.members if member.name == "baseline"} == set(real.umbrellas)


def test_a_connection_that_both_sides_list_is_one(real: platform.Platform) -> None:
    found = [edge for edge in platform.traffic(real) if (edge.source, edge.target) == ("htpc/sonarr", "htpc/prowlarr")]

    assert len(found) == 1


def test_well_known_ends_are_the_members_that_they_are(real: platform.Platform) -> None:
    pairs = {(edge.source, edge.target) for edge in platform.traffic(real)}

    assert ("infra/traefik", "htpc/jellyfin") in pairs
    assert ("infra/prometheus", "htpc/scraparr") in pairs


def test_what_the_pods_of_one_member_say_to_each_other_is_no_edge(real: platform.Platform) -> None:
    assert not [edge for edge in platform.traffic(real) if edge.source == edge.target]
    assert not [edge for edge in platform.traffic(real) if "component=repo-server" in edge.source + edge.target]


def test_a_drawing_leaves_out_what_nearly_every_pod_has(real: platform.Platform) -> None:
    drawn = diagrams.traffic_diagram(real, "htpc")

    assert "n_htpc_sonarr --> n_htpc_prowlarr" in drawn
    assert "prometheus" not in drawn
    assert "n_infra_traefik" not in drawn


def test_waves_below_and_above_zero_are_different_nodes(
    parsed: parsing.ParsedWorkspace, real: platform.Platform
) -> None:
    members = real.of("infra")
    drawn = diagrams.sync_waves(members, architecture.library_waves(parsed, members))

    assert "n_wave_m20" in drawn
    assert drawn.index("n_wave_m30[") < drawn.index("n_wave_m20[") < drawn.index("n_wave_20[")


def test_every_piece_that_a_page_takes_in_is_made_and_every_piece_is_taken_in(parsed: parsing.ParsedWorkspace) -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))

    for path in architecture.snippets(parsed, icons=()):
        assert f'--8<-- "{path}"' in pages, path


def test_the_platform_map_links_everything_that_runs_and_shows_the_ingress(real: platform.Platform) -> None:
    drawn = platform_map.render(real, "charts", icons=())

    for member in real.members:
        if member.values.get("controllers"):
            assert f"[{member.title}](charts/{member.entry.chart.name}.md)" in drawn
    assert "[nextcloud-postgres](charts/postgres.md)" in drawn
    assert "`*.home.example.org`" in drawn
    assert "announces `192.168.1.245`" in drawn


def test_the_picture_has_no_station_that_is_off(real: platform.Platform) -> None:
    fewer = replace(real, members=tuple(each for each in real.members if each.name not in {"metallb", "jaeger"}))

    drawn = platform_map.render(fewer, "charts", icons=())

    assert "MetalLB" not in drawn
    assert "traces" not in drawn
    assert "[Traefik]" in drawn


def test_a_card_has_the_icon_of_its_service_or_the_plain_one(parsed: parsing.ParsedWorkspace) -> None:
    entry = next(each for each in parsed.entries.values() if each.chart.name == "jellyfin")

    assert chart_index.icon(entry, {"simple/jellyfin"}) == "simple/jellyfin"
    assert chart_index.icon(entry, set()) == chart_index.DEFAULT_ICON


def test_a_page_about_all_charts_has_a_card_for_each(parsed: parsing.ParsedWorkspace) -> None:
    text = chart_index.text(parsed, frozenset())

    assert text.count("<li data-words=") == len([one for one in parsed.entries.values() if one.chart.kind == "service"])


LINT = Task(
    name="lint",
    doc="",
    flags=(Flag(names=("--only", "-o"), takes_value=True, positional=False, required=False, help=""),),
)
FACTS = references.Repository(tasks={"lint": LINT}, exists=lambda path: path == "charts/sonarr/values.yaml")


def mistakes(text: str) -> list[str]:
    return [f"{problem.where} {problem.fact}" for problem in references.check("docs/a.md", text, FACTS)]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("Run `./inv polish`.", "docs/a.md:1 references the task 'polish', which does not exist"),
        ("\n```console\n$ ./inv lint --fast\n```\n", "docs/a.md:3 lint has no flag --fast"),
        ("See `charts/sonar/values.yaml`.", "docs/a.md:1 references charts/sonar/values.yaml, which does not exist"),
        (
            "```yaml\na: [1\n```\n",
            "docs/a.md:1 shows yaml that does not parse: line 2: is not YAML: did not find expected",
        ),
        ("    ```toml\n    a = 1 2\n    ```\n", "docs/a.md:1 shows toml that does not parse: Expected newline"),
        ("```json\n{a: 1}\n```\n", "docs/a.md:1 shows json that does not parse: Expecting property name"),
        ("```python\nf(\n```\n", "docs/a.md:1 shows python that does not parse: '(' was never closed"),
        ("![](picture.png)", "docs/a.md:1 an image has no alternative text"),
    ],
    ids=["task", "flag", "path", "yaml", "toml", "json", "python", "image"],
)
def test_a_page_that_names_something_missing_is_reported(text: str, fact: str) -> None:
    (found,) = mistakes(text)

    assert found.startswith(fact)


@pytest.mark.parametrize(
    "text",
    [
        "Run `./inv lint --only sonarr`, then look at `charts/sonarr/values.yaml`.",
        "`charts/<service>/values.yaml` and `charts/NAME/` are for the reader to fill in.",
        "```console\n$ ./inv lint -o NAME   # a comment with --words\n```\n",
        "```yaml\na: 1\n---\nb: 2\n```\n",
        "```text\n$ ./inv polish\n```\n",
    ],
    ids=["true", "placeholders", "a comment", "two documents", "no console"],
)
def test_a_page_that_keeps_its_promises_is_left_alone(text: str) -> None:
    assert mistakes(text) == []


def test_a_namespace_with_many_connections_has_a_row_for_each_service_and_no_knot(real: platform.Platform) -> None:
    crowded, small = (networking.traffic_of(real, umbrella) for umbrella in ("htpc", "argocd"))

    assert "mermaid" not in crowded
    assert "mermaid" in small
    (row,) = (line for line in crowded.splitlines() if line.startswith("| `flaresolverr` |"))
    assert row.endswith("| `prowlarr` |")


def test_a_database_is_a_volume_for_each_of_its_instances(real: platform.Platform) -> None:
    listed = storage.volumes({"production": real})

    assert "| [immich-postgres](../charts/postgres.md) | `immich-postgres-1` |" in listed
    assert "immich-postgres-1 " in diagrams.pvc_diagram(real.of("utils"))


def test_the_runbooks_are_listed_by_service_the_urgent_ones_first(parsed: parsing.ParsedWorkspace) -> None:
    listed = observability.runbooks(parsed)
    group = listed.partition("### PostgreSQL\n")[2].partition("\n### ")[0]
    severities = [line.split(" | ")[1] for line in group.splitlines() if line.startswith("| [")]

    assert (
        "| [PostgresDown](PostgresDown.md) | critical | PostgreSQL of &lt;pod> in &lt;namespace> does not answer |"
        in group
    )
    assert severities == sorted(severities)
    assert {path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md")} - {"index"} == set(
        re.findall(r"\]\((\w+)\.md\) \|", listed)
    )
