"""The console blocks of written pages: what one types, what is shown, and whether the tests run it. Pure.

A block says in its first line what becomes of it; neither GitHub nor the site shows that:

    ```console run="NAME"               commands of one session: they run in the order of the page, in one copy
    ```console run="NAME" from="OTHER"  the session starts in a copy of what another one left
    ```console lab="NAME"               the same, with the programs of the lab; no session with run= goes on with it
    ```console skip="REASON"            the tests cannot run it, and why

What asks a running cluster needs no mark. In the output `…` stands for anything within a line, and alone for any lines.
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
"""Languages of blocks that one types into a shell."""
WORD = re.compile(r'\s+(?P<key>[\w-]+)(?:="(?P<value>[^"]*)")?')
MARKS = ("run", "lab", "skip")
"""A block has one of them."""
KEYS = (*MARKS, "from")
ENDS = re.compile(r"\s#.*\bexit code (\d+)\b")
"""A comment that says how a command ends."""
RUNBOOKS = "docs/runbooks/"
"""Pages about a cluster that runs."""
ELSEWHERE = {
    "kubectl": "needs a running cluster",
    "ssh": "runs on a node",
    "sudo": "runs on a node",
    "dig": "needs the internet",
    "ping": "needs the home network",
    "openssl s_client": "needs the home network",
    "timedatectl": "runs on a node",
}
"""Program → why a block with it, and without a task, cannot be run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command, and what the page says of it."""

    command: str
    """As typed; lines after the first without their prompt."""
    output: tuple[str, ...]
    """Lines that are shown; none when the page shows nothing."""
    code: int
    """The exit code that the page names, or 0."""
    line: int
    """Where it stands, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A console block."""

    page: str
    line: int
    marks: Mapping[str, str]
    steps: tuple[Step, ...]

    @property
    def where(self) -> str:
        """`page:line`."""
        return f"{self.page}:{self.line}"

    @property
    def reason(self) -> str:
        """Why it is not run; empty when it is, or when nobody says so."""
        if any(mark in self.marks for mark in MARKS):
            return self.marks.get("skip", "")
        if self.page.startswith(RUNBOOKS):
            return ELSEWHERE["kubectl"]
        typed = "\n".join(step.command for step in self.steps)
        if "./inv" in typed:
            return ""
        return next((why for program, why in ELSEWHERE.items() if re.search(rf"\b{program}\b", typed)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Blocks that run one after the other in one copy of the repository."""

    name: str
    blocks: tuple[Block, ...]

    @property
    def page(self) -> str:
        """The page that it is on."""
        return self.blocks[0].page

    @property
    def lab(self) -> bool:
        """Whether it needs the programs of the lab."""
        return "lab" in self.blocks[0].marks

    @property
    def origin(self) -> str:
        """The session whose copy it goes on with; empty for a fresh one."""
        return self.blocks[0].marks.get("from", "")


def fences(text: str) -> Iterator[re.Match[str]]:
    """Every fenced block of a page."""
    return FENCE.finditer(text)


def line_at(text: str, start: int) -> int:
    """The line of a place, counted from 1."""
    return text.count("\n", 0, start) + 1


def blocks(page: str, text: str) -> Iterator[Block]:
    """Every block of a page that one types into a shell."""
    for fence in fences(text):
        if fence["kind"] in SHELL:
            line = line_at(text, fence.start())
            marks = {word["key"]: word["value"] or "" for word in WORD.finditer(fence["info"])}
            body = [content.removeprefix(fence["indent"]) for content in fence["body"].splitlines()]
            yield Block(page=page, line=line, marks=marks, steps=tuple(steps(body, line + 1)))


def steps(body: Iterable[str], first: int = 1) -> Iterator[Step]:
    """The commands of a block with what is shown below each.

    Args:
        body: its lines.
        first: the number of the first of them.
    """
    command: list[str] = []
    output: list[str] = []
    begun = first
    for number, line in enumerate(body, start=first):
        if line.startswith("$ "):
            if command:
                yield step(command, output, begun)
            command, output, begun = [line[2:]], [], number
        elif command and not output and (line.startswith("> ") or command[-1].endswith("\\")):
            command.append(line.removeprefix("> "))
        elif command:
            output.append(line.rstrip())
    if command:
        yield step(command, output, begun)


def step(command: list[str], output: list[str], line: int) -> Step:
    """A command with what the page says of it."""
    typed = "\n".join(command)
    ends = ENDS.search(typed)
    return Step(command=typed, output=tuple(output), code=int(ends[1]) if ends else 0, line=line)


def sessions(found: Iterable[Block]) -> tuple[Session, ...]:
    """The sessions of all pages, each after the one that it goes on with, otherwise in the order of the pages."""
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
    """Blocks of which nobody knows whether they are run, and marks that say nothing."""
    everything = tuple(found)
    for block in everything:
        yield from misunderstood(block)
    known = sessions(everything)
    names = {session.name: session for session in known}
    for session in known:
        if others := {block.page for block in session.blocks} - {session.page}:
            fact = f"the session {session.name!r} is also one of {', '.join(sorted(others))}"
            yield Problem(where=session.blocks[0].where, fact=fact, hint="give it another name", rule="docs.run")
        origin = names.get(session.origin)
        if session.origin and (origin is None or (origin.lab and not session.lab) or origin.origin == session.name):
            fact = f"the session {session.name!r} goes on with {session.origin!r}, which it cannot"
            hint = f"from= one of {', '.join(sorted(names))}"
            yield Problem(where=session.blocks[0].where, fact=fact, hint=hint, rule="docs.run")


def misunderstood(block: Block) -> Iterator[Problem]:
    """What is wrong with the marks of one block."""
    hint = 'mark it ```console run="SESSION", or skip="the reason"'
    if unknown := [key for key in block.marks if key not in KEYS]:
        yield Problem(where=block.where, fact=f"the block has the mark {unknown[0]!r}", hint=hint, rule="docs.run")
        return
    chosen = [key for key in MARKS if key in block.marks]
    if not chosen and not block.reason:
        yield Problem(
            where=block.where, fact="no test runs this block, and nothing says why", hint=hint, rule="docs.run"
        )
    if len(chosen) > 1 or any(not value for value in block.marks.values()):
        yield Problem(where=block.where, fact="the marks of this block say nothing clear", hint=hint, rule="docs.run")
    if chosen and not block.steps:
        yield Problem(where=block.where, fact="no line of this block begins with `$ `", rule="docs.run")


def unmarked(text: str) -> str:
    """A page without its marks: for whoever shows it."""
    return FENCE.sub(lambda fence: without_marks(fence) if fence["kind"] in SHELL else fence[0], text)


def without_marks(fence: re.Match[str]) -> str:
    """A block whose first line names the language and what is no mark of ours."""
    kept = "".join(word[0] for word in WORD.finditer(fence["info"]) if word["key"] not in KEYS)
    start, end = fence.start("info") - fence.start(), fence.end("info") - fence.start()
    return f"{fence[0][:start]}{kept}{fence[0][end:]}"
