"""Apply rendered objects as Argo CD does: server-side, wave by wave, definitions before their resources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from slipway.build.render import Object
from slipway.cluster.live_objects import condition_is_true
from slipway.policy.argocd import sync_options, sync_wave
from slipway.tools.kubectl import Data, Kubectl
from slipway.tools.process import wait_until
from slipway.util import parallel

MANAGER = "argocd-controller"
"""Field manager of Argo CD's server-side apply. Source: argo-cd v3.6.1 common/common.go, ArgoCDSSAManager."""
ESTABLISH_S = 60.0
"""Timeout until the API server serves a definition, which takes about a second."""
DEFINITION = "CustomResourceDefinition"
LONG_VALUE = re.compile(r"Invalid value: [\[{]\S{60,}(?=: )")
"""A complete object in the message about one of its fields."""
THREADS = 4
"""Parallel requests when each object is applied alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An object that the API server refuses."""

    item: Object
    reason: str
    """The API server's message, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyResult:
    """The result of applying objects."""

    live: tuple[Data, ...]
    """The live objects, or after a dry run the objects that they would become."""
    refusals: tuple[Refusal, ...]


def ordered(objects: Iterable[Object]) -> list[Object]:
    """Definitions first, then by wave; within a wave in the order of the render."""
    return sorted(objects, key=lambda item: (item.kind != DEFINITION, sync_wave(item)))


def apply(kubectl: Kubectl, objects: Sequence[Object], namespace: str, *, dry_run: bool = False) -> ApplyResult:
    """Apply the objects of an umbrella; a refused object does not stop the others.

    Args:
        kubectl: the cluster.
        objects: rendered.
        namespace: of the objects without one.
        dry_run: let the API server default and validate them, without a change.

    Raises:
        ToolMissing: kubectl is missing.
    """
    live: list[Data] = []
    refusals: list[Refusal] = []
    listed = ordered(objects)
    definitions = [item for item in listed if item.kind == DEFINITION]
    rest = [item for item in listed if item.kind != DEFINITION]
    for part in (definitions, rest):
        # kubectl refuses an object of another namespace than that of --namespace.
        for in_namespace, flag in ((True, namespace), (False, "")):
            chosen = [item for item in part if (item.namespace in {"", namespace}) == in_namespace]
            done = apply_stream(kubectl, chosen, flag, dry_run=dry_run)
            live += done.live
            refusals += done.refusals
        if part is definitions and not dry_run:
            refused = {refusal.item.name for refusal in refusals}
            # Resources of a definition that is not served in time are refused below, with the API server's message.
            wait_established(kubectl, [item.name for item in definitions if item.name not in refused])
    return ApplyResult(live=tuple(live), refusals=tuple(refusals))


def wait_established(kubectl: Kubectl, definitions: Sequence[str]) -> bool:
    """Wait until the API server serves the kinds of these definitions; false after the timeout.

    `kubectl wait` fails on a definition that has no condition at all yet.

    Raises:
        ToolFailed: a definition does not exist.
    """
    names = [f"crd/{name}" for name in definitions]
    return not names or wait_until(
        lambda: all(condition_is_true(item, "Established") for item in kubectl.items(*names)), ESTABLISH_S
    )


def apply_stream(kubectl: Kubectl, objects: Sequence[Object], namespace: str, *, dry_run: bool) -> ApplyResult:
    """Apply objects in one request, or each alone after a refusal, to find the refused ones."""
    if not objects:
        return ApplyResult(live=(), refusals=())
    done = kubectl.apply_stream(manifests(objects), manager=MANAGER, namespace=namespace, dry_run=dry_run)
    if done.code == 0:
        return ApplyResult(live=printed_objects(done.stdout), refusals=())

    def apply_alone(item: Object) -> ApplyResult:
        one = kubectl.apply_stream(manifests([item]), manager=MANAGER, namespace=namespace, dry_run=dry_run)
        if one.code == 0:
            return ApplyResult(live=printed_objects(one.stdout), refusals=())
        return ApplyResult(live=(), refusals=(Refusal(item=item, reason=error_message(one.stderr)),))

    parts = parallel.each(apply_alone, list(objects), THREADS)
    return ApplyResult(
        live=tuple(data for part in parts for data in part.live),
        refusals=tuple(refusal for part in parts for refusal in part.refusals),
    )


def manifests(objects: Iterable[Object]) -> bytes:
    """Objects as a YAML stream."""
    return "---\n".join(item.text for item in objects).encode()


def printed_objects(stdout: str) -> tuple[Data, ...]:
    """The objects that kubectl printed."""
    data = json.loads(stdout) if stdout.strip() else {"kind": "List", "items": []}
    return tuple(cast(list[Data], data["items"] if data["kind"] == "List" else [data]))


def error_message(stderr: str) -> str:
    """kubectl's error in one line: the API server's message, without warnings."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and not line.startswith("Warning:")]
    text = LONG_VALUE.sub("Invalid value: …", " ".join(lines)) or "refused without a message"
    return text.partition("Error from server ")[2] or text


def is_protected(item: Object) -> bool:
    """Whether Argo CD keeps an object that is no longer rendered."""
    return "Prune=false" in sync_options(item)
