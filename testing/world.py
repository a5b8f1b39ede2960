"""A monorepo in a folder with a registry of its own, used as the tasks use it; and runners that record what is started."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slipway.context import Context, open_context
from slipway.registry import embedded
from slipway.registry.publish import publish_all
from slipway.release import release
from slipway.tools.run import Command, Completed, Runner, run_process
from slipway.workspace import graph
from testing.faulty import unused_port
from testing.monorepo import ROOT, Monorepo, small


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A monorepo, and the port of its registry, which starts when it is first asked."""

    repo: Monorepo
    port: int

    @property
    def environ(self) -> Mapping[str, str]:
        """This process's variables, with the registry's port."""
        return {**os.environ, "SLIPWAY_ROOT": str(self.repo.root), "SLIPWAY_REGISTRY_PORT": str(self.port)}

    def context(self, run: Runner = run_process, **environ: str) -> Context:
        """The wiring over the files as they are now."""
        return open_context(self.repo.root, {**self.environ, **environ}, quiet=True, run=run)

    def inv(self, *arguments: str) -> Completed:
        """Run a task as a process, by the launcher inside the environment."""
        argv = (sys.executable, "-I", str(ROOT / "slipway/cli/launch.py"), *arguments)
        return run_process(Command(argv=argv, cwd=ROOT, env=self.environ, ok_codes=None))

    def ok(self, *arguments: str) -> str:
        """The output of a task that must succeed."""
        done = self.inv(*arguments)
        assert done.code == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """The JSON of a task that must succeed."""
        return json.loads(self.ok(*arguments, "--json"))

    def publish(self) -> list[str]:
        """Publish every chart whose version is not in the registry, without the checks of a release."""
        context = self.context()
        order = graph.order(context.workspace)
        built, problems = context.builder().build(order)
        assert problems == ()
        before = context.published()
        levels = graph.levels(context.workspace)
        publish_all(context.registry, [[built[name].archive for name in level] for level in levels])
        return [f"{name} {built[name].archive.version}" for name in order if not before[name]]

    def release(self, **options: Any) -> release.Outcome:
        """Release to staging; `options` are those of the function."""
        return release.release(self.context(), environment="staging", **options)

    def published(self) -> dict[str, str]:
        """`name:tag` → manifest digest, of everything that is published."""
        context = self.context()
        found = {}
        for name in context.workspace.charts:
            for tag in context.registry.tags(name):
                published = context.registry.published({name: tag})[name]
                assert published is not None
                found[f"{name}:{tag}"] = str(published.manifest)
        return found

    def deployed(self) -> dict[str, bytes]:
        """The files of deploy/staging."""
        folder = self.repo.root / "deploy/staging"
        return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}

    def stop(self) -> None:
        """End the registry."""
        embedded.daemon_of(self.context().config).stop()


@contextmanager
def world_in(folder: Path, port: int = 0) -> Iterator[World]:
    """A small monorepo in a folder, for the time of a block; on a free port when none is given."""
    made = World(repo=small(folder), port=port or unused_port())
    try:
        yield made
    finally:
        made.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """A runner that records every command, and passes it on."""

    run: Runner = run_process
    commands: list[Command] = field(default_factory=list)

    def __call__(self, command: Command) -> Completed:
        self.commands.append(command)
        return self.run(command)


def answering(code: int = 0, stdout: str = "", stderr: str = "") -> Runner:
    """A runner that starts nothing: every command ends like this."""

    def run(command: Command) -> Completed:
        return Completed(argv=command.argv, code=code, stdout=stdout, stderr=stderr, seconds=0.0)

    return run


def refusing(command: Command) -> Completed:
    """A runner for what must start no process."""
    raise AssertionError(f"started {command}")
