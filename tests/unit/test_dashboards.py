"""How pages become Grafana's files: places, numbers, what is left out, and that the same page gives the same bytes."""

import json
import shutil
from pathlib import Path

import pytest

from dashboards import files, write
from dashboards.model import Column, Dashboard, Row, Variable, promql, series, stat, table, text
from dashboards.pages import runbooks
from slipway.core.model import ChartKind
from slipway.util import yaml
from slipway.workspace.values import members_with
from testing.memory import chart, workspace
from testing.workspaces import HERE, ROOT, load


def page(*rows: Row, **more) -> Dashboard:
    """A small page."""
    return Dashboard(uid="platform-small", title="Small", folder="platform", description="Small.", rows=rows, **more)


def number(title: str, width: int = 12):
    """A panel of a height of 4."""
    return stat(title, "up", description="x", width=width)


def places(dashboard: Dashboard) -> dict[str, tuple[int, int, int, int]]:
    """Title → x, y, width, height."""
    return {
        panel["title"]: tuple(panel["gridPos"][key] for key in "xywh") for panel in write.to_json(dashboard)["panels"]
    }


def test_panels_are_side_by_side_and_continue_below_the_highest() -> None:
    made = page(
        Row(title="one", panels=(number("a"), series("b", promql("up", "x")), number("c", 24))),
        Row(title="two", panels=(number("d"),)),
    )

    assert places(made) == {
        "one": (0, 0, 24, 1),
        "a": (0, 1, 12, 4),
        "b": (12, 1, 12, 8),
        "c": (0, 9, 24, 4),
        "two": (0, 13, 24, 1),
        "d": (0, 14, 12, 4),
    }


def test_panels_are_numbered_from_the_top() -> None:
    made = write.to_json(page(Row(title="one", panels=(number("a"), number("b")))))

    assert [panel["id"] for panel in made["panels"]] == [1, 2, 3]


def test_the_file_of_a_page_is_named_by_its_folder_and_itself() -> None:
    assert page().file == "platform/small.json"


def test_the_same_page_gives_the_same_bytes() -> None:
    made = page(Row(title="one", panels=(number("a"),)))

    assert write.to_text(made) == write.to_text(made)
    assert json.loads(write.to_text(made)) == write.to_json(made)


def test_what_is_short_stays_on_one_line_and_keys_are_sorted() -> None:
    long = ["x" * write.LINE, {}]

    assert write.laid_out({"b": [1, 2], "a": {"d": None, "c": True}}, 0) == '{"a": {"c": true, "d": null}, "b": [1, 2]}'
    assert write.laid_out({"b": 1, "a": long}, 0) == f'{{\n "a": [\n  "{long[0]}",\n  {{}}\n ],\n "b": 1\n}}'


def test_columns_of_a_table_have_their_order_and_their_titles() -> None:
    columns = (
        Column(field="pod", title="Pod"),
        Column(field="Value #A", title="Now"),
        Column(field="Value #B", title="Then"),
    )
    shown = table("t", promql("sum by (pod) (up)"), promql("sum by (pod) (up offset 1d)"), columns=columns)
    (made,) = (
        item for item in write.to_json(page(Row(title="r", panels=(shown,))))["panels"] if item["type"] == "table"
    )

    merge, organise = made["transformations"]
    assert merge["id"] == "merge"
    assert organise["options"]["indexByName"] == {"pod": 0, "Value #A": 1, "Value #B": 2}
    assert organise["options"]["renameByName"] == {"pod": "Pod", "Value #A": "Now", "Value #B": "Then"}


def test_a_choice_is_made_of_the_values_of_a_label() -> None:
    (made,) = write.to_json(page(variables=(Variable(name="node", title="Node", metric="up", label="node"),)))[
        "templating"
    ]["list"]

    assert made["query"]["query"] == made["definition"] == "label_values(up, node)"
    assert made["datasource"] == {"type": "prometheus", "uid": "prometheus"}


def test_a_row_without_its_service_is_left_out() -> None:
    made = page(Row(title="a", panels=()), Row(title="b", panels=(), requires=("loki",)))

    assert [row.title for row in files.trimmed(made, {"traefik"}).rows] == ["a"]
    assert [row.title for row in files.trimmed(made, {"loki"}).rows] == ["a", "b"]


