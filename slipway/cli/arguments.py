"""The arguments of every task, checked before any work begins: environments, charts, actions, levels.

Each check names the argument as it was typed, and offers the known value that is nearest to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slipway.context import Context
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import ChartKind, ChartName
from slipway.gitops.pins import check_environment
from slipway.util.text import suggest
from slipway.workspace import graph

ONLY = "--only"


def environment(context: Context, name: str) -> str:
    """The environment of `--env`; the first one when none is named.

    Raises:
        WorkspaceError: it is not configured.
    """
    chosen = name or next(iter(context.config.environments), "")
    check_environment(context.config, chosen)
    return chosen


def pinned_environment(context: Context, name: str) -> str:
    """The environment that a release pins: that of `--env`, or the first; empty in a monorepo without environments.

    Raises:
        WorkspaceError: it is not configured.
    """
    return environment(context, name) if name or context.config.environments else ""


def names(text: str, where: str) -> tuple[str, ...]:
    """The names of a comma-separated list, each once; none when the text is empty.

    Raises:
        WorkspaceError: one of them is empty.
    """
    if not text:
        return ()
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if "" in found:
        raise WorkspaceError(Problem(where=where, fact=f"{text!r} contains an empty name"))
    return found


def charts(context: Context, only: str, where: str = ONLY) -> tuple[ChartName, ...]:
    """The charts of `--only`, in release order; none when it is empty.

    Raises:
        WorkspaceError: names that no chart has.
    """
    wanted, known = names(only, where), context.workspace.charts
    if problems := [unknown_chart(name, known, where) for name in wanted if name not in known]:
        raise WorkspaceError(problems)
    return tuple(name for name in graph.order(context.workspace) if name in wanted) if wanted else ()


def chart(context: Context, name: str, where: str = "CHART") -> ChartName:
    """The one chart that a task is about.

    Raises:
        WorkspaceError: no chart is named, several are, or it does not exist.
    """
    found = charts(context, one_name(name, where), where)
    return found[0]


def one_name(text: str, where: str) -> str:
    """A single name.

    Raises:
        WorkspaceError: it is missing, or there are several.
    """
    found = names(text, where)
    if len(found) != 1:
        fact = f"{text!r} names {len(found)}, and exactly one is expected" if found else "is missing"
        raise WorkspaceError(Problem(where=where, fact=fact))
    return found[0]


def umbrellas(context: Context, only: str) -> tuple[ChartName, ...]:
    """The umbrellas of `--only`; none when it is empty.

    Raises:
        WorkspaceError: a name that no chart has, or a chart that is not an umbrella.
    """
    found = charts(context, only)
    problems = []
    for name in found:
        kind = context.workspace.charts[name].kind
        if kind is not ChartKind.UMBRELLA:
            above = ",".join(context.umbrella_of(name))
            hint = (
                f"{ONLY} {above}"
                if above
                else f"umbrellas: {', '.join(one.name for one in context.workspace.umbrellas)}"
            )
            problems.append(Problem(where=ONLY, fact=f"{name!r} is a {kind}, not an umbrella", hint=hint))
    if problems:
        raise WorkspaceError(problems)
    return found


def one_of(where: str, value: str, known: Sequence[str]) -> str:
    """A word of a closed list.

    Raises:
        WorkspaceError: it is another word.
    """
    if value not in known:
        raise WorkspaceError(
            Problem(where=where, fact=f"there is no {value!r}", hint=suggest(value, known, otherwise="use"))
        )
    return value


def level(where: str, value: str) -> str:
    """A level of a version; empty when none is named.

    Raises:
        WorkspaceError: it is not one.
    """
    from slipway.versioning.levels import Level

    Level.parse(value, where)
    return value


def unknown_chart(name: str, known: Iterable[str], where: str) -> Problem:
    """A name that no chart has."""
    return Problem(
        where=where, fact=f"there is no chart {name!r}", hint=suggest(name, sorted(known), otherwise="charts:")
    )


def minutes(flag: str, text: str, otherwise: int) -> int:
    """A number of minutes; the other one when none is given.

    Raises:
        WorkspaceError: it is none, or not positive.
    """
    if text and not (text.isascii() and text.isdecimal() and 0 < int(text) < 10_000):
        raise WorkspaceError(Problem(where=flag, fact=f"{text!r} is no number of minutes", hint=f"{flag} {otherwise}"))
    return int(text) if text else otherwise
