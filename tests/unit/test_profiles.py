"""Profiles as data, `.helmignore`, and the command that is installed."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from slipway import policy
from slipway.cli import entry, naming
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import ChartKind, ChartName
from slipway.core.profile import PLAIN, PROFILES
from slipway.lint.rules import RULES
from slipway.lint.static_checks import static_problems
from slipway.toolchain import shipped
from slipway.workspace import graph, helmignore
from slipway.workspace.annotations import namespace_annotations
from testing.memory import chart, workspace
from testing.workspaces import ROOT


def test_a_profile_asks_for_rules_that_exist() -> None:
    assert PLAIN.rules is not None
    assert PLAIN.rules - RULES.keys() == set()


def test_the_contract_is_for_charts_of_our_library_alone() -> None:
    assert PLAIN.rules is not None
    assert PLAIN.rules & policy.RULES.keys() == set()


def test_a_profile_keeps_what_it_asks_for_and_what_no_rule_owns() -> None:
    found = [Problem(where="x", fact="y", rule=rule) for rule in ("graph.cycle", "template.define", "")]

    assert [problem.rule for problem in PLAIN.kept(found)] == ["graph.cycle", ""]
    assert PROFILES["homelab"].kept(found) == tuple(found)


@pytest.mark.parametrize(
    ("line", "path", "folder", "left_out"),
    [
        ("*.tmp", "deep/down/a.tmp", False, True),
        ("*.tmp", "a.tmpl", False, False),
        ("/a.txt", "a.txt", False, True),
        ("/a.txt", "deep/a.txt", False, False),
        ("docs/", "docs", True, True),
        ("docs/", "docs", False, False),
        ("docs/*.md", "docs/a.md", False, True),
        ("docs/*.md", "docs/deep/a.md", False, False),
        ("?.txt", "a.txt", False, True),
        ("[a-c].txt", "b.txt", False, True),
        ("[^a-c].txt", "b.txt", False, False),
        (r"\*.txt", "a.txt", False, False),
        (r"\*.txt", "*.txt", False, True),
        ("# *.txt", "a.txt", False, False),
        ("  a.txt  ", "a.txt", False, True),
        ("!a.txt", "b.txt", False, True),
        ("!a.txt", "a.txt", False, False),
        ("", "templates/.swp", False, True),
        ("", ".env", False, False),
    ],
)
def test_a_line_of_helmignore_means_what_it_means_to_helm(line: str, path: str, folder: bool, left_out: bool) -> None:
    assert helmignore.ignored(helmignore.parse(line), path, folder=folder) is left_out


@pytest.mark.parametrize("line", ["a/**/b", "[a", "a\\"])
def test_a_line_that_helm_refuses_is_named(line: str) -> None:
    with pytest.raises(helmignore.Unsupported) as caught:
        helmignore.parse(f"# fine\n{line}\n")

    assert caught.value.line == 2


def test_a_chart_by_itself_needs_no_schema_and_an_umbrella_no_conditions_in_plain() -> None:
    charts = (chart("web", files={}), chart("shop", ChartKind.UMBRELLA, needs=[("web", "1.0.0")], files={}))
    strict = workspace(*charts)
    assert {problem.rule for problem in graph.check(strict)} >= {"chart.schema", "dependency.condition"}

    plain = type(strict)(root=Path("/nowhere"), charts=strict.charts, environments={}, profile=PLAIN)

    assert {problem.rule for problem in graph.check(plain)} == {"dependency.repository"}


def test_the_checks_of_a_profile_find_nothing_that_it_does_not_ask_for(tmp_path: Path) -> None:
    text = b'{{- define "web.name" -}}{{ lookup "v1" "Secret" "a" "b" }}{{- end }}'
    made = chart("web", files={"templates/_helpers.tpl": text, "values.yaml": b"a:   1\n"})
    (tmp_path / "charts/web").mkdir(parents=True)
    (tmp_path / "charts/web/Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\ndescription: x\n")
    charts = {made.name: made}
    every = type(workspace())(root=tmp_path, charts=charts, environments={})
    plain = type(workspace())(root=tmp_path, charts=charts, environments={}, profile=PLAIN)

    assert {"template.forbidden", "template.define"} <= {one.rule for one in static_problems(every, [ChartName("web")])}
    assert static_problems(plain, [ChartName("web")]) == ()


@pytest.mark.parametrize(
    ("started", "said"),
    [
        ("/home/me/slipway/bin/slipway", "slipway version"),
        ("slipway/cli/launch.py", "./inv version"),
        ("", "./inv version"),
    ],
)
def test_a_hint_names_the_command_that_was_typed(monkeypatch: pytest.MonkeyPatch, started: str, said: str) -> None:
    monkeypatch.setattr(sys, "argv", [started])

    assert naming.spoken("hint: ./inv version --only web") == f"hint: {said} --only web"
    assert naming.spoken("see ./inventory and tools/./inv") == "see ./inventory and tools/./inv"


def test_the_monorepo_is_the_nearest_folder_with_settings(tmp_path: Path) -> None:
    inner = tmp_path / "mono" / "charts" / "web"
    inner.mkdir(parents=True)
    assert entry.root_of(inner, {}) is None
    (tmp_path / "pyproject.toml").write_text("[tool.slipway]\n")
    assert entry.root_of(inner, {}) == tmp_path
    (tmp_path / "mono" / "pyproject.toml").write_text("[tool.ruff]\n")
    assert entry.root_of(inner, {}) == tmp_path
    (tmp_path / "mono" / "slipway.toml").write_text("")
    assert entry.root_of(inner, {}) == tmp_path / "mono"
    assert entry.root_of(inner, {"SLIPWAY_ROOT": "/elsewhere"}) == Path("/elsewhere")


def test_outside_of_every_monorepo_the_way_in_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLIPWAY_ROOT", raising=False)

    with pytest.raises(WorkspaceError, match=r"has no slipway.toml.*\n.*echo 'profile = \"plain\"' > slipway.toml"):
        entry.start(["plan"])


def test_an_installed_package_builds_its_programs_from_a_copy_in_the_cache(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "slipway"
    for path in ("tools/release/go.mod", "locks/go.txt", ".ct/ct.yaml"):
        (package / "shipped" / path).parent.mkdir(parents=True, exist_ok=True)
        (package / "shipped" / path).write_text(path)
    environ = {"SLIPWAY_CACHE": str(tmp_path / "cache")}

    home = shipped.programs(environ, package)

    assert home.parent == tmp_path / "cache"
    assert (home / "tools/release/go.mod").read_text() == "tools/release/go.mod"
    assert not (home / ".ct").exists()
    assert shipped.sources(package) == package / "shipped"
    assert shipped.programs(environ, package) == home
    (package / "shipped/tools/release/go.mod").write_text("another release")
    assert shipped.programs(environ, package) != home


def test_a_checkout_is_its_own_source() -> None:
    assert shipped.sources() == shipped.programs(os.environ) == ROOT
    assert not shipped.installed()


def test_annotations_are_read_under_the_prefix_of_the_settings() -> None:
    given = {"charts.example.org/pod-security": "baseline", "slipway.homelab/pod-security": "privileged"}
    shop = replace(chart("shop", ChartKind.UMBRELLA, annotations=given), prefix="charts.example.org")

    assert namespace_annotations(shop).pod_security == "baseline"
    excused = {"charts.example.org/exception.image": "app: built here", "slipway.homelab/exception.host": "app: no"}
    assert policy.parse_exceptions(excused, "charts.example.org") == {"contract.image": {"app": "built here"}}
