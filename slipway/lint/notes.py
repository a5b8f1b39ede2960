"""The form of a chart's notes.md, which its page includes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.errors import Problem
from slipway.core.model import Chart
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check
from slipway.util.files import decode
from slipway.workspace.chart_folder import NOTES

NOTES_FORM = Rule(
    "chart.notes",
    "notes.md has one or more of the sections First login, Gotchas and Upgrades, in this order, each a list.",
)

FIRST_LOGIN = "First login"
"""How the first person logs in; a chart with a route and without this section has no login."""

HEADINGS = (FIRST_LOGIN, "Gotchas", "Upgrades")
HINT = "write `## Gotchas` and below it `- …`, then `## Upgrades`; leave out an empty section"


def sections(text: str) -> dict[str, str]:
    """Heading → the text below it."""
    found: dict[str, list[str]] = {}
    below: list[str] = []
    for line in text.splitlines():
        if line.startswith("## "):
            below = found.setdefault(line[3:].strip(), [])
        else:
            below.append(line)
    return {title: "\n".join(lines).strip("\n") for title, lines in found.items()}


def section_of(chart: Chart, heading: str) -> str:
    """A section of a chart's notes.md; empty without it."""
    return sections(decode(chart.beside.get(NOTES, b""), f"{chart.folder}/{NOTES}")).get(heading, "")


@chart_check(NOTES_FORM)
def notes_form(context: LintContext, chart: Chart) -> Iterator[Problem]:
    yield from notes_problems(chart)


def notes_problems(chart: Chart) -> Iterator[Problem]:
    """Headings that are unknown, out of order or without a list, and text outside lists."""
    if (content := chart.beside.get(NOTES)) is None:
        return
    path = f"{chart.folder}/{NOTES}"
    headings: list[str] = []
    with_list: set[str] = set()
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        if line.startswith("#"):
            headings.append(line.removeprefix("## ").strip())
            if not line.startswith("## ") or headings[-1] not in HEADINGS:
                yield problem(f"{path}:{number}", f"has the heading {line.strip()!r}")
        elif line.startswith("- ") and headings:
            with_list.add(headings[-1])
        elif line.strip() and not (line.startswith("  ") and headings and headings[-1] in with_list):
            yield problem(f"{path}:{number}", "has text outside a list")
    yield from section_problems(path, headings, with_list)


def section_problems(path: str, headings: list[str], with_list: set[str]) -> Iterator[Problem]:
    """Sections that are missing, empty or out of order."""
    if not headings:
        yield problem(path, "has no section")
    known = [title for title in headings if title in HEADINGS]
    for title in dict.fromkeys(known):
        if title not in with_list:
            yield problem(path, f"has no list below {title}")
    if known != [title for title in HEADINGS if title in known]:
        yield problem(path, f"has its sections in the order {', '.join(known)}")


def problem(where: str, fact: str) -> Problem:
    """A violation of the form."""
    return NOTES_FORM.problem(where=where, fact=fact, hint=HINT)
