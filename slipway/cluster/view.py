"""What the API server would make of an update: each object as it lives beside each object as a dry run leaves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from slipway.build.render import Change, Object, diff
from slipway.cluster import apply as applying
from slipway.cluster import live
from slipway.tools.kubectl import Data, Kubectl


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The server's view of one umbrella."""

    changes: tuple[Change, ...]
    """Of live objects, with everything that the server defaults; what is removed and not protected is among them."""
    rejected: Mapping[str, str]
    """Kind and name of an object that the server refuses → its reason."""
    missing_namespace: bool = False
    """The namespace is not there, so that the server cannot be asked: every object would be new."""


def view(kubectl: Kubectl, old: Sequence[Object], new: Sequence[Object], namespace: str) -> View:
    """Ask for a dry run of every object; nothing is changed.

    Args:
        kubectl: the cluster.
        old: what is pinned: what is no longer in `new` will be pruned.
        new: what would be applied.
        namespace: of the umbrella.

    Raises:
        ToolFailed: the API server does not answer.
    """
    if kubectl.find("namespace", namespace) is None:
        return View(changes=(), rejected={}, missing_namespace=True)
    there = live.read(kubectl, [*old, *new])
    done = applying.apply(kubectl, new, namespace, dry_run=True)
    then = {live.key_of(item): item for item in done.live}
    refused = {refusal.item.identity for refusal in done.refusals}
    wanted = {item.identity for item in new}
    kept = [item for item in new if item.identity not in refused]
    gone = [item for item in old if item.identity not in wanted and not applying.protected(item)]
    before = [as_object(item, found) for item in (*kept, *gone) if (found := live.find(there, item, namespace))]
    after = [as_object(item, found) for item in kept if (found := live.find(then, item, namespace))]
    return View(changes=diff(before, after), rejected={refusal.item.title: refusal.said for refusal in done.refusals})


def as_object(item: Object, found: Data) -> Object:
    """A live object under the identity of the rendered one."""
    return replace(item, data=live.cleaned(found))
