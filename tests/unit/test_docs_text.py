"""What people wrote: every path, task and flag that the documentation names exists."""

import re
from pathlib import Path

import pytest

from slipway.docs import site
from slipway.docs.source.tasks import load_tasks
from slipway.policy import RULES
from testing.rendering import KUBE_VERSION

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*(ROOT / "docs").rglob("*.md"), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "AGENTS.md"))]
)


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_pages_name_only_tasks_flags_and_files_that_exist() -> None:
    assert site.reference_problems(ROOT, load_tasks(ROOT)) == ()


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_link_to_a_file_of_the_repository_leads_somewhere(page: Path) -> None:
    generated = {"changelog", "charts", "reference"}
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


def test_the_terms_of_the_glossary_are_in_order_and_each_leads_to_a_page() -> None:
    text = (ROOT / "docs/reference/glossary.md").read_text(encoding="utf-8")
    terms = {title: body.strip() for title, body in re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", text, re.MULTILINE)}

    assert list(terms) == sorted(terms, key=str.casefold)
    assert [
        term for term, body in terms.items() if not re.search(r"^\[[^]]+\]\([^)]+\.md[^)]*\)$", body, re.MULTILINE)
    ] == []


def test_the_k3s_that_the_pages_install_is_of_the_version_that_the_charts_are_checked_with() -> None:
    named = {name for page in PAGES for name in re.findall(r"_CHANNEL=v(\S+)", page.read_text(encoding="utf-8"))}

    assert named == {KUBE_VERSION.rpartition(".")[0]}
