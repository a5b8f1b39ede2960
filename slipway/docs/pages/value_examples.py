"""Examples on the pages of services: the variations under `ci/`, each as a part of an environment's values. Pure.

They are the files that each lint renders, so an example on the site is one that works.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import PurePosixPath

from slipway.docs.source.parsing import Book, Entry
from slipway.util.files import decode

KEY = re.compile(r"(?:^#.*\n)*^[A-Za-z].*\n(?:(?:[ \t-].*)?\n)*", re.MULTILINE)
"""A top-level key of a values file, with the comment above it and all that is below it."""
HEAD = re.compile(r"(?:#.*\n)*")
PLATFORM = re.compile(r"(?:#.*\n)*global:\n")
NOTE = "Each example is a file below `{folder}/ci/`, which `./inv lint` renders, shown as environment values."


def examples(book: Book, entry: Entry) -> str:
    """Every variation of a chart, folded; empty when it has none."""
    made = [
        example(book, entry, path, decode(text, f"{entry.chart.folder}/{path}"))
        for path, text in sorted(entry.chart.variations.items())
    ]
    return "\n\n".join((NOTE.format(folder=entry.chart.folder), *made)) if made else ""


def example(book: Book, entry: Entry, path: str, text: str) -> str:
    """One variation: what it is for, and what to write where."""
    said, blocks = parts(text)
    title = (said or PurePosixPath(path).stem).replace('"', "'")
    lines = [f'??? example "{title}"', ""]
    keys = book.member_keys(entry.chart.name) or (entry.chart.name,)
    namespace = entry.umbrellas[0] if entry.umbrellas else "NAMESPACE"
    own = "".join(block for block in blocks if not PLATFORM.match(block))
    if own:
        lines += fenced(f"values/<env>/{namespace}.yaml", f"{keys[0]}:\n{textwrap.indent(own, '  ')}")
    for block in blocks:
        if PLATFORM.match(block):
            lines += fenced("values/<env>/platform.yaml", textwrap.dedent(PLATFORM.sub("", block)))
    return "\n".join(lines)


def fenced(file: str, text: str) -> Iterator[str]:
    """A block of YAML with the file that it belongs to, as the body of a folded part."""
    for line in (f'```yaml title="{file}"', *text.rstrip().splitlines(), "```"):
        yield f"    {line}".rstrip()


def parts(text: str) -> tuple[str, tuple[str, ...]]:
    """What the comment at the top says, and the text of each top-level key."""
    head = HEAD.match(text)
    top = head[0] if head else ""
    said = " ".join(line.lstrip("# ").strip() for line in top.splitlines())
    return said.rstrip("."), tuple(block.rstrip() + "\n" for block in KEY.findall(text[len(top) :]))
