"""The process that a lab lives in: starts components in order, watches them, and takes them with it when it ends.

`python -m slipway.lab.supervisor FOLDER` reads FOLDER/components.json, writes FOLDER/state.json, and keeps one log for each
component under FOLDER/logs. SIGTERM ends the lab in good order; SIGHUP makes it read components.json again, start what is
new there and end what is not there any more. However the supervisor dies, the kernel kills its children.

A server that the lab cannot do without and that ends after it was ready is started again, as a kubelet does with a container;
one that ends more than RESTARTS times takes the lab with it, and so does one that never was ready.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from slipway.core.errors import ToolMissing
from slipway.lab import component, state
from slipway.lab.component import Component
from slipway.lab.probe import answers
from slipway.lab.state import Part, Phase, State
from slipway.tools.run import Child, spawn_child, tail, with_parent

COMPONENTS = "components.json"
LOGS = "logs"
SIGNALS = frozenset({signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGINT})
PROBE_EVERY_S = 0.05
"""While something starts; otherwise the supervisor sleeps until a signal."""
STOP_S = 10.0
"""How long a group of components may take to end before it is killed."""
CRASH_LINES = 12
RESTARTS = 3
"""How often one component is started again in the life of a lab."""


@dataclass(kw_only=True)
class Supervisor:
    """One lab while it runs."""

    folder: Path
    components: Sequence[Component]
    parts: dict[str, Part] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)
    """Name → monotonic time of its start."""

    def run(self) -> int:
        """Start everything and stay until the end; returns the exit code: 0 after SIGTERM, 1 after a failure."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self.parts = {item.name: Part(key=item.key) for item in self.components}
        self.tell(Phase.STARTING)
        code = self.watch()
        self.stop()
        self.tell(Phase.FAILED if code else Phase.STOPPED)
        return code

    def watch(self) -> int:
        """Go on until somebody ends it or a component fails."""
        told = ""
        while True:
            self.collect()
            self.start_next()
            self.ask()
            if any(item.vital and self.parts[item.name].phase is Phase.FAILED for item in self.components):
                return 1
            busy = any(part.phase in {Phase.WAITING, Phase.STARTING} for part in self.parts.values())
            phase = Phase.STARTING if busy else Phase.READY
            if told != (now := repr((phase, self.parts))):
                self.tell(phase)
                told = now
            caught = signal.sigtimedwait(SIGNALS, PROBE_EVERY_S if busy else 3600.0)
            if caught is not None and caught.si_signo == signal.SIGHUP:
                self.reload()
            elif caught is not None and caught.si_signo != signal.SIGCHLD:
                return 0

    def reload(self) -> None:
        """Take over components.json as it is now: end what is gone, changed or failed, and begin what is there anew."""
        wanted = read(self.folder)
        kept = {
            item.name
            for item in wanted
            if item.name in self.parts
            and self.parts[item.name].key == item.key
            and self.parts[item.name].phase is not Phase.FAILED
        }
        self.end(tuple(name for name in self.parts if name not in kept))
        self.parts = {item.name: self.parts[item.name] if item.name in kept else Part(key=item.key) for item in wanted}
        self.children = {name: child for name, child in self.children.items() if name in kept}
        self.begun = {name: time_s for name, time_s in self.begun.items() if name in kept}
        self.components = wanted

    def start_next(self) -> None:
        """Start what waits for nothing any more."""
        ready = frozenset(name for name, part in self.parts.items() if part.phase in {Phase.READY, Phase.DONE})
        for item in component.startable(self.components, ready, frozenset(self.begun)):
            self.begun[item.name] = time.monotonic()
            try:
                child = spawn_child(item.command(self.folder), self.log(item.name))
            except ToolMissing as error:
                said = tuple(str(error).splitlines())
                self.parts[item.name] = replace(self.parts[item.name], phase=Phase.FAILED, said=said)
                return
            self.children[item.name] = child
            self.parts[item.name] = replace(self.parts[item.name], phase=Phase.STARTING, pid=child.pid)

    def ask(self) -> None:
        """Ask each component that starts whether it is ready."""
        for item in self.components:
            part = self.parts[item.name]
            if part.phase is not Phase.STARTING:
                continue
            took = time.monotonic() - self.begun[item.name]
            if not item.is_job and answers(item.ready, item.ca):
                self.parts[item.name] = replace(part, phase=Phase.READY, seconds=round(took, 2))
            elif took > item.patience_s:
                self.fail(item.name, f"was not ready within {item.patience_s:g} s")
                self.end((item.name,))

    def collect(self) -> None:
        """Notice what ended: a job that ended with 0 is done, everything else is a failure."""
        for item in self.components:
            child = self.children.get(item.name)
            part = self.parts[item.name]
            if child is None or part.phase not in {Phase.STARTING, Phase.READY}:
                continue
            code = child.poll()
            if code is None:
                continue
            if item.is_job and code == 0:
                took = time.monotonic() - self.begun[item.name]
                self.parts[item.name] = replace(part, phase=Phase.DONE, pid=0, seconds=round(took, 2))
                continue
            how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
            self.fail(item.name, f"ended with {how}")
            was_ready = part.phase is Phase.READY or part.restarts > 0
            if item.vital and not item.is_job and was_ready and part.restarts < RESTARTS:
                self.again(item.name)

    def fail(self, name: str, fact: str) -> None:
        """A component that is not what it should be, with its last lines."""
        text = self.log(name).read_text(encoding="utf-8", errors="replace")
        said = (fact, *tail(text, CRASH_LINES))
        self.parts[name] = replace(self.parts[name], phase=Phase.FAILED, pid=0, said=said)

    def again(self, name: str) -> None:
        """Let a component that ended wait for its turn like a new one; what it said last stays to be read."""
        self.parts[name] = replace(self.parts[name], phase=Phase.WAITING, restarts=self.parts[name].restarts + 1)
        del self.children[name], self.begun[name]

    def stop(self) -> None:
        """End every component, dependents first."""
        for group in component.stop_order(self.components):
            self.end(group)

    def end(self, names: Sequence[str]) -> None:
        """End some components and wait until they are gone."""
        running = [self.children[name] for name in names if name in self.children]
        for child in running:
            child.end()
        limit = time.monotonic() + STOP_S
        while any(child.poll() is None for child in running):
            if time.monotonic() > limit:
                for child in running:
                    child.kill()
            time.sleep(PROBE_EVERY_S)

    def log(self, name: str) -> Path:
        """Where a component's output is."""
        return self.folder / LOGS / f"{name}.log"

    def tell(self, phase: Phase) -> None:
        """Write the state."""
        state.write(self.folder, State(pid=os.getpid(), phase=phase, parts=dict(self.parts)))


def main(arguments: Sequence[str]) -> int:
    """Run the lab of a folder; `--attached` ends it with the process that started it."""
    folder = Path(arguments[0])
    if "--attached" in arguments[1:]:
        with_parent(os.getppid(), signal.SIGTERM)
    return Supervisor(folder=folder, components=read(folder)).run()


def read(folder: Path) -> tuple[Component, ...]:
    """What components.json says now."""
    return component.from_json((folder / COMPONENTS).read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
