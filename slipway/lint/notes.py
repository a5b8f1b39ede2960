"""Whether notes.md of a chart has the form that its page takes in. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.core.errors import Problem
from slipway.core.model import Chart
from slipway.workspace.discover import NOTES

HEADINGS = ("Gotchas", "Upgrades")
"""What operators look for: what surprises, and what an update asks of them."""
HINT = "write `## Gotchas` and below it `- …`, then `## Upgrades`; leave out what has nothing to say"


def sections(text: str) -> dict[str, str]:
    """Heading → what stands below it."""
    found: dict[str, list[str]] = {}
    below: list[str] = []
    for line in text.splitlines():
        if line.startswith("## "):
            below = found.setdefault(line[3:].strip(), [])
        else:
            below.append(line)
    return {title: "\n".join(lines).strip("\n") for title, lines in found.items()}


def check(chart: Chart) -> Iterator[Problem]:
    """Every line that has no place in it."""
    if (content := chart.beside.get(NOTES)) is None:
        return
    path = f"{chart.folder}/{NOTES}"
    seen: list[str] = []
    filled: set[str] = set()
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        if line.startswith("#"):
            seen.append(line.removeprefix("## ").strip())
            if not line.startswith("## ") or seen[-1] not in HEADINGS:
                yield problem(f"{path}:{number}", f"has the heading {line.strip()!r}")
        elif line.startswith("- ") and seen:
            filled.add(seen[-1])
        elif line.strip() and not (line.startswith("  ") and seen and seen[-1] in filled):
            yield problem(f"{path}:{number}", "has text outside a list")
    yield from of_order(path, seen, filled)


def of_order(path: str, seen: list[str], filled: set[str]) -> Iterator[Problem]:
    """What is wrong with the sections as a whole."""
    if not seen:
        yield problem(path, "has no section")
    known = [title for title in seen if title in HEADINGS]
    for title in dict.fromkeys(known):
        if title not in filled:
            yield problem(path, f"has nothing below {title}")
    if known != [title for title in HEADINGS if title in known]:
        yield problem(path, f"has its sections in the order {', '.join(known)}")


def problem(where: str, fact: str) -> Problem:
    """A finding, with what the file looks like."""
    return Problem(where=where, fact=fact, hint=HINT, rule="chart.notes")
