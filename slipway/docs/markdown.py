"""Markdown, piece by piece. Pure; nothing here knows what a chart is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

EMPTY = "-"
"""What a table shows where there is nothing."""

GENERATED = "<!-- Written by `./inv docs`; edits are overwritten. -->"
"""Last line of every generated page of the site: MkDocs takes a page's title from its first."""


def code(text: object) -> str:
    """Text as code, safe inside a table; the dash for nothing."""
    plain = str(text).replace("\n", " ")
    if not plain:
        return EMPTY
    fence = "``" if "`" in plain else "`"
    pad = " " if "`" in plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}".replace("|", "\\|")


def prose(text: str) -> str:
    """Text for a table cell: one line, no column breaks, and templates and angle brackets as they are."""
    plain = " ".join(text.split())
    # Between backticks everything is shown as it is.
    parts = plain.split("`")
    parts[::2] = [part.replace("<", "&lt;").replace("*", "\\*") for part in parts[::2]]
    return "`".join(parts).replace("|", "\\|") or EMPTY


def digest(text: object) -> str:
    """A digest as code that may break anywhere; for pages of the site only."""
    return f"{code(text)}{{.digest}}" if text else EMPTY


def codes(items: Iterable[object]) -> str:
    """Several pieces of code, separated by commas."""
    return ", ".join(code(item) for item in items) or EMPTY


def value(data: object, limit: int = 90) -> str:
    """A default as code: JSON on one line, shortened when it is long; the dash when there is none."""
    if data is None:
        return EMPTY
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    text = " ".join(text.split())
    if text == "":
        return code('""')
    if text.startswith("sha256:"):
        # The whole of it stands with the images.
        return code(f"{text[:19]}…")
    return code(text if len(text) <= limit else f"{text[: limit - 1]}…")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, or the empty text when it has no rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines])


def section(level: int, title: str, *blocks: str, empty: str = "") -> str:
    """A heading and what stands below it; without content, the sentence for that, or no section at all."""
    body = [block for block in blocks if block] or ([empty] if empty else [])
    return "\n\n".join([f"{'#' * level} {title}", *body]) if body else ""


def site_page(*blocks: str) -> str:
    """A generated page of the site."""
    return page(*blocks, GENERATED)


def page(*blocks: str) -> str:
    """Blocks with an empty line between them, and a line feed at the end."""
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"
