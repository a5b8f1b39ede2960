"""The console blocks of written pages: commands, shown output, and how the tests run them. Pure.

The info string of a block has marks, which neither GitHub nor the site shows:

    ```console run="NAME"               run in the session NAME: in page order, in one copy of the repository
    ```console run="NAME" from="OTHER"  the session continues in a copy of the result of another session
    ```console lab="NAME"               the same, with the programs of the lab; a session with run= cannot continue it
    ```console skip="REASON"            not run, for this reason

A block that needs a running cluster has no mark. In the output `…` matches anything within a line; a line of `…` matches any
lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from slipway.core.errors import Problem

FENCE = re.compile(
    r"^(?P<indent> *)(?P<mark>`{3,}|~{3,})(?P<kind>[\w+-]*)(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=indent)(?P=mark) *$",
    re.MULTILINE | re.DOTALL,
)
SHELL = frozenset({"console", "sh", "bash"})
"""Languages of shell blocks."""
WORD = re.compile(r'\s+(?P<key>[\w-]+)(?:="(?P<value>[^"]*)")?')
MARKS = ("run", "lab", "skip")
"""Mutually exclusive marks."""
KEYS = (*MARKS, "from")
EXIT_CODE = re.compile(r"\s#.*\bexit code (\d+)\b")
"""A comment with the expected exit code."""
RUNBOOKS = "docs/runbooks/"
"""Pages whose commands need a running cluster."""
NOT_RUNNABLE = {
    "kubectl": "needs a running cluster",
    "ssh": "runs on a node",
    "sudo": "runs on a node",
    "dig": "needs the internet",
    "ping": "needs the home network",
    "openssl s_client": "needs the home network",
    "timedatectl": "runs on a node",
}
"""Program → the reason for not running a block with it and without a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleCommand:
    """A command with its expected result."""

    command: str
    """Without prompts."""
    output: tuple[str, ...]
    """The output that the page shows, if any."""
    code: int
    """The expected exit code."""
    line: int
    """The line in the page, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A console block."""

    page: str
    line: int
    marks: Mapping[str, str]
    steps: tuple[ConsoleCommand, ...]

    @property
    def where(self) -> str:
        """`page:line`."""
        return f"{self.page}:{self.line}"

    @property
    def skip_reason(self) -> str:
        """The reason for not running the block; empty if it runs or has no reason."""
        if any(mark in self.marks for mark in MARKS):
            return self.marks.get("skip", "")
        if self.page.startswith(RUNBOOKS):
            return NOT_RUNNABLE["kubectl"]
        commands = "\n".join(step.command for step in self.steps)
        if "./inv" in commands:
            return ""
        return next((why for program, why in NOT_RUNNABLE.items() if re.search(rf"\b{program}\b", commands)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Blocks that run one after the other in one copy of the repository."""

    name: str
    blocks: tuple[Block, ...]

    @property
    def page(self) -> str:
        """The page of its first block."""
        return self.blocks[0].page

    @property
    def lab(self) -> bool:
        """Whether it requires the programs of the lab."""
        return "lab" in self.blocks[0].marks

    @property
    def origin(self) -> str:
        """The session that it continues, or an empty string."""
        return self.blocks[0].marks.get("from", "")


def fences(text: str) -> Iterator[re.Match[str]]:
    """The fenced blocks of a page."""
    return FENCE.finditer(text)


def line_at(text: str, start: int) -> int:
    """The line of an offset, from 1."""
    return text.count("\n", 0, start) + 1


def blocks(page: str, text: str) -> Iterator[Block]:
    """The shell blocks of a page."""
    for fence in fences(text):
        if fence["kind"] in SHELL:
            line = line_at(text, fence.start())
            marks = {word["key"]: word["value"] or "" for word in WORD.finditer(fence["info"])}
            body = [content.removeprefix(fence["indent"]) for content in fence["body"].splitlines()]
            yield Block(page=page, line=line, marks=marks, steps=tuple(steps(body, line + 1)))


def steps(body: Iterable[str], first: int = 1) -> Iterator[ConsoleCommand]:
    """The commands of a block, each with its shown output.

    Args:
        body: lines of the block.
        first: line number of the first one.
    """
    command: list[str] = []
    output: list[str] = []
    start = first
    for number, line in enumerate(body, start=first):
        if line.startswith("$ "):
            if command:
                yield step(command, output, start)
            command, output, start = [line[2:]], [], number
        elif command and not output and (line.startswith("> ") or command[-1].endswith("\\")):
            command.append(line.removeprefix("> "))
        elif command:
            output.append(line.rstrip())
    if command:
        yield step(command, output, start)


def step(command: list[str], output: list[str], line: int) -> ConsoleCommand:
    """A command with its shown output and exit code."""
    text = "\n".join(command)
    exit_code = EXIT_CODE.search(text)
    return ConsoleCommand(command=text, output=tuple(output), code=int(exit_code[1]) if exit_code else 0, line=line)


def sessions(found: Iterable[Block]) -> tuple[Session, ...]:
    """The sessions of all pages, each after the one that it continues, otherwise in page order."""
    grouped: dict[str, list[Block]] = {}
    for block in found:
        if name := block.marks.get("run") or block.marks.get("lab"):
            grouped.setdefault(name, []).append(block)
    made = {name: Session(name=name, blocks=tuple(group)) for name, group in grouped.items()}
    ordered: dict[str, Session] = {}
    for session in made.values():
        chain = [session]
        while (before := made.get(chain[-1].origin)) and before not in chain:
            chain.append(before)
        ordered |= {one.name: one for one in reversed(chain)}
    return tuple(ordered.values())


def problems(found: Iterable[Block]) -> Iterator[Problem]:
    """Blocks without a mark, invalid marks, and sessions that cannot be run."""
    everything = tuple(found)
    for block in everything:
        yield from mark_problems(block)
    known = sessions(everything)
    names = {session.name: session for session in known}
    for session in known:
        if others := {block.page for block in session.blocks} - {session.page}:
            fact = f"the session {session.name!r} is also used in {', '.join(sorted(others))}"
            yield Problem(where=session.blocks[0].where, fact=fact, hint="rename the session", rule="docs.run")
        origin = names.get(session.origin)
        if session.origin and (origin is None or (origin.lab and not session.lab) or origin.origin == session.name):
            fact = f"the session {session.name!r} cannot continue {session.origin!r}"
            hint = f"from= one of {', '.join(sorted(names))}"
            yield Problem(where=session.blocks[0].where, fact=fact, hint=hint, rule="docs.run")


def mark_problems(block: Block) -> Iterator[Problem]:
    """Problems of the marks of a block."""
    hint = 'mark it ```console run="SESSION", or skip="the reason"'
    if unknown := [key for key in block.marks if key not in KEYS]:
        yield Problem(
            where=block.where, fact=f"the block has the unknown mark {unknown[0]!r}", hint=hint, rule="docs.run"
        )
        return
    chosen = [key for key in MARKS if key in block.marks]
    if not chosen and not block.skip_reason:
        yield Problem(
            where=block.where, fact="no test runs this block, and it has no reason for that", hint=hint, rule="docs.run"
        )
    if len(chosen) > 1 or any(not value for value in block.marks.values()):
        yield Problem(
            where=block.where,
            fact="the marks of this block are empty or contradict each other",
            hint=hint,
            rule="docs.run",
        )
    if chosen and not block.steps:
        yield Problem(where=block.where, fact="the block has no command: no line begins with `$ `", rule="docs.run")


def without_marks(text: str) -> str:
    """A page with the marks of its console blocks removed, as MkDocs requires."""
    return FENCE.sub(lambda fence: unmarked(fence) if fence["kind"] in SHELL else fence[0], text)


def unmarked(fence: re.Match[str]) -> str:
    """A block without marks; other attributes are kept."""
    kept = "".join(word[0] for word in WORD.finditer(fence["info"]) if word["key"] not in KEYS)
    start, end = fence.start("info") - fence.start(), fence.end("info") - fence.start()
    return f"{fence[0][:start]}{kept}{fence[0][end:]}"
