"""How a check is declared, what it gets, and how all of them are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TypeVar, cast

from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartKind, ChartName, Workspace
from slipway.core.rules import Rule
from slipway.workspace.values import Scopes

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class LintContext:
    """What the checks of one run share."""

    workspace: Workspace
    scopes: Scopes
    """Values of each chart wherever it is used; each file is parsed once."""
    shared: dict[object, object] = field(default_factory=dict, repr=False)

    def once(self, make: Callable[[LintContext], T]) -> T:
        """The result of a function, called once in this run."""
        if make not in self.shared:
            self.shared[make] = make(self)
        return cast(T, self.shared[make])


def lint_context(workspace: Workspace) -> LintContext:
    """A context without results."""
    return LintContext(workspace=workspace, scopes=Scopes(workspace=workspace))


# A check is a generator, so that an error ends that check alone.
WorkspaceFunction = Callable[[LintContext, Sequence[ChartName]], Iterator[Problem]]
ChartFunction = Callable[[LintContext, Chart], Iterator[Problem]]
PackageFunction = Callable[[LintContext, Chart, Path], Iterator[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceCheck:
    """Checks the workspace; the names are the charts of the run."""

    rules: tuple[Rule, ...]
    find: WorkspaceFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartCheck:
    """Checks the sources of one chart."""

    rules: tuple[Rule, ...]
    kinds: frozenset[ChartKind]
    find: ChartFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCheck:
    """Checks the archive of one chart."""

    rules: tuple[Rule, ...]
    find: PackageFunction


def workspace_check(*rules: Rule) -> Callable[[WorkspaceFunction], WorkspaceCheck]:
    """Declare the decorated function as a check of the workspace.

    Args:
        rules: that it checks; none when other packages check their own rules and the function only calls them.
    """
    return lambda find: WorkspaceCheck(rules=rules, find=find)


def chart_check(*rules: Rule, kinds: Iterable[ChartKind] = ChartKind) -> Callable[[ChartFunction], ChartCheck]:
    """Declare the decorated function as a check of each chart of some kinds."""
    return lambda find: ChartCheck(rules=rules, kinds=frozenset(kinds), find=find)


def package_check(*rules: Rule) -> Callable[[PackageFunction], PackageCheck]:
    """Declare the decorated function as a check of each package."""
    return lambda find: PackageCheck(rules=rules, find=find)


def modules() -> Iterator[ModuleType]:
    """The modules of this package, imported."""
    package = importlib.import_module(__package__ or "")
    for info in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{info.name}")


def declared(kind: type[T]) -> tuple[T, ...]:
    """Every value of a type that a module of this package declares."""
    found = (value for module in modules() for value in vars(module).values() if isinstance(value, kind))
    return tuple(dict.fromkeys(found))
