"""Grafana's dashboards: valid, readable, and every question is one that Prometheus or Loki can answer."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from dashboards import files, write
from slipway.tools.run import Command, run_process
from testing import dashboards as lint
from testing import scraped
from testing.product import product
from testing.rendering import Repository
from testing.workspaces import ROOT, load, program

pytestmark = pytest.mark.helm

HERE = Path(__file__).parent
SCHEMA = json.loads((HERE / "dashboard.schema.json").read_text(encoding="utf-8"))
COMMITTED = lint.all_dashboards()
PAGES = {
    page.file: page for page in files.pages(ROOT, {chart for page in files.PAGES for chart in files.required(page)})
}
DASHBOARDS = {name: json.loads(write.to_text(page)) for name, page in PAGES.items()}
"""Every page in full, also what this platform has not the services for."""
CATALOGUES = sorted(scraped.CATALOGUES.glob("*.txt"))
KEPT = re.compile(r"stage\.label_keep\s*\{\s*values\s*=\s*\[([^\]]*)\]")
LABELS = {"namespace", "pod", "container", "app"}
"""Labels of lines; Alloy keeps no others."""
MATCHERS = re.compile(r'\{((?:\s*\w+\s*(?:=~|!~|!=|=)\s*(?:"[^"]*"|`[^`]*`)\s*,?)+)\}')


@pytest.fixture(scope="module")
def recorded(repository: Repository) -> frozenset[str]:
    """What Prometheus' own rules make."""
    return frozenset(str(rule["record"]) for rule in scraped.rules(repository) if "record" in rule)


@pytest.fixture(scope="module")
def alerts(repository: Repository) -> frozenset[str]:
    """Names of every alert."""
    return frozenset(str(rule["alert"]) for rule in scraped.rules(repository) if "alert" in rule)


def asked(source: str, dashboards: dict[str, lint.Json] = DASHBOARDS) -> list[lint.Question]:
    """Every question to a data source."""
    return [question for made in dashboards.values() for question in lint.questions(made) if question.source == source]


def nowhere(dashboards: dict[str, lint.Json], known: frozenset[str]) -> set[str]:
    """Where a metric is named that is not known."""
    return {
        f"{question.where}: {name}"
        for question in asked("prometheus", dashboards)
        for name in lint.metrics(question.expr) - known
    }


def refused_by_promtool(expressions: list[str], folder: Path) -> str:
    """What promtool says of expressions, each as a rule of its own; empty when it takes them all."""
    rules = [{"record": f"question:{number}", "expr": lint.filled(text)} for number, text in enumerate(expressions)]
    place = folder / "questions.yml"
    place.write_text(yaml.safe_dump({"groups": [{"name": "questions", "rules": rules}]}), encoding="utf-8")
    done = run_process(Command(argv=(str(program("promtool")), "check", "rules", str(place)), ok_codes=None))
    return "" if done.code == 0 else done.stdout + done.stderr


def test_there_is_a_page_for_each_part_of_the_platform() -> None:
    folders = {name.partition("/")[0] for name in COMMITTED}

    assert folders >= {"platform", "edge", "delivery", "observability", "media", "runbooks"}


def test_the_files_are_what_the_pages_give() -> None:
    # Those of the platform, or what an operator generated for the members that are on in a home.
    if files.check(product()):
        assert [str(problem) for problem in files.check(load(ROOT))] == []


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_is_valid(name: str) -> None:
    jsonschema.validate(DASHBOARDS[name], SCHEMA)


def test_every_page_has_an_address_of_its_own() -> None:
    uids = [dashboard["uid"] for dashboard in DASHBOARDS.values()]

    assert len(set(uids)) == len(uids)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_nobody_stumbles_over_a_dashboard(name: str, alerts: frozenset[str]) -> None:
    assert list(lint.stumbles(name, DASHBOARDS, alerts)) == []


def test_no_link_leads_to_a_page_that_waits_for_its_service(alerts: frozenset[str]) -> None:
    assert [message for made in COMMITTED.values() for message in lint.broken_links(made, COMMITTED, alerts)] == []


def test_every_alert_has_the_page_that_the_overview_leads_to(alerts: frozenset[str]) -> None:
    assert {f"runbooks/{alert}.json" for alert in alerts} <= COMMITTED.keys()


def test_prometheus_understands_every_question(tmp_path: Path) -> None:
    assert refused_by_promtool([question.expr for question in asked("prometheus")], tmp_path) == ""


def test_a_question_that_prometheus_does_not_understand_is_found(tmp_path: Path) -> None:
    answer = refused_by_promtool(["up", "sum by (pod) (rate(up))"], tmp_path)

    assert "question:1" in answer
    assert "expected type range vector" in answer


def test_every_metric_is_exposed_by_something_that_is_scraped(repository: Repository, recorded: frozenset[str]) -> None:
    jobs = scraped.jobs(repository)
    exposed = {name for path in CATALOGUES if path.stem in jobs for name in scraped.catalogue(path)}

    assert nowhere(COMMITTED, recorded | exposed) == set()


