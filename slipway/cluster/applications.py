"""Argo CD's Applications: their state, and waiting until they are Synced and Healthy."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slipway.core.errors import NotConverged, Problem, ToolFailed
from slipway.tools.kubectl import Data, Kubectl
from slipway.util.mapping import dig, listing

POLL_S = 0.25
UNREACHABLE_S = 60.0
"""How long an API server may be unreachable while it restarts; a restart in a lab takes under 10 s."""
HEAD = ("APPLICATION", "REVISION", "SYNC", "HEALTH", "MESSAGE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """State of one Application, as Argo CD reports it."""

    name: str
    revision: str
    """Of the last comparison."""
    wanted: str
    """`targetRevision` of its source."""
    sync: str
    health: str
    phase: str
    """Of the running or last operation; empty when there was none."""
    message: str
    """Conditions or operation message in one line; empty when Synced and Healthy."""
    reconciled: str
    """Time of the last comparison."""
    since: str
    """When it got this health, or this revision if that was later; RFC 3339, empty when Argo CD does not say."""

    @property
    def healthy(self) -> bool:
        """Synced and Healthy at the wanted revision."""
        current = self.revision in self.wanted or self.wanted == self.revision
        return self.sync == "Synced" and self.health == "Healthy" and self.phase != "Running" and current

    @property
    def row(self) -> tuple[str, ...]:
        """A line of the table."""
        short = self.wanted.partition("@")[0]
        return (self.name, short, self.sync or "-", self.health or "-", self.message[:100])


def application_of(data: Data) -> Application:
    """An Application object → what matters of it."""
    status = dig(data, "status")
    operation = dig(status, "operationState")
    messages = [str(condition.get("message", "")) for condition in listing(status, "conditions")]
    if not messages and operation.get("phase") in {"Failed", "Error", "Running"}:
        messages = [str(operation.get("message", ""))]
    return Application(
        name=str(dig(data, "metadata").get("name", "")),
        revision=str(dig(status, "sync").get("revision", "")),
        wanted=str(dig(data, "spec", "source").get("targetRevision", "")),
        sync=str(dig(status, "sync").get("status", "")),
        health=str(dig(status, "health").get("status", "")),
        phase=str(operation.get("phase", "")),
        message=" ".join(" ".join(messages).split()),
        reconciled=str(status.get("reconciledAt", "")),
        # Both are RFC 3339 in UTC and to the second, so the later one is the greater text.
        since=max(
            str(dig(status, "health").get("lastTransitionTime", "")),
            *(str(entry.get("deployedAt", "")) for entry in listing(status, "history")[-1:]),
            "",
        ),
    )


def read(kubectl: Kubectl, namespace: str) -> tuple[Application, ...]:
    """Every Application.

    Raises:
        ToolFailed: the API server does not answer.
    """
    return tuple(application_of(item) for item in kubectl.items("applications.argoproj.io", "-n", namespace))


def wait_until_healthy(
    kubectl: Kubectl,
    namespace: str,
    names: Sequence[str],
    *,
    wait_s: float,
    on_change: Callable[[tuple[Application, ...]], None] = lambda _: None,
    accept: Callable[[Application], bool] = lambda application: application.healthy,
    may_return: Callable[[], bool] = lambda: True,
    hint: str = "./inv lab kubectl --",
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Application, ...]:
    """Wait until these Applications are there and healthy.

    Args:
        kubectl: the cluster.
        namespace: Argo CD's.
        names: what is waited for.
        wait_s: for how long, in seconds.
        on_change: called with the Applications at every change.
        accept: what counts as healthy.
        may_return: whether a server that does not answer may come back; while it does, it is asked again for UNREACHABLE_S.
        hint: the kubectl that hints name.
        sleep: waits between two requests.

    Raises:
        NotConverged: the time is over; one problem for each that is not.
        ToolFailed: the API server does not answer.
    """
    limit = time.monotonic() + wait_s
    reported: tuple[Application, ...] | None = None
    answered = time.monotonic()
    while True:
        try:
            found = tuple(item for item in read(kubectl, namespace) if item.name in names)
        except ToolFailed:
            if not may_return() or time.monotonic() - answered > UNREACHABLE_S:
                raise
            sleep(POLL_S)
            continue
        answered = time.monotonic()
        if found != reported:
            on_change(found)
            reported = found
        if {item.name for item in found} == set(names) and all(accept(item) for item in found):
            return found
        if time.monotonic() > limit:
            raise NotConverged(tuple(problems_of(found, names, wait_s, hint, accept)))
        sleep(POLL_S)


def problems_of(
    found: Sequence[Application],
    names: Sequence[str],
    wait_s: float,
    kubectl: str,
    accept: Callable[[Application], bool],
) -> list[Problem]:
    """What is not healthy after the time is over."""
    there = {item.name: item for item in found}
    made = []
    for name in names:
        item = there.get(name)
        if item is None:
            made.append(Problem(where=f"Application {name}", fact=f"does not exist after {wait_s:g} s"))
        elif not accept(item):
            fact = f"is {item.sync or 'Unknown'} and {item.health or 'Unknown'} after {wait_s:g} s"
            evidence = (item.message,) if item.message else ()
            hint = f"{kubectl} -n argocd get application {name} -o yaml"
            made.append(Problem(where=f"Application {name}", fact=fact, evidence=evidence, hint=hint))
    return made
