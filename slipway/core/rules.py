"""A rule as a value: its identifier and its meaning, declared beside the code that checks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from slipway.core.errors import Problem


@dataclass(frozen=True, slots=True)
class Rule:
    """A requirement that a `Problem` can name."""

    identifier: str
    """`group.name`; charts' annotations and `./inv lint --json` use it, so it is never renamed."""
    meaning: str
    """What the rule requires, as a sentence; the site's page of rules shows it."""

    def problem(self, *, where: str, fact: str, evidence: Iterable[str] = (), hint: str = "") -> Problem:
        """A violation of this rule."""
        return Problem(where=where, fact=fact, evidence=tuple(evidence), hint=hint, rule=self.identifier)
