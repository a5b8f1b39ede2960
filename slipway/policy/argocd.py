"""Argo CD's annotations on rendered objects."""

from __future__ import annotations

import re

from slipway.build.render import Object

SYNC_WAVE = "argocd.argoproj.io/sync-wave"
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
HOOKS = frozenset({"argocd.argoproj.io/hook", "helm.sh/hook"})
"""Either one makes an object a hook: Argo CD runs Helm's hooks as its own."""


def sync_wave(item: Object) -> int:
    """The sync wave; 0 without an annotation or with one that is not an integer, as in Argo CD."""
    text = item.annotations.get(SYNC_WAVE, "0")
    return int(text) if re.fullmatch(r"[-+]?[0-9]+", text) else 0


def sync_options(item: Object) -> frozenset[str]:
    """The object's own sync options."""
    return frozenset(option.strip() for option in item.annotations.get(SYNC_OPTIONS, "").split(","))


def is_hook(item: Object) -> bool:
    """Whether Argo CD runs the object as a hook."""
    return bool(HOOKS & item.annotations.keys())
