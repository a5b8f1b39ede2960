"""What `./inv lab …` does."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.cli.run import chosen, one_of
from slipway.context import Context
from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.lab import applications, lab
from slipway.lab.applications import Application
from slipway.lab.lab import Lab
from slipway.lab.place import Place, place_of
from slipway.lab.real import catalog, join
from slipway.lab.state import State
from slipway.util import filelock
from slipway.util.progress import Progress
from slipway.util.text import being, counted, table

ACTIONS = ("up", "status", "kubectl", "logs", "down")
HEALTHY_S = 600.0
"""How long the Applications may take until they are well."""
LOG_LINES = 50
REAL_HEAD = ("REAL", "PROGRAM", "IMAGE", "IN PLACE OF", "REACHED AT", "SEES YOU")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The words of the command line."""

    action: str
    what: str = ""
    name: str = ""
    environment: str = ""
    real: str = ""
    """Components of `real/catalog.py`, separated by commas."""
    rest: str = ""
    """What follows `--`, quoted for a shell."""


def perform(context: Context, asked: Asked) -> Mapping[str, object]:
    """Do it, and say what is then true.

    Raises:
        BuildError: it cannot be done.
    """
    place = place_of(context.config.root, asked.name)
    one_of("lab", asked.action, ACTIONS)
    if asked.action == "up":
        return up(context, place, chosen(context, asked.environment), catalog.chosen(asked.real))
    if asked.action == "down":
        ran = lab.stop(place)
        return {"lab": place.name, "said": "stopped, its folder is removed" if ran else "did not run"}
    if asked.action == "logs":
        return logs(place, asked.what)
    if asked.action == "kubectl":
        enter(lab.attach(context, place, chosen(context, asked.environment)), asked.rest)
    return status(context, place, chosen(context, asked.environment))


def up(context: Context, place: Place, environment: str, real: Sequence[str] = ()) -> Mapping[str, object]:
    """Start the lab unless it runs, publish the working tree, and wait until every Application is well.

    Args:
        context: the wiring.
        place: the lab.
        environment: what is delivered.
        real: components that run for real, besides those that do already.

    Raises:
        WorkspaceError: a real component's pod is not there, or lacks something.
        ToolFailed: a component failed.
        AlreadyPublished: the lab has a chart's version with other content.
        NotConverged: an Application is not well in time.
    """
    began = time.monotonic()
    # Building may take minutes, and is better known before anything runs.
    join.programs(context, real)
    with filelock.hold(place.folder.parent / f"{place.name}.lock", what="another start of this lab", wait_s=600.0):
        if place.running() is None:
            lab.start(context, place)
        here = lab.attach(context, place, environment)
        with ended_explained(place):
            deliver(here)
            names = [str(umbrella.name) for umbrella in here.context.workspace.umbrellas]
            with live(context) as on_change:
                found = applications.wait_until_healthy(
                    here.kubectl,
                    context.config.argocd_namespace,
                    names,
                    wait_s=HEALTHY_S,
                    on_change=on_change,
                    may_return=lambda: place.running() is not None,
                )
            if wanted := (*join.running(place), *real):
                with context.progress.step("real components") as done:
                    done(", ".join(join.join(here, wanted)))
    tell_restarts(context.progress, place)
    took = time.monotonic() - began
    said = f"{counted(len(found), 'Application')} {being(len(found))} Synced and Healthy after {took:.0f} s"
    rows = [item.row for item in found]
    return {"lab": place.name, "said": said, "next": next_steps(place), "applications": rows, **real_rows(place)}


def tell_restarts(progress: Progress, place: Place) -> None:
    """Say which programs did not last: the lab goes on without a trace of it in its Applications."""
    found = place.state()
    for name, part in found.parts.items() if found else ():
        if part.restarts:
            logs = f"./inv lab logs --what {name}{lab.name_flag(place)}"
            progress.say(f"{name} {part.output[0]} and was started again: {logs}")


@contextmanager
def ended_explained(place: Place) -> Iterator[None]:
    """When a program fails because the lab has ended, say why it has.

    Raises:
        ToolFailed: a component failed, or what the program said when none did.
    """
    try:
        yield
    except ToolFailed as error:
        found = place.state()
        if found is None or not found.failed:
            raise
        raise ToolFailed(tuple(lab.startup_problems(place, found))) from error


def deliver(here: Lab) -> None:
    """Build while the control plane starts, publish, and hand over to Argo CD.

    Raises:
        BuildError: see `up`.
    """
    progress = here.context.progress
    with progress.step("package") as done:
        built = lab.build(here.context)
        done(counted(len(built), "chart"))
    with progress.step("control plane, Argo CD") as done:
        found = lab.wait_ready(here.place)
        done(f"{len(found.parts)} components")
    with progress.step("publish") as done:
        lab.provide_storage(here, built)
        published = lab.publish_tree(here, built)
        lab.hand_over(here, lab.deploy_files(here))
        done(f"{counted(len(published), 'chart')} to the lab's registry, ApplicationSet applied")


