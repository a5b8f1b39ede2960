"""The sessions of the pages, run: a copy of the working tree, the commands as they are typed, and their output.

Worker processes share one folder. A session runs once, and whoever needs what it left waits for it. Each copy has a registry
of its own, with what the session that it goes on with had published.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.core.errors import Problem
from slipway.docs import site
from slipway.docs.checks import console_blocks, console_output
from slipway.docs.checks.console_blocks import ConsoleCommand, Session
from slipway.docs.pages.tested_commands import first_line
from slipway.registry.embedded import Daemon
from slipway.toolchain import shipped
from slipway.tools.process import free_port
from slipway.tools.run import Command, Completed, run_process, tail
from testing import digests
from testing.monorepo import ROOT
from testing.product import commit_product, equip

STEP_S = 900.0
"""How long one command may take; the slowest starts the whole platform in a lab."""
SHELL = """\
unset ${!PYTEST_@}
[ ! -e "$STATE" ] || . "$STATE"
cd "${CWD:-.}" || exit
trap 'code=$?; CWD=$PWD; export CWD; export -p >"$STATE"; exit $code' EXIT
exec 2>&1
"""
"""A shell of the session: it goes on in the folder and with the variables of the one before."""

STILL_RUNNING = re.compile(r"  \S.* … \d+ s\b.*")
"""What a step of more than half a minute prints now and then: it depends on the machine, so no page shows it."""
UPDATE = "copy the output into the page; `…` matches what differs from run to run, and --update writes its digests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of the repository, and the home of its user."""

    folder: Path

    @property
    def root(self) -> Path:
        """The checkout."""
        return self.folder / "homelab"

    @property
    def port(self) -> str:
        """Of the copy's registry."""
        return (self.folder / "port").read_text(encoding="utf-8")

    def take_port(self) -> str:
        """A port of its own."""
        (self.folder / "port").write_text(str(free_port()), encoding="utf-8")
        return self.port

    @property
    def environ(self) -> Mapping[str, str]:
        """What is set besides the variables of this process."""
        home = str(self.folder / "home")
        # Whatever the settings of the checkout are: no test publishes to another registry.
        registry = {"SLIPWAY_REGISTRY": "embedded", "SLIPWAY_REGISTRY_PORT": self.port}
        cache = str(self.folder / "cache")
        return {**registry, "HOME": home, "STATE": str(self.folder / "state"), shipped.CACHE: cache}

    def make(self) -> None:
        """The working tree as a first commit, with what git would take and nothing that a release writes."""
        self.folder.mkdir()
        (self.folder / "home").mkdir()
        self.take_port()
        commit_product(self.root)
        self.equip()

    def go_on(self, other: Copy) -> None:
        """What another session left."""
        shutil.copytree(other.folder, self.folder, symlinks=True)
        before, now = (f"127.0.0.1:{port}" for port in (self.port, self.take_port()))
        # A pin names the registry; two copies cannot have one at the same port.
        for path in (self.root / "deploy").rglob("*.yaml"):
            path.write_text(path.read_text(encoding="utf-8").replace(before, now), encoding="utf-8")
        shutil.rmtree(self.root / ".venv")
        (self.folder / "state").unlink(missing_ok=True)
        self.equip()

    def equip(self) -> None:
        """The programs and packages that are there already, under the copy's own name, and for a slipway that it installs."""
        equip(self.root)
        programs = self.folder / "cache" / shipped.BUILT
        programs.mkdir(parents=True, exist_ok=True)
        for made in (self.root / ".tools").glob("*-v*/"):
            if not (programs / made.name).exists():
                (programs / made.name).symlink_to(made.resolve())

    def type(self, step: ConsoleCommand) -> Completed:
        """A command of the page, to its end."""
        argv = ("bash", "-c", f"{SHELL}{step.command}\n")
        return run_process(Command(argv=argv, cwd=self.root, env=self.environ, ok_codes=None, timeout_s=STEP_S))

    def leave(self) -> None:
        """End what the session started."""
        if (self.root / ".lab").exists():
            self.type(ConsoleCommand(command=f"cd '{self.root}' && ./inv lab down", output=(), code=0, line=0))
        for folder in (self.root / ".registry", *(self.folder / "home").glob("*/.registry")):
            Daemon(folder=folder, port=0).stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Every session, and the folder that all workers share."""

    folder: Path
    known: Mapping[str, Session]
    update: bool = False
    """Write the digests that a page shows anew."""

    @staticmethod
    def of_pages() -> dict[str, Session]:
        """Name → session, in the order in which they can run."""
        return {one.name: one for one in console_blocks.sessions(site.console_blocks_of(ROOT))}

    @classmethod
    def below(cls, worker: Path, known: Mapping[str, Session], *, update: bool = False) -> Sessions:
        """In the folder of the whole test run, when given that of this worker."""
        folder = (worker.parent if "PYTEST_XDIST_WORKER" in os.environ else worker) / "sessions"
        folder.mkdir(exist_ok=True)
        return cls(folder=folder, known=known, update=update)

    def verdict(self, name: str) -> str:
        """What is wrong with a session, by an earlier run or by one now; empty when nothing is."""
        verdict = self.folder / f"{name}.verdict"
        with locked(self.folder / f"{name}.lock"):
            if not verdict.exists():
                verdict.write_text(self.run(self.known[name]), encoding="utf-8")
            return verdict.read_text(encoding="utf-8")

    def run(self, session: Session) -> str:
        """Run the commands until one differs from the page."""
        copy = Copy(folder=self.folder / session.name)
        if session.origin:
            if self.verdict(session.origin):
                return f"{session.blocks[0].where}: goes on with the session {session.origin!r}, which failed"
            copy.go_on(Copy(folder=self.folder / session.origin))
        else:
            copy.make()
        try:
            for block in session.blocks:
                for step in block.steps:
                    done = copy.type(step)
                    output = (
                        digests.as_published_by_a_reader(copy.root, copy.environ, shown(done)) if step.output else []
                    )
                    wanted = digests.update(ROOT / block.page, step, output) if self.update else step
                    if problem := judge(f"{block.page}:{step.line}", wanted, done, output):
                        return str(problem)
        finally:
            copy.leave()
        if all(other.origin != session.name for other in self.known.values()):
            shutil.rmtree(copy.folder)
        return ""


def shown(done: Completed) -> list[str]:
    """The output as a page shows it."""
    return [line for line in done.stdout.splitlines() if not STILL_RUNNING.fullmatch(line)]


def judge(where: str, step: ConsoleCommand, done: Completed, output: Sequence[str]) -> Problem | None:
    """What differs between a page and what happened."""
    typed = first_line(step.command)
    if done.code != step.code:
        fact = f"`{typed}` ended with exit code {done.code}, and the page has {step.code}"
        return Problem(where=where, fact=fact, evidence=tail(done.stdout), hint=f"fix it, or {UPDATE}")
    different = console_output.compare(step.output, output) if step.output else None
    if different is None:
        return None
    page, _, first = where.rpartition(":")
    line = int(first) + len(step.command.splitlines()) + different.line
    return Problem(
        where=f"{page}:{line}",
        fact=f"`{typed}` has another output than the page",
        evidence=(
            f"page    {different.shown}",
            f"actual  {different.actual}",
            "complete output:",
            *tail(done.stdout, 60),
        ),
        hint=UPDATE,
    )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock."""
    with path.open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
