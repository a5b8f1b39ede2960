"""Every generated page and README of this repository."""

from dataclasses import replace
from pathlib import Path

from slipway import docs
from slipway.core.model import ChartKind
from slipway.docs import site
from slipway.docs.checks import references
from slipway.docs.pages import services
from slipway.docs.source import monitoring, parsing, pinned_versions
from slipway.docs.source.tasks import load_tasks
from testing.workspaces import ROOT, load


def test_a_readme_that_drifted_is_a_problem_with_the_command_that_fixes_it(tmp_path: Path) -> None:
    workspace = replace(load(ROOT), root=tmp_path)
    wanted = site.readmes(workspace)
    for path, text in wanted.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_bytes(text)
    assert docs.check_readmes(workspace) == ()

    (tmp_path / "charts/sonarr/README.md").write_text("mine\n", encoding="utf-8")
    (tmp_path / "charts/media/README.md").unlink()

    found = docs.check_readmes(workspace)

    assert [str(problem) for problem in found] == [
        "charts/media/README.md: is missing\n    hint: ./inv docs generate",
        "charts/sonarr/README.md: differs from what `./inv docs generate` writes\n    hint: ./inv docs generate",
    ]
    assert {problem.rule for problem in found} == {"docs.readme"}


def test_the_readmes_in_the_repository_are_what_the_generator_writes() -> None:
    assert docs.check_readmes(load(ROOT)) == ()


def test_commands_and_paths_of_generated_pages_exist() -> None:
    parsed = parsing.parse_workspace(load(ROOT))
    tasks = load_tasks(ROOT)
    known = references.Repository(tasks={task.name: task for task in tasks}, exists=lambda path: (ROOT / path).exists())
    watch, pinned = monitoring.load(parsed), pinned_versions.state(parsed)
    pages = {one.chart.name: services.service(parsed, one, watch, pinned) for one in parsed.of_kind(ChartKind.SERVICE)}

    # Values are shown as they are, and may be paths of a node.
    checked = {name: text.partition("\n## Values\n")[0] for name, text in pages.items()}

    assert [found for name, text in checked.items() for found in references.check(name, text, known)] == []