def test_a_page_without_its_service_is_left_out(tmp_path: Path) -> None:
    assert "observability/logs.json" not in {made.file for made in files.pages(tmp_path, ())}
    assert "observability/logs.json" in {made.file for made in files.pages(tmp_path, ("loki",))}


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("# Name\n\n## Meaning\n\nIt is down.\n", "## Meaning\n\nIt is down.\n"),
        ("# Name\n\nSee [the guide](../guides/argocd.md).\n", "See the guide.\n"),
        ("# Name\n\nSee [them](https://example.org/x).\n", "See [them](https://example.org/x).\n"),
    ],
)
def test_a_runbook_is_shown_without_its_title_and_without_links_to_pages_of_the_site(markdown: str, shown: str) -> None:
    assert runbooks.as_panel(markdown) == shown


def test_every_runbook_has_a_page_and_their_list_has_none(tmp_path: Path) -> None:
    folder = tmp_path / runbooks.FOLDER
    folder.mkdir(parents=True)
    (folder / "NodeDown.md").write_text("# NodeDown\n\nIt is down.\n", encoding="utf-8")
    (folder / "index.md").write_text("# Runbooks\n", encoding="utf-8")

    (made,) = runbooks.dashboards(tmp_path)

    assert (made.uid, made.file) == ("alert-NodeDown", "runbooks/NodeDown.json")
    assert made.rows[0].panels[0] == text("What to do", "It is down.\n", width=14, height=20)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A monorepo with Grafana."""
    root = tmp_path / "checkout"
    shutil.copytree(HERE / "base", root)
    shutil.copytree(ROOT / "charts/grafana", root / files.FOLDER.removesuffix("/files/dashboards"))
    shutil.rmtree(root / files.FOLDER)
    return root


def test_what_is_written_is_what_is_checked_and_what_is_left_over_goes(checkout: Path) -> None:
    workspace = load(checkout)
    written = files.generate(workspace)
    assert f"{files.FOLDER}/platform/overview.json" in written
    assert files.check(workspace) == ()
    assert files.generate(workspace) == ()

    (checkout / written[0]).write_text("{}", encoding="utf-8")
    (checkout / files.FOLDER / "old.json").write_text("{}", encoding="utf-8")

    changed = tuple(sorted((written[0], f"{files.FOLDER}/old.json")))
    assert tuple(problem.where for problem in files.check(workspace)) == changed
    assert {problem.hint for problem in files.check(workspace)} == {"./inv dashboards"}
    assert files.generate(workspace) == changed
    assert files.check(workspace) == ()


@pytest.mark.parametrize(
    ("layers", "on"),
    [
        (({}, {}), True),
        (({}, {"loki": {"enabled": False}}), False),
        (({"loki": {"enabled": True}}, {"loki": {"enabled": False}}), True),
        (({"loki": {"enabled": False}}, {"loki": {"enabled": True}}), False),
        (({"loki": {"size": 1}}, {"loki": {"enabled": False}}), False),
    ],
)
def test_an_environment_switches_a_member_and_else_its_umbrella(layers, on: bool) -> None:
    environment, own = layers
    member = chart("loki", files={"values.yaml": b"size: 2\n"})
    umbrella = chart("logs", ChartKind.UMBRELLA, needs=[("loki", "1.0.0")], files={"values.yaml": yaml.dump(own)})

    (found,) = members_with(workspace(member, umbrella), umbrella, [environment])

    assert found.enabled is on


def test_what_is_off_everywhere_has_no_page(checkout: Path) -> None:
    umbrella = next(iter(load(checkout).umbrellas))
    member = umbrella.dependencies[0]
    assert member.name in files.members(load(checkout))

    (checkout / umbrella.folder / "values.yaml").write_text(f"{member.key}: {{enabled: false}}\n", encoding="utf-8")

    assert member.name not in files.members(load(checkout))


def test_nothing_is_written_without_grafana(checkout: Path) -> None:
    shutil.rmtree(checkout / "charts/grafana")

    assert files.generate(load(checkout)) == ()
