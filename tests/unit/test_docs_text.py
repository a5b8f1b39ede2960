"""What people wrote: every path, task and flag that the documentation names exists."""

import re
from pathlib import Path

import pytest

from slipway.contract import RULES
from slipway.docs import site

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*(ROOT / "docs").rglob("*.md"), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "AGENTS.md"))]
)
TOP = ("slipway", "charts", "umbrella", "values", "tests", "testing", "tools", "locks", "docs")
"""Folders whose files are in git."""

EXAMPLES = re.compile(r"charts/bazarr|<[a-z]+>|\*|…")
"""Names that stand for others, and the service that the guide invents."""


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {part for part in re.findall(r"`([^`\n]+)`", text) if part.startswith(tuple(f"{top}/" for top in TOP))}

    missing = {path for path in named if not EXAMPLES.search(path) and not (ROOT / path.split("`")[0].strip()).exists()}

    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_task_and_flag_that_a_page_names_exists(page: Path) -> None:
    known = {task.name: {name for flag in task.flags for name in flag.names} for task in site.tasks_of(ROOT)}
    # A command that goes on in the next line is one command.
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")

    for task, rest in re.findall(r"\./inv ([a-z]+)([^`#\n]*)", text):
        assert task in known, task
        flags = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest)) - {"--help", "-m"}
        assert flags <= known[task], f"./inv {task}{rest}"


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_link_to_a_file_of_the_repository_leads_somewhere(page: Path) -> None:
    generated = {"charts", "reference"}
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path = (page.parent / target).resolve()
        below = path.relative_to(ROOT / "docs").parts[0] if path.is_relative_to(ROOT / "docs") else ""
        assert path.exists() or below in generated, target


def test_every_exception_that_a_page_shows_is_one_from_a_rule() -> None:
    shown = {
        name
        for page in PAGES
        for name in re.findall(r"slipway\.homelab/exception\.([a-z.-]+):", page.read_text(encoding="utf-8"))
    }

    assert {f"contract.{name}" for name in shown} <= set(RULES)


def test_every_decision_has_its_three_headings_and_a_date() -> None:
    records = sorted((ROOT / "docs/architecture/decisions").glob("0*.md"))

    for number, path in enumerate(records, start=1):
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {number:04}: ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
        assert re.search(r"^Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE)


def test_the_map_for_contributors_is_short() -> None:
    assert len((ROOT / "AGENTS.md").read_text(encoding="utf-8").splitlines()) <= 80


def test_the_two_commands_are_on_the_first_screen_of_the_readme() -> None:
    first = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:15])

    assert "./inv release" in first
    assert "./inv test" in first
