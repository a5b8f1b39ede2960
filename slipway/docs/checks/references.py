"""Whether written pages name what exists: tasks with their flags, files, and the keys of shown YAML. Pure.

Code in a page is a promise. Each `./inv …` must be a task with these flags, each path of this repository must be there, and
each example must parse; what a reader is meant to replace is in capitals, angle brackets, or an ellipsis.
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

import yaml

from slipway.core.errors import Problem
from slipway.docs.checks.console_blocks import FENCE, blocks, line_at
from slipway.docs.pages.reference import Task

SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
IMAGE = re.compile(r"!\[(?P<text>[^\]]*)\]\(")
TOPS = (
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
"""What a path of this repository starts with; `deploy/`, `build/` and others are made by tasks."""
PLACEHOLDER = re.compile(r"[<>{}*…]|\.\.\.|\b[A-Z][A-Z_-]+\b|^charts/bazarr")
"""Stands for something else; bazarr is the service that the guide invents."""
PASSED_ON = ("lab", "kubectl")
"""What follows is for another program."""
PARSERS: Mapping[str, Callable[[str], object]] = {
    "yaml": lambda body: list(yaml.safe_load_all(body)),
    "yml": lambda body: list(yaml.safe_load_all(body)),
    "toml": tomllib.loads,
    "json": json.loads,
    "python": ast.parse,
}
"""Language of an example → what reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What pages are held against."""

    tasks: Mapping[str, Task]
    exists: Callable[[str], bool]
    """Whether a path of the repository is there."""


def check(path: str, text: str, facts: Facts) -> Iterator[Problem]:
    """Every promise of a page that is not kept."""
    spans = [(found.start(), found[1]) for found in SPAN.finditer(without_fences(text))]
    for start, said in spans:
        yield from of_code(f"{path}:{line_at(text, start)}", said, facts)
    for typed in blocks(path, text):
        for step in typed.steps:
            yield from of_command(f"{path}:{step.line}", without_comment(step.command), facts)
    for block in FENCE.finditer(text):
        where = f"{path}:{line_at(text, block.start())}"
        if block["kind"] in PARSERS:
            yield from of_example(where, block["kind"], textwrap.dedent(block["body"]))
    for image in IMAGE.finditer(without_fences(text)):
        if not image["text"].strip():
            yield Problem(
                where=f"{path}:{line_at(text, image.start())}", fact="an image has no text", rule="docs.image"
            )


def without_fences(text: str) -> str:
    """A page with its blocks blanked out, so that places stay."""
    return FENCE.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)


def without_comment(command: str) -> str:
    """A command in one line, without what follows its `#`."""
    return re.sub(r"\s+#\s.*$", "", command.replace("\\\n", " "))


def of_code(where: str, said: str, facts: Facts) -> Iterator[Problem]:
    """A span of code: a command, a path, or neither."""
    if said.startswith(("./inv ", "invoke ", "inv ")):
        yield from of_command(where, said, facts)
    elif said.startswith(TOPS) and not PLACEHOLDER.search(said) and " " not in said and not facts.exists(said):
        yield Problem(where=where, fact=f"names {said}, which is not there", rule="docs.path")


def of_command(where: str, line: str, facts: Facts) -> Iterator[Problem]:
    """A command of ours: a task that exists, with flags that it has."""
    try:
        words = shlex.split(line)
    except ValueError:
        return
    if not words or words[0] not in {"./inv", "inv", "invoke"} or len(words) == 1 or words[1].startswith("-"):
        return
    name = words[1]
    if PLACEHOLDER.search(name):
        return
    task = facts.tasks.get(name)
    if task is None:
        yield Problem(
            where=where, fact=f"names the task {name!r}, which does not exist", hint="./inv --list", rule="docs.task"
        )
        return
    known = {flag for each in task.flags for flag in each.names}
    for word in words[2:]:
        if word == "--" or tuple(words[1:3]) == PASSED_ON:
            return
        flag = word.partition("=")[0]
        if flag.startswith("-") and flag not in known and flag not in {"--help", "-h"}:
            yield Problem(where=where, fact=f"{name} has no flag {flag}", hint=f"./inv {name} --help", rule="docs.task")


def of_example(where: str, kind: str, body: str) -> Iterator[Problem]:
    """An example must parse."""
    try:
        PARSERS[kind](body)
    except (yaml.YAMLError, ValueError, SyntaxError) as error:
        said = str(error).splitlines()[0]
        yield Problem(where=where, fact=f"shows {kind} that does not parse: {said}", rule="docs.example")
