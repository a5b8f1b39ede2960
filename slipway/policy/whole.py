"""Judges of an object as a whole: what a server would rewrite, what would be applied twice, what a sync would stumble over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from slipway.policy.subject import Subject, Violation
from slipway.util import quantity
from slipway.util.mapping import dig, listing

QUANTITY_KEYS = frozenset({"requests", "limits", "sizeLimit", "storage", "capacity"})
QUANTITY_MAPS = frozenset({"requests", "limits", "hard", "defaultRequest"})
"""Of a container, a claim, a ResourceQuota and a LimitRange."""

MAY_BE_EMPTY = frozenset({"emptyDir", "podSelector", "namespaceSelector", "selfSigned", "spec", "rules", "tls"})
"""Fields whose empty mapping means something: a volume, everything, or TLS with the default certificate (Traefik)."""

HOOK = "helm.sh/hook"
HOOK_POLICY = ("helm.sh/hook-delete-policy", "argocd.argoproj.io/hook-delete-policy")
HASHED = re.compile(r"-[0-9a-f]{8,}$")


def quantities(subject: Subject) -> Iterator[Violation]:
    """Amounts as the API server writes them: another spelling differs from the live object for ever."""
    for item in subject.objects:
        if item.kind == "CustomResourceDefinition":
            continue
        for path, value in amounts(item.data, ""):
            wanted = quantity.canonical(value)
            if wanted != str(value):
                fact = f"{path} is {value!r}, which the API server rewrites" + (f" as {wanted!r}" if wanted else "")
                yield Violation(rule="contract.quantity", object=item.title, part=path, fact=fact)


def amounts(node: object, path: str, *, inside: bool = False) -> Iterator[tuple[str, object]]:
    """Path and value of every quantity below a node."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            here = f"{path}.{key}" if path else str(key)
            if isinstance(value, (Mapping, list)):
                # The `limits` of a LimitRange are a list of rules, each with its own mappings of quantities.
                of_quantities = key in QUANTITY_MAPS and isinstance(value, Mapping)
                yield from amounts(value, here, inside=inside or of_quantities)
            elif inside or (key in QUANTITY_KEYS and value is not None):
                yield here, value
    elif isinstance(node, list):
        for index, item in enumerate(node):
            name = item.get("name", index) if isinstance(item, Mapping) else index
            yield from amounts(item, f"{path}[{name}]", inside=inside)


def empties(subject: Subject) -> Iterator[Violation]:
    """Empty mappings and lists: server-side apply drops them, and the object never looks synced."""
    for item in subject.objects:
        if item.kind != "CustomResourceDefinition":
            for path in empty_paths(item.data, ""):
                fact = f"{path} is empty; a server-side apply drops it, and the object looks changed"
                yield Violation(rule="contract.empty", object=item.title, part=path, fact=fact)


def empty_paths(node: object, path: str) -> Iterator[str]:
    """Paths of empty mappings and lists."""
    pairs = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, (Mapping, list)):
            if not value and key not in MAY_BE_EMPTY and isinstance(key, str):
                yield here
            else:
                yield from empty_paths(value, here)


def twice(subject: Subject) -> Iterator[Violation]:
    """Objects that a release has once."""
    seen: set[tuple[str, str, str, str]] = set()
    for item in subject.objects:
        if item.identity in seen:
            yield Violation(rule="contract.unique", object=item.title, part=item.name, fact="is rendered twice")
        seen.add(item.identity)


def jobs(subject: Subject) -> Iterator[Violation]:
    """Jobs and hooks: a template that cannot change, and what remains of a hook."""
    for item in subject.objects:
        held = item.annotations
        hook = HOOK in held or "argocd.argoproj.io/hook" in held
        if hook and not any(held.get(key) for key in HOOK_POLICY):
            fact = "is a hook without a delete policy, so the second run meets the first one's object"
            yield Violation(rule="contract.job", object=item.title, part=item.name, fact=fact)
        if item.kind == "Job" and not hook and not HASHED.search(item.name):
            fact = "has no hash of its content in its name; its template cannot be changed in place"
            yield Violation(rule="contract.job", object=item.title, part=item.name, fact=fact)


def accounts(subject: Subject) -> Iterator[Violation]:
    """Service accounts that the chart has, for pods and for bindings."""
    known = {item.name for item in subject.of_kind("ServiceAccount")} | {"default", ""}
    for item, pod in subject.pods:
        name = str(dig(pod, "spec").get("serviceAccountName") or "")
        if name not in known:
            fact = f"runs as the service account {name}, which the chart does not have"
            yield Violation(rule="contract.account", object=item.title, part=item.name, fact=fact)
    for item in subject.objects:
        for entry in listing(item.data, "subjects") if item.kind.endswith("RoleBinding") else []:
            if entry.get("kind") == "ServiceAccount" and str(entry.get("name")) not in known:
                fact = f"binds the service account {entry.get('name')}, which the chart does not have"
                yield Violation(rule="contract.account", object=item.title, part=item.name, fact=fact)


def versions(subject: Subject) -> Iterator[Violation]:
    """Pod templates that say nothing of the chart's version: a release alone must restart no pod."""
    charts = {label for item in subject.objects if (label := item.labels.get("helm.sh/chart"))}
    for item, pod in subject.pods:
        for path, value in texts(pod, ""):
            if value in charts:
                fact = f"{path} of its pods is {value}: a new chart version would restart them"
                yield Violation(rule="contract.restart", object=item.title, part=item.name, fact=fact)


def texts(node: object, path: str) -> Iterator[tuple[str, str]]:
    """Path and value of every text."""
    pairs = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, str):
            yield here, value
        else:
            yield from texts(value, here)