def next_steps(place: Place) -> str:
    """What a person may want to do now."""
    flag = lab.name_flag(place)
    return f"./inv lab kubectl{flag} get pods -A   |   ./inv lab status{flag}   |   ./inv lab down{flag}"


@contextmanager
def live(context: Context) -> Iterator[Callable[[tuple[Application, ...]], None]]:
    """Show the Applications while they change: a table in place on a terminal, a line for each change elsewhere."""
    progress = context.progress
    if progress.quiet:
        yield lambda _: None
        return
    if progress.stream.isatty():
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        with Live(console=Console(file=progress.stream), auto_refresh=False, transient=True) as display:
            yield lambda found: display.update(Text(applications_table(found)), refresh=True)
        return
    told: dict[str, tuple[str, ...]] = {}

    def tell(found: tuple[Application, ...]) -> None:
        for item in found:
            if told.get(item.name) != item.row:
                told[item.name] = item.row
                progress.say("  " + "  ".join(part for part in item.row if part))

    yield tell


def applications_table(found: tuple[Application, ...]) -> str:
    """The Applications for people."""
    return table(applications.HEAD, (item.row for item in found))


def status(context: Context, place: Place, environment: str) -> Mapping[str, object]:
    """Every component, and the Applications when the lab runs."""
    found = place.running() or place.state()
    if found is None:
        return {"lab": place.name, "said": f"does not run; ./inv lab up{lab.name_flag(place)}"}
    facts: dict[str, object] = {"lab": place.name, "components": component_rows(found), **real_rows(place)}
    if place.running() is None:
        return {
            **facts,
            "said": "does not run any more",
            "failed": [str(item) for item in lab.startup_problems(place, found)],
        }
    here = lab.attach(context, place, environment)
    rows = applications.read(here.kubectl, context.config.argocd_namespace)
    if found.failed:
        facts["failed"] = [str(item) for item in lab.startup_problems(place, found)]
    return {**facts, "said": f"runs, process {found.pid}", "applications": [item.row for item in rows]}


def component_rows(found: State) -> list[tuple[str, ...]]:
    """A line for each component."""
    return [
        (name, part.phase, str(part.pid or "-"), f"{part.seconds:.1f} s", memory(part.pid), str(part.restarts))
        for name, part in found.parts.items()
    ]


def real_rows(place: Place) -> dict[str, object]:
    """A line for each door of each real component; nothing when there is none."""
    rows = [
        (name, str(item["program"]), str(item["image"]), str(item["pod"]), f"{port} {address}", f"as {client}")
        for name, item in join.facts(place).items()
        for port, address, client in item["doors"]
    ]
    return {"real": rows} if rows else {}


def memory(pid: int) -> str:
    """The resident memory of a process; `-` when it does not run.

    Source: proc_pid_status(5), VmRSS in KiB.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "-"
    size = next((line.split()[1] for line in lines if line.startswith("VmRSS:")), "")
    return f"{int(size) // 1024} MB" if size else "-"


def logs(place: Place, component: str) -> Mapping[str, object]:
    """The last lines of a component's log.

    Raises:
        WorkspaceError: there is no such component.
    """
    known = tuple(sorted(path.stem for path in place.logs.glob("*.log")))
    if not known:
        raise WorkspaceError(Problem(where=f"lab {place.name}", fact="has no logs", hint="./inv lab up"))
    if not component:
        return {"lab": place.name, "said": "logs of " + ", ".join(known), "next": "./inv lab logs --what COMPONENT"}
    path = place.logs / f"{one_of('lab logs', component, known)}.log"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
    return {"lab": place.name, "said": str(path.relative_to(place.folder.parent.parent)), "lines": lines}


def enter(here: Lab, rest: str) -> None:
    """Become kubectl."""
    argv = here.kubectl.argv(*shlex.split(rest))
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606 - our kubectl, and no shell


def text(facts: Mapping[str, object]) -> str:
    """For a person."""
    lines: list[str] = []
    for key, head in (
        ("components", ("COMPONENT", "STATE", "PID", "READY AFTER", "MEMORY", "RESTARTS")),
        ("applications", applications.HEAD),
        ("real", REAL_HEAD),
    ):
        rows = facts.get(key)
        if isinstance(rows, list) and rows:
            lines += [table(head, rows), ""]
    for key in ("lines", "failed"):
        rows = facts.get(key)
        lines += [str(row) for row in rows] if isinstance(rows, list) else []
    lines.append(f"lab {facts['lab']}: {facts['said']}")
    if facts.get("next"):
        lines.append(str(facts["next"]))
    return "\n".join(lines)
