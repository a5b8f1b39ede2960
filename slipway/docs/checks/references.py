"""Checks that written pages reference existing tasks, flags and files, and that their examples parse. Pure.

Every `./inv …` must be a task with these flags, every path of this repository must exist, and every example must parse.
Placeholders are in capitals, in angle brackets, or an ellipsis.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import textwrap
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from slipway.core.errors import Problem
from slipway.docs.checks.console_blocks import FENCE, blocks, line_at
from slipway.docs.source.tasks import Task
from slipway.util import yaml

SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
IMAGE = re.compile(r"!\[(?P<text>[^\]]*)\]\(")
FOLDERS = (
    "charts/",
    "umbrella/",
    "values/",
    "tests/",
    "tools/",
    "slipway/",
    "docs/",
    "testing/",
    "locks/",
    ".ci/",
    ".github/",
)
"""First folder of a path of this repository; `deploy/`, `build/` and others are generated."""
PLACEHOLDER = re.compile(r"[<>{}*…]|\.\.\.|\b[A-Z][A-Z_-]+\b|^charts/bazarr")
"""A placeholder; bazarr is the example service of a guide."""
FORWARDED = ("lab", "kubectl")
"""The arguments that follow are those of another program."""
PARSERS: Mapping[str, Callable[[str], object]] = {
    "yaml": yaml.load_all,
    "yml": yaml.load_all,
    "toml": tomllib.loads,
    "json": json.loads,
    "python": ast.parse,
}
"""Language of an example → its parser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """The tasks and files that pages may reference."""

    tasks: Mapping[str, Task]
    exists: Callable[[str], bool]
    """Whether a path of the repository exists."""


def check(path: str, text: str, repository: Repository) -> Iterator[Problem]:
    """The invalid references and examples of a page."""
    spans = [(found.start(), found[1]) for found in SPAN.finditer(without_fences(text))]
    for start, span in spans:
        yield from of_code(f"{path}:{line_at(text, start)}", span, repository)
    for console in blocks(path, text):
        for step in console.steps:
            yield from of_command(f"{path}:{step.line}", without_comment(step.command), repository)
    for block in FENCE.finditer(text):
        where = f"{path}:{line_at(text, block.start())}"
        if block["kind"] in PARSERS:
            yield from of_example(where, block["kind"], textwrap.dedent(block["body"]))
    for image in IMAGE.finditer(without_fences(text)):
        if not image["text"].strip():
            yield Problem(
                where=f"{path}:{line_at(text, image.start())}",
                fact="an image has no alternative text",
                rule="docs.image",
            )


def without_fences(text: str) -> str:
    """A page with its blocks replaced by spaces, so that offsets stay valid."""
    return FENCE.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)


def without_comment(command: str) -> str:
    """A command on one line, without a trailing comment."""
    return re.sub(r"\s+#\s.*$", "", command.replace("\\\n", " "))


def of_code(where: str, text: str, repository: Repository) -> Iterator[Problem]:
    """Problems of inline code, which may be a command or a path."""
    if text.startswith(("./inv ", "invoke ", "inv ")):
        yield from of_command(where, text, repository)
    elif text.startswith(FOLDERS) and not PLACEHOLDER.search(text) and " " not in text and not repository.exists(text):
        yield Problem(where=where, fact=f"references {text}, which does not exist", rule="docs.path")


def of_command(where: str, line: str, repository: Repository) -> Iterator[Problem]:
    """Problems of an `./inv` command: an unknown task or flag."""
    try:
        words = shlex.split(line)
    except ValueError:
        return
    if not words or words[0] not in {"./inv", "inv", "invoke"} or len(words) == 1 or words[1].startswith("-"):
        return
    name = words[1]
    if PLACEHOLDER.search(name):
        return
    task = repository.tasks.get(name)
    if task is None:
        yield Problem(
            where=where,
            fact=f"references the task {name!r}, which does not exist",
            hint="./inv --list",
            rule="docs.task",
        )
        return
    known = {flag for each in task.flags for flag in each.names}
    for word in words[2:]:
        if word == "--" or tuple(words[1:3]) == FORWARDED:
            return
        flag = word.partition("=")[0]
        if flag.startswith("-") and flag not in known and flag not in {"--help", "-h"}:
            yield Problem(where=where, fact=f"{name} has no flag {flag}", hint=f"./inv {name} --help", rule="docs.task")


def of_example(where: str, kind: str, body: str) -> Iterator[Problem]:
    """Problems of an example: it does not parse."""
    try:
        PARSERS[kind](body)
    except (ValueError, SyntaxError) as error:
        message = str(error).splitlines()[0]
        yield Problem(where=where, fact=f"shows {kind} that does not parse: {message}", rule="docs.example")
