"""notes.md of a chart: its form, and its way onto the page of the chart."""

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.core.model import ChartKind, ChartName
from slipway.docs.pages import alerting, services
from slipway.docs.source import monitoring, parsing, pinned_versions
from slipway.lint import notes

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no section"),
        ("## Gotcha\n\n- One.\n", "has the heading '## Gotcha'"),
        ("# Gotchas\n\n- One.\n", "has the heading '# Gotchas'"),
        ("## Gotchas\n\nOne.\n", "has text outside a list"),
        ("## Gotchas\n", "has no list below Gotchas"),
        ("## Gotchas\n\n### Disks\n\n- One.\n", "has no list below Gotchas"),
        ("## Gotchas\n\n- One.\n\n## Gotchas\n\n- Two.\n", "has its sections in the order Gotchas, Gotchas"),
        ("## Upgrades\n\n- One.\n\n## Gotchas\n\n- Two.\n", "has its sections in the order Upgrades, Gotchas"),
    ],
    ids=["empty", "unknown", "level", "paragraph", "no list", "smaller heading", "twice", "order"],
)
def test_notes_of_another_form_are_refused(parsed: parsing.ParsedWorkspace, text: str, message: str) -> None:
    chart = replace(parsed.entries[ChartName("sonarr")].chart, beside={"notes.md": text.encode()})

    assert message in {problem.fact for problem in notes.notes_problems(chart)}


def test_notes_of_the_form_are_on_the_page_of_their_chart(parsed: parsing.ParsedWorkspace) -> None:
    entry = parsed.entries[ChartName("sonarr")]
    text = "## Gotchas\n\n- One that\n  goes on.\n\n## Upgrades\n\n- Two.\n"
    changed = replace(entry, chart=replace(entry.chart, beside={"notes.md": text.encode()}))

    page = services.service(parsed, changed, monitoring.load(parsed), pinned_versions.state(parsed))

    assert tuple(notes.notes_problems(changed.chart)) == ()
    assert "## Gotchas\n\n- One that\n  goes on.\n" in page
    assert "## Upgrades\n\n- Two.\n" in page


def test_every_service_of_this_repository_has_notes(parsed: parsing.ParsedWorkspace) -> None:
    services = parsed.of_kind(ChartKind.SERVICE)

    assert [entry.chart.name for entry in services if not notes.sections(entry.chart.beside["notes.md"].decode())] == []


@pytest.mark.parametrize(
    ("chart", "alert", "dashboard"),
    [
        ("traefik", "RouteErrors", "Traefik"),
        ("valkey", "RedisDown", "Caches"),
        ("qbittorrent", "VpnTunnelDown", "Downloads"),
        ("postgres", "PostgresDown", "Databases"),
    ],
    ids=["recorded name", "figures of an exporter", "container", "figures of an operator"],
)
def test_a_page_links_the_alerts_and_dashboards_about_its_service(
    parsed: parsing.ParsedWorkspace, chart: str, alert: str, dashboard: str
) -> None:
    page = services.service(
        parsed, parsed.entries[ChartName(chart)], monitoring.load(parsed), pinned_versions.state(parsed)
    )
    section = page.partition("## Alerts and dashboards")[2].partition("\n## ")[0]

    assert f"[{alert}](../runbooks/{alert}.md)" in section
    assert f"| {dashboard} |" in section
    assert "[NodeDown]" not in section


def test_every_beginning_of_a_figure_is_asked_for_somewhere(parsed: parsing.ParsedWorkspace) -> None:
    watch = monitoring.load(parsed)
    asked = "\n".join([expr for expr, _ in watch.alerts] + [one.queries for one in watch.dashboards])

    assert [start for begins in monitoring.METRIC_PREFIXES.values() for start in begins if start not in asked] == []


def test_an_application_depends_on_its_database_and_cache(parsed: parsing.ParsedWorkspace) -> None:
    page = services.service(
        parsed, parsed.entries[ChartName("nextcloud")], monitoring.load(parsed), pinned_versions.state(parsed)
    )
    section = page.partition("## Dependencies")[2].partition("\n## ")[0]

    assert "[nextcloud-postgres](postgres.md)" in section
    assert "[nextcloud-redis](redis.md)" in section


def test_notes_are_not_packaged(parsed: parsing.ParsedWorkspace) -> None:
    services = parsed.of_kind(ChartKind.SERVICE)

    assert [entry.chart.name for entry in services if "notes.md" in entry.chart.files] == []


def test_a_chart_without_a_program_has_no_alert(parsed: parsing.ParsedWorkspace) -> None:
    assert alerting.alerts(parsed, parsed.entries[ChartName("media")], monitoring.load(parsed)) == ""


def test_an_alert_is_recognised_by_the_names_of_its_labels() -> None:
    assert alerting.summary("{{ $labels.pod }} waits {{ $value | humanizeDuration }}") == "<pod> waits …"