def test_every_metric_of_a_page_that_waits_for_its_service_is_in_a_catalogue(recorded: frozenset[str]) -> None:
    listed = {name for path in CATALOGUES for name in scraped.catalogue(path)}

    assert nowhere(DASHBOARDS, recorded | listed) == set()


def test_a_metric_that_nothing_exposes_is_found() -> None:
    assert "platform-overview: Processors of each node: node:processor_busy:ratio" in nowhere(
        COMMITTED, frozenset({"up"})
    )


@pytest.mark.parametrize(
    ("expr", "named"),
    [
        ('sum by (a, b) (rate(x_total{a="y_total"}[$__rate_interval])) / on (a) group_left (c) z', {"x_total", "z"}),
        ("topk(3, node:memory:ratio) or vector(0)", {"node:memory:ratio"}),
        ("histogram_quantile(0.95, sum by (le) (rate(h_bucket[5m] offset 1h)))", {"h_bucket"}),
        ("1 - avg without (cpu) (a > bool 2) and ignoring (x) b unless c", {"a", "b", "c"}),
        ('label_replace(a, "sum", "$1", "b", "(.+)")', {"a"}),
        ("time() - min(last_seconds) > 6 * 3600", {"last_seconds"}),
    ],
)
def test_the_metrics_of_a_question_are_found(expr: str, named: set[str]) -> None:
    assert lint.metrics(expr) == named


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_is_sorted_says_where_it_is_from_and_has_no_other_lines(path: Path) -> None:
    names = scraped.catalogue(path)

    assert path.read_text(encoding="utf-8").startswith("# ")
    assert list(names) == sorted(set(names))
    assert [name for name in names if not re.fullmatch(r"[A-Za-z_:][A-Za-z0-9_:]*", name)] == []


def test_lines_are_chosen_by_labels_that_they_are_given() -> None:
    config = ROOT / "charts/alloy/files/alloy/config.alloy"
    if config.is_file():
        kept = KEPT.search(config.read_text(encoding="utf-8"))
        assert kept is not None
        assert set(re.findall(r"\w+", kept[1])) >= LABELS
    for question in asked("loki"):
        selectors = MATCHERS.findall(question.expr)
        assert selectors, question
        chosen = {label for selector in selectors for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector)}
        assert chosen <= LABELS, question


def test_loki_takes_a_question_about_all_values_of_a_choice() -> None:
    variables = [item for made in DASHBOARDS.values() for item in lint.items(made["templating"]["list"])]
    chosen = [item for item in variables if item.get("datasource", {}).get("uid") == "loki"]

    assert {item["allValue"] for item in chosen if item["includeAll"]} == {".+"}


def broken(change: str) -> dict[str, lint.Json]:
    """All pages, with one mistake in that of workloads."""
    made = copy.deepcopy(dict(DASHBOARDS))
    page = made["platform/workloads.json"]
    panels = lint.items(page["panels"])
    series = next(panel for panel in panels if panel["type"] == "timeseries")
    table = next(panel for panel in panels if panel["type"] == "table")
    match change:
        case "number":
            panels[2]["id"] = panels[1]["id"]
        case "place":
            panels[2]["gridPos"] = panels[1]["gridPos"]
        case "grid":
            panels[1]["gridPos"]["w"] = 25
        case "variable":
            lint.items(page["templating"]["list"]).append({"name": "spare", "type": "textbox"})
        case "undeclared":
            series["targets"][0]["expr"] = 'up{job="$job"}'
            series["targets"][0]["legendFormat"] = "x"
        case "link":
            series["fieldConfig"]["defaults"]["links"] = [{"title": "x", "url": "/d/nowhere"}]
        case "link variable":
            series["fieldConfig"]["defaults"]["links"] = [{"title": "x", "url": "/d/platform-nodes?var-pod=x"}]
        case "legend":
            series["targets"][0]["legendFormat"] = "{{pod}}"
        case "no legend":
            series["targets"][0]["legendFormat"] = ""
        case "title":
            series["title"] = ""
        case "explanation":
            panels[1]["description"] = ""
        case "column":
            table["targets"][0]["expr"] = table["targets"][0]["expr"].replace("reason)", "reason, uid)")
    return made


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("number", "have the number"),
        ("place", "overlaps"),
        ("grid", "leaves the grid"),
        ("variable", "variable spare is not used"),
        ("undeclared", "variable job is not declared"),
        ("link", "link to nowhere, which is not there"),
        ("link variable", "link to platform-nodes sets pod, which it does not have"),
        ("legend", "lines differ by ['container', 'pod'] and are named by ['pod']"),
        ("no legend", "a line has no name"),
        ("title", "has no title"),
        ("explanation", "is a number without an explanation"),
        ("column", "columns are"),
    ],
)
def test_what_a_reader_would_stumble_over_is_found(change: str, message: str, alerts: frozenset[str]) -> None:
    found = list(lint.stumbles("platform/workloads.json", broken(change), alerts))

    assert any(message in sentence for sentence in found), found
