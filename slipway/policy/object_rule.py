"""How a rule of the contract is declared: the decorator `rule` above the function that checks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from slipway.core.rules import Rule
from slipway.policy.chart_objects import ChartObjects, Violation

FindViolations = Callable[[ChartObjects], Iterable[Violation]]


@dataclass(frozen=True, slots=True)
class ObjectRule(Rule):
    """A rule that the objects of each chart must satisfy."""

    find: FindViolations


def rule(identifier: str, meaning: str) -> Callable[[FindViolations], ObjectRule]:
    """Declare the decorated function as the check of a rule."""

    def declare(find: FindViolations) -> ObjectRule:
        return ObjectRule(identifier, meaning, find)

    return declare
