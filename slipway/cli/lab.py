"""`lab up|status|kubectl|logs|down`: a Kubernetes API and Argo CD on this machine."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from typing import NoReturn

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.cluster import applications
from slipway.context import Context
from slipway.core.errors import Problem, WorkspaceError
from slipway.lab import lab as labs
from slipway.lab.lab import Lab
from slipway.lab.place import Place, place_of
from slipway.lab.real import catalog
from slipway.util.terminal import Part, Text, table

ACTIONS = ("up", "status", "kubectl", "logs", "down")
LOG_LINES = 50
POD_HEAD = ("NAMESPACE", "POD", "READY", "STATUS", "RESTARTS", "PROGRAMS")
REAL_HEAD = ("REAL", "PROGRAM", "IMAGE", "IN PLACE OF", "REACHED AT", "SEES YOU")


def lab(
    context: Context,
    action: str,
    *,
    what: str = "",
    name: str = "",
    env: str = "",
    real: str = "",
    node: bool = False,
    secrets: bool = True,
    rest: str = "",
) -> Result:
    """Run an action.

    Args:
        context: the wiring.
        action: one of ACTIONS.
        what: a component, for `logs`.
        name: of the lab.
        env: the environment that it delivers.
        real: components that run as real programs, separated by commas.
        node: a real node: containers, network policies, a home network; needs root.
        secrets: for `up`: create those that nobody sealed, with random values.
        rest: the arguments of kubectl, quoted for a shell.

    Raises:
        BuildError: an argument is unknown, or the lab fails.
    """
    arguments.one_of("ACTION", action, ACTIONS)
    environment, place = arguments.environment(context, env), place_of(context.config.root, name)
    chosen = catalog.chosen(real)
    if action == "up":
        from slipway.lab import up

        facts = up.up(context, place, environment, chosen, node=node, secrets=secrets)
    elif action == "down":
        ran = labs.stop(place)
        facts = {"lab": place.name, "summary": "stopped, its folder is removed" if ran else "was not running"}
    elif action == "logs":
        facts = logs(place, what)
    elif action == "kubectl":
        enter(labs.attach(context, place, environment), rest)
    else:
        from slipway.lab import status

        facts = status.status(context, place, environment)
    return Result(value=facts, text=text(facts))


def logs(place: Place, component: str) -> Mapping[str, object]:
    """The end of a component's log.

    Raises:
        WorkspaceError: the lab has no logs, or no such component.
    """
    known = tuple(sorted(path.stem for path in place.logs.glob("*.log")))
    if not known:
        raise WorkspaceError(Problem(where=f"lab {place.name}", fact="has no logs", hint="./inv lab up"))
    if not component:
        return {"lab": place.name, "summary": "logs of " + ", ".join(known), "next": "./inv lab logs --what COMPONENT"}
    path = place.logs / f"{arguments.one_of('--what', component, known)}.log"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
    return {"lab": place.name, "summary": str(path.relative_to(place.folder.parent.parent)), "lines": lines}


def enter(here: Lab, rest: str) -> NoReturn:
    """Replace this process by kubectl."""
    argv = here.kubectl.argv(*shlex.split(rest))
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606 - our kubectl, and no shell


def text(facts: Mapping[str, object]) -> Text:
    """The facts as tables and lines."""
    lines: list[Part] = []
    for key, head in (
        ("components", ("COMPONENT", "STATE", "PID", "READY AFTER", "MEMORY", "RESTARTS")),
        ("applications", applications.HEAD),
        ("pods", POD_HEAD),
        ("real", REAL_HEAD),
    ):
        rows = facts.get(key)
        if isinstance(rows, list) and rows:
            lines += [table(head, rows), ""]
    for key in ("lines", "failed"):
        rows = facts.get(key)
        lines += [str(row) for row in rows] if isinstance(rows, list) else []
    if facts.get("memory"):
        lines.append(str(facts["memory"]))
    lines.append(f"lab {facts['lab']}: {facts['summary']}")
    if facts.get("next"):
        lines.append(str(facts["next"]))
    return lines
