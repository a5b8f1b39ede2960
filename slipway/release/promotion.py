"""What is asked before an environment gets the pins of the one before it. Pure, but for the record of rehearsals."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import ChartName, Pin
from slipway.release.dangers.kinds import Danger

DURATION = re.compile(
    r"(?:(?P<days>\d{1,4})d)?(?:(?P<hours>\d{1,5})h)?(?:(?P<minutes>\d{1,7})m)?(?:(?P<seconds>\d{1,9})s)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What Argo CD says of an umbrella in the environment before."""

    revision: str
    """What it has applied: a version or the digest of a manifest."""
    sync: str
    health: str
    since: datetime | None
    """When it got there; None when Argo CD does not say."""

    def runs(self, pin: Pin) -> bool:
        """Whether this is the version of a pin, all of it and healthy."""
        return self.sync == "Synced" and self.health == "Healthy" and self.has(pin)

    def has(self, pin: Pin) -> bool:
        """Whether it was compared with the version of a pin."""
        return pin.manifest in self.revision or self.revision == pin.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found out about one umbrella that gets another pin."""

    umbrella: ChartName
    before: Pin | None
    after: Pin
    state: State | None
    """None when nobody was asked, or Argo CD has no such Application."""
    healthy_for: timedelta | None
    rehearsed: bool
    doubts: tuple[Danger, ...]


def answers(
    held: Mapping[ChartName, Pin],
    wanted: Mapping[ChartName, Pin],
    states: Mapping[ChartName, State] | None,
    rehearsed: Callable[[ChartName, Pin | None, Pin], bool],
    *,
    source: str,
    now: datetime,
    healthy_for: timedelta,
) -> tuple[Answer, ...]:
    """One for each umbrella whose pin changes.

    Args:
        held: the pins of the environment.
        wanted: its pins after the promotion.
        states: of the environment before, by umbrella; None when nobody was asked.
        rehearsed: whether the update from a pin to another was rehearsed.
        source: the name of the environment before.
        now: the time.
        healthy_for: how long it must have been healthy.
    """
    found = []
    for name, after in sorted(wanted.items()):
        before = held.get(name)
        if before is not None and before.manifest == after.manifest:
            continue
        state = states.get(name) if states is not None else None
        lasted = now - state.since if state is not None and state.since is not None else None
        known = rehearsed(name, before, after)
        doubts = tuple(
            doubts_of(name, after, state, lasted, source=source, healthy_for=healthy_for, asked=states is not None)
        )
        unrehearsed = Danger(name="not-rehearsed", object=f"Application {name}", fact="was not rehearsed here")
        found.append(
            Answer(
                umbrella=name,
                before=before,
                after=after,
                state=state,
                healthy_for=lasted,
                rehearsed=known,
                doubts=doubts if known else (*doubts, unrehearsed),
            )
        )
    return tuple(found)


def doubts_of(
    name: ChartName,
    pin: Pin,
    state: State | None,
    lasted: timedelta | None,
    *,
    source: str,
    healthy_for: timedelta,
    asked: bool,
) -> list[Danger]:
    """What speaks against the state of one umbrella."""
    what = f"Application {name}"
    if not asked:
        return [Danger(name="unknown-state", object=what, fact=f"was not looked at in {source}")]
    if state is None:
        return [Danger(name="not-healthy", object=what, fact=f"does not exist in {source}")]
    if not state.has(pin):
        fact = f"has {state.revision or 'no revision'} in {source}, not {pin.version}"
        return [Danger(name="not-healthy", object=what, fact=fact)]
    if not state.runs(pin):
        return [Danger(name="not-healthy", object=what, fact=f"is {state.sync} and {state.health} in {source}")]
    if lasted is None or lasted < healthy_for:
        fact = f"is healthy in {source} for {spelled(lasted) if lasted is not None else 'an unknown time'}"
        return [Danger(name="not-proven", object=what, fact=f"{fact}, not for {spelled(healthy_for)}")]
    return []


def duration_of(text: str, where: str) -> timedelta:
    """`1d12h`, `90m`, `0`: a time span as Prometheus writes it.

    Raises:
        WorkspaceError: it is none.
    """
    match = DURATION.fullmatch(text.strip())
    if text.strip() == "0":
        return timedelta()
    if match is None or not any(match.groupdict().values()):
        raise WorkspaceError(Problem(where=where, fact=f"is not a duration: {text!r}", hint=f"{where} 1d12h"))
    return timedelta(**{unit: int(value) for unit, value in match.groupdict().items() if value})


def spelled(span: timedelta) -> str:
    """A time span by its two largest units, as `duration_of` reads it."""
    rest = max(int(span.total_seconds()), 0)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"
