"""Functions that format Markdown. Pure, independent of charts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

EMPTY = "-"
"""An empty table cell."""

GENERATED = "<!-- Written by `./inv docs`; edits are overwritten. -->"
"""Last line of every generated page; MkDocs reads a page's title from the first one."""


def code(text: object) -> str:
    """Inline code that is safe in a table; `EMPTY` for an empty text."""
    plain = str(text).replace("\n", " ")
    if not plain:
        return EMPTY
    fence = "``" if "`" in plain else "`"
    pad = " " if "`" in plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}".replace("|", "\\|")


def prose(text: str) -> str:
    """Text for a table cell: on one line, with pipes, asterisks and angle brackets escaped."""
    plain = " ".join(text.split())
    # Inline code needs no escapes.
    parts = plain.split("`")
    parts[::2] = [part.replace("<", "&lt;").replace("*", "\\*") for part in parts[::2]]
    return "`".join(parts).replace("|", "\\|") or EMPTY


def digest(text: object) -> str:
    """A digest as code that may wrap anywhere; only for pages of the site."""
    return f"{code(text)}{{.digest}}" if text else EMPTY


def codes(items: Iterable[object]) -> str:
    """Inline code, separated by commas."""
    return ", ".join(code(item) for item in items) or EMPTY


def value(data: object, limit: int = 90) -> str:
    """A value as inline code: JSON on one line, truncated if it is long; `EMPTY` for None."""
    if data is None:
        return EMPTY
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    text = " ".join(text.split())
    if text == "":
        return code('""')
    if text.startswith("sha256:"):
        # The table of images has the full digest.
        return code(f"{text[:19]}…")
    return code(text if len(text) <= limit else f"{text[: limit - 1]}…")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, or an empty string without rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines])


def section(level: int, title: str, *blocks: str, empty: str = "") -> str:
    """A heading with its content; without content the text `empty`, or nothing."""
    body = [block for block in blocks if block] or ([empty] if empty else [])
    return "\n\n".join([f"{'#' * level} {title}", *body]) if body else ""


def site_page(*blocks: str, tags: Sequence[str] = ()) -> str:
    """A generated page of the site; its tags are further words by which the search finds it."""
    head = f"---\ntags: {json.dumps(list(tags), ensure_ascii=False)}\n---" if tags else ""
    return page(head, *blocks, GENERATED)


def page(*blocks: str) -> str:
    """Blocks separated by empty lines, with a final newline."""
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"
