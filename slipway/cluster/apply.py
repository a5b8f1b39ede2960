"""Applying rendered objects as Argo CD does: server-side, in waves, definitions before what they define."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from slipway.build.render import Object
from slipway.cluster.live import holds
from slipway.tools.kubectl import Data, Kubectl
from slipway.tools.process import wait_until
from slipway.util import parallel

MANAGER = "argocd-controller"
"""Field manager of Argo CD's server-side apply. Source: argo-cd v3.6.1 common/common.go, ArgoCDSSAManager."""
WAVE = "argocd.argoproj.io/sync-wave"
OPTIONS = "argocd.argoproj.io/sync-options"
ESTABLISH_S = 60.0
"""How long a definition may take to be served; it takes a second."""
DEFINITION = "CustomResourceDefinition"
LONG_VALUE = re.compile(r"Invalid value: [\[{]\S{60,}(?=: )")
"""A whole object inside the reason why a field of it is refused."""
THREADS = 4
"""Requests at a time when each object is asked for alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An object that the API server does not take."""

    item: Object
    said: str
    """The server's reason, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of a stream of objects."""

    live: tuple[Data, ...]
    """As the server holds them now, or would hold them after a dry run."""
    refusals: tuple[Refusal, ...]


def wave(item: Object) -> int:
    """The sync wave of an object; 0 when it names none, or names nonsense."""
    try:
        return int(item.annotations.get(WAVE, "0"))
    except ValueError:
        return 0


def ordered(objects: Iterable[Object]) -> list[Object]:
    """Definitions first, then wave by wave; within a wave as rendered."""
    return sorted(objects, key=lambda item: (item.kind != DEFINITION, wave(item)))


def apply(kubectl: Kubectl, objects: Sequence[Object], namespace: str, *, dry_run: bool = False) -> Applied:
    """Apply the objects of an umbrella; what is refused keeps nothing else out.

    Args:
        kubectl: the cluster.
        objects: rendered.
        namespace: of the objects that name none.
        dry_run: ask only what the server would make of them.

    Raises:
        ToolMissing: kubectl is not there.
    """
    live: list[Data] = []
    refusals: list[Refusal] = []
    listed = ordered(objects)
    definitions = [item for item in listed if item.kind == DEFINITION]
    rest = [item for item in listed if item.kind != DEFINITION]
    for part in (definitions, rest):
        # kubectl refuses an object of another namespace than the one it is told.
        for inside, where in ((True, namespace), (False, "")):
            chosen = [item for item in part if (item.namespace in {"", namespace}) == inside]
            done = stream(kubectl, chosen, where, dry_run=dry_run)
            live += done.live
            refusals += done.refusals
        if part is definitions and not dry_run:
            refused = {refusal.item.name for refusal in refusals}
            # What is not served in time is refused below, with the server's own words.
            wait_established(kubectl, [item.name for item in definitions if item.name not in refused])
    return Applied(live=tuple(live), refusals=tuple(refusals))


def wait_established(kubectl: Kubectl, definitions: Sequence[str]) -> bool:
    """Wait until the API server serves the kinds of these definitions; false when it does not in time.

    `kubectl wait` fails on a definition that has no condition at all yet.

    Raises:
        ToolFailed: one is not there.
    """
    names = [f"crd/{name}" for name in definitions]
    return not names or wait_until(
        lambda: all(holds(item, "Established") for item in kubectl.items(*names)), ESTABLISH_S
    )


def stream(kubectl: Kubectl, objects: Sequence[Object], namespace: str, *, dry_run: bool) -> Applied:
    """One kubectl for all of them, and one for each when something is refused: only then is it known what."""
    if not objects:
        return Applied(live=(), refusals=())
    done = kubectl.apply_stream(text_of(objects), manager=MANAGER, namespace=namespace, dry_run=dry_run)
    if done.code == 0:
        return Applied(live=told(done.stdout), refusals=())

    def alone(item: Object) -> Applied:
        one = kubectl.apply_stream(text_of([item]), manager=MANAGER, namespace=namespace, dry_run=dry_run)
        if one.code == 0:
            return Applied(live=told(one.stdout), refusals=())
        return Applied(live=(), refusals=(Refusal(item=item, said=reason(one.stderr)),))

    parts = parallel.each(alone, list(objects), THREADS)
    return Applied(
        live=tuple(data for part in parts for data in part.live),
        refusals=tuple(refusal for part in parts for refusal in part.refusals),
    )


def text_of(objects: Iterable[Object]) -> bytes:
    """Objects as a YAML stream."""
    return "---\n".join(item.text for item in objects).encode()


def told(stdout: str) -> tuple[Data, ...]:
    """The objects that kubectl printed."""
    data = json.loads(stdout) if stdout.strip() else {"kind": "List", "items": []}
    return tuple(cast(list[Data], data["items"] if data["kind"] == "List" else [data]))


def reason(stderr: str) -> str:
    """kubectl's error in a line: the sentence of the server, without warnings."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("Warning:")]
    text = LONG_VALUE.sub("Invalid value: …", " ".join(lines)) or "refused without a word"
    return text.partition("Error from server ")[2] or text


def options(item: Object) -> frozenset[str]:
    """The sync options that an object names for itself."""
    return frozenset(part.strip() for part in item.annotations.get(OPTIONS, "").split(","))


def protected(item: Object) -> bool:
    """Whether Argo CD leaves an object alone that is no longer rendered."""
    return "Prune=false" in options(item)
