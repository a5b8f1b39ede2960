"""The changes of an update as the API server sees them: live objects beside the result of a dry run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from slipway.build.differences import Change, diff
from slipway.build.render import Object
from slipway.cluster.apply import apply, is_protected
from slipway.cluster.live_objects import find_live, key_of, read_live, without_server_fields
from slipway.tools.kubectl import Data, Kubectl


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """The result for one umbrella."""

    changes: tuple[Change, ...]
    """Changes of live objects, with server-side defaults; pruned objects are included."""
    rejected: Mapping[str, str]
    """Kind and name of a refused object → the API server's message."""
    missing_namespace: bool = False
    """Whether the namespace does not exist, so that there is no dry run and every object would be added."""


def dry_run(kubectl: Kubectl, old: Sequence[Object], new: Sequence[Object], namespace: str) -> DryRun:
    """Apply every object in a dry run.

    Args:
        kubectl: the cluster.
        old: the pinned objects; those that are not in `new` would be pruned.
        new: the objects that would be applied.
        namespace: of the umbrella.

    Raises:
        ToolFailed: the API server does not answer.
    """
    if kubectl.find("namespace", namespace) is None:
        return DryRun(changes=(), rejected={}, missing_namespace=True)
    live = read_live(kubectl, [*old, *new])
    done = apply(kubectl, new, namespace, dry_run=True)
    applied = {key_of(item): item for item in done.live}
    refused = {refusal.item.identity for refusal in done.refusals}
    wanted = {item.identity for item in new}
    accepted = [item for item in new if item.identity not in refused]
    pruned = [item for item in old if item.identity not in wanted and not is_protected(item)]
    before = [as_object(item, found) for item in (*accepted, *pruned) if (found := find_live(live, item, namespace))]
    after = [as_object(item, found) for item in accepted if (found := find_live(applied, item, namespace))]
    return DryRun(
        changes=diff(before, after), rejected={refusal.item.title: refusal.reason for refusal in done.refusals}
    )


def as_object(item: Object, found: Data) -> Object:
    """A live object with the identity of the rendered one."""
    return replace(item, data=without_server_fields(found))
