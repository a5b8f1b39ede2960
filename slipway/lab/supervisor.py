"""The supervisor of a lab: starts components in order, watches them, and ends them when it ends itself.

`python -m slipway.lab.supervisor FOLDER` reads FOLDER/components.json, writes FOLDER/state.json, and keeps one log for each
component under FOLDER/logs. SIGTERM ends the lab in good order; SIGHUP makes it read components.json again, start what is
new and end what was removed. However the supervisor dies, the kernel kills its children.

A vital server that exits after it was ready is restarted, as a kubelet restarts a container; one that exits more than
RESTARTS times, or that never became ready, ends the lab.
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
from slipway.lab.state import ComponentState, Phase, State
from slipway.tools.background import Child, spawn_child, with_parent
from slipway.tools.run import tail

COMPONENTS = "components.json"
LOGS = "logs"
SIGNALS = frozenset({signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGINT})
PROBE_EVERY_S = 0.05
"""While something starts; otherwise the supervisor sleeps until a signal."""
STOP_S = 10.0
"""How long a group of components may take to end before it is killed."""
CRASH_LINES = 12
RESTARTS = 3
"""Restarts allowed for each component."""


@dataclass(kw_only=True)
class Supervisor:
    """One lab while it runs."""

    folder: Path
    components: Sequence[Component]
    parts: dict[str, ComponentState] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)
    """Name → monotonic time of its start."""

    def run(self) -> int:
        """Start everything and stay until the end; returns the exit code: 0 after SIGTERM, 1 after a failure."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self.parts = {item.name: ComponentState(key=item.key) for item in self.components}
        self.write_state(Phase.STARTING)
        code = self.watch()
        self.stop()
        self.write_state(Phase.FAILED if code else Phase.STOPPED)
        return code

    def watch(self) -> int:
        """Run until a signal or a failed component ends it."""
        written = ""
        while True:
            self.collect()
            self.start_next()
            self.probe()
            if any(item.vital and self.parts[item.name].phase is Phase.FAILED for item in self.components):
                return 1
            busy = any(part.phase in {Phase.WAITING, Phase.STARTING} for part in self.parts.values())
            phase = Phase.STARTING if busy else Phase.READY
            if written != (now := repr((phase, self.parts))):
                self.write_state(phase)
                written = now
            caught = signal.sigtimedwait(SIGNALS, PROBE_EVERY_S if busy else 3600.0)
            if caught is not None and caught.si_signo == signal.SIGHUP:
                self.reload()
            elif caught is not None and caught.si_signo != signal.SIGCHLD:
                return 0

    def reload(self) -> None:
        """Apply components.json: end what was removed, changed or failed, and start what is new."""
        wanted = read(self.folder)
        kept = {
            item.name
            for item in wanted
            if item.name in self.parts
            and self.parts[item.name].key == item.key
            and self.parts[item.name].phase is not Phase.FAILED
        }
        self.end(tuple(name for name in self.parts if name not in kept))
        self.parts = {
            item.name: self.parts[item.name] if item.name in kept else ComponentState(key=item.key) for item in wanted
        }
        self.children = {name: child for name, child in self.children.items() if name in kept}
        self.begun = {name: time_s for name, time_s in self.begun.items() if name in kept}
        self.components = wanted

    def start_next(self) -> None:
        """Start the components whose predecessors are ready."""
        ready = frozenset(name for name, part in self.parts.items() if part.phase in {Phase.READY, Phase.DONE})
        for item in component.startable(self.components, ready, frozenset(self.begun)):
            self.begun[item.name] = time.monotonic()
            try:
                child = spawn_child(item.command(self.folder), self.log(item.name))
            except ToolMissing as error:
                output = tuple(str(error).splitlines())
                self.parts[item.name] = replace(self.parts[item.name], phase=Phase.FAILED, output=output)
                return
            self.children[item.name] = child
            self.parts[item.name] = replace(self.parts[item.name], phase=Phase.STARTING, pid=child.pid)

    def probe(self) -> None:
        """Probe the readiness of each starting component."""
        for item in self.components:
            part = self.parts[item.name]
            if part.phase is not Phase.STARTING:
                continue
            took = time.monotonic() - self.begun[item.name]
            if not item.is_job and answers(item.ready, item.ca, item.netns):
                self.parts[item.name] = replace(part, phase=Phase.READY, seconds=round(took, 2))
            elif took > item.startup_timeout_s:
                self.fail(item.name, f"was not ready within {item.startup_timeout_s:g} s")
                self.end((item.name,))

    def collect(self) -> None:
        """Collect exited processes: a job with exit code 0 is done, everything else failed."""
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
                if item.carries:
                    self.take_down(component.dependents(self.components, item.name))
                self.restart(item.name)

    def fail(self, name: str, fact: str) -> None:
        """Mark a component as failed, with its last log lines."""
        text = self.log(name).read_text(encoding="utf-8", errors="replace")
        output = (fact, *tail(text, CRASH_LINES))
        self.parts[name] = replace(self.parts[name], phase=Phase.FAILED, pid=0, output=output)

    def take_down(self, names: Sequence[str]) -> None:
        """End components whose machine has ended, and queue them; it is not their own restart."""
        self.end(names)
        for name in names:
            self.parts[name] = replace(self.parts[name], phase=Phase.WAITING, pid=0)
            self.children.pop(name, None)
            self.begun.pop(name, None)

    def restart(self, name: str) -> None:
        """Queue an exited component for another start; its last output stays readable."""
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

    def write_state(self, phase: Phase) -> None:
        """Write the state."""
        state.write(self.folder, State(pid=os.getpid(), phase=phase, parts=dict(self.parts)))


def main(arguments: Sequence[str]) -> int:
    """Run the lab of a folder; `--attached` ends it with the process that started it."""
    folder = Path(arguments[0])
    if "--attached" in arguments[1:]:
        with_parent(os.getppid(), signal.SIGTERM)
    return Supervisor(folder=folder, components=read(folder)).run()


def read(folder: Path) -> tuple[Component, ...]:
    """The present components.json."""
    return component.from_json((folder / COMPONENTS).read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
