"""Examples on service pages: the files below `ci/`, shown as environment values. Pure.

`./inv lint` renders the same files, so every example on the site is valid.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import PurePosixPath

from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.util.files import decode

KEY = re.compile(r"(?:^#.*\n)*^[A-Za-z].*\n(?:(?:[ \t-].*)?\n)*", re.MULTILINE)
"""A top-level key of a values file, with the comment above it."""
HEAD = re.compile(r"(?:#.*\n)*")
GLOBAL = re.compile(r"(?:#.*\n)*global:\n")
NOTE = "Each example is a file below `{folder}/ci/`, which `./inv lint` renders, shown as environment values."


def examples(parsed: ParsedWorkspace, entry: ParsedChart) -> str:
    """The examples of a chart, collapsed; empty if there are none."""
    made = [
        example(parsed, entry, path, decode(text, f"{entry.chart.folder}/{path}"))
        for path, text in sorted(entry.chart.variations.items())
    ]
    return "\n\n".join((NOTE.format(folder=entry.chart.folder), *made)) if made else ""


def example(parsed: ParsedWorkspace, entry: ParsedChart, path: str, text: str) -> str:
    """An example: its title, and the YAML with the file that it belongs to."""
    summary, blocks = parts(text)
    title = (summary or PurePosixPath(path).stem).replace('"', "'")
    lines = [f'??? example "{title}"', ""]
    keys = parsed.member_keys(entry.chart.name) or (entry.chart.name,)
    namespace = entry.umbrellas[0] if entry.umbrellas else "NAMESPACE"
    own = "".join(block for block in blocks if not GLOBAL.match(block))
    if own:
        lines += fenced(f"values/<env>/{namespace}.yaml", f"{keys[0]}:\n{textwrap.indent(own, '  ')}")
    for block in blocks:
        if GLOBAL.match(block):
            lines += fenced("values/<env>/platform.yaml", textwrap.dedent(GLOBAL.sub("", block)))
    return "\n".join(lines)


def fenced(file: str, text: str) -> Iterator[str]:
    """A YAML block with its file name, indented as the body of a collapsed block."""
    for line in (f'```yaml title="{file}"', *text.rstrip().splitlines(), "```"):
        yield f"    {line}".rstrip()


def parts(text: str) -> tuple[str, tuple[str, ...]]:
    """The comment at the top of a file, and the text of each top-level key."""
    head = HEAD.match(text)
    top = head[0] if head else ""
    summary = " ".join(line.lstrip("# ").strip() for line in top.splitlines())
    return summary.rstrip("."), tuple(block.rstrip() + "\n" for block in KEY.findall(text[len(top) :]))
