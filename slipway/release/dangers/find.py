"""Objects before and after → dangers. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from slipway.build.render import Object, text_map
from slipway.policy import pod_security
from slipway.policy.argocd import sync_options
from slipway.policy.chart_objects import ChartObjects
from slipway.release.dangers.kinds import Danger
from slipway.util.mapping import dig, listing, spelled, strings
from slipway.versioning.evidence.objects import (
    HASH,
    images,
    immutable_changes,
    parse_image,
    served,
    size_bytes,
    without_noise,
)
from slipway.versioning.levels import Level, app_level, numbers

REMOVED = {
    ("", "PersistentVolumeClaim"): "removed-claim",
    ("apps", "StatefulSet"): "removed-statefulset",
    ("", "Namespace"): "removed-namespace",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "removed-definition",
    ("", "Service"): "removed-service",
}
"""Group and kind → the danger of its removal; what else holds data is a database."""

POD_RULES = (
    pod_security.non_root,
    pod_security.read_only_root_filesystem,
    pod_security.capabilities,
    pod_security.privilege_escalation,
    pod_security.seccomp_profile,
    pod_security.host_access,
)

COUNTS = (("spec", "replicas"), ("spec", "instances"))
"""Where workloads and databases have the number of their pods."""

SIZES = (("spec", "resources", "requests", "storage"), ("spec", "storage", "size"), ("spec", "walStorage", "size"))
"""Where a claim and a database have their size."""

CHART = re.compile(r"(.+?)-(\d+\.\d+\.\d+.*)")
"""Name and version in the label `helm.sh/chart`; a name may have a hyphen and a digit."""

Objects = Mapping[tuple[str, str, str, str], Object]


def dangers(old: Iterable[Object], new: Iterable[Object]) -> tuple[Danger, ...]:
    """What is dangerous about replacing the objects of an umbrella, in the order of names; none for a first release."""
    before, after = by_identity(old), by_identity(new)
    if not before:
        return ()
    shared = [(before[key], after[key]) for key in sorted(before.keys() & after.keys())]
    found = {
        *removed(before, after),
        *removed_policies(before, after),
        *privileges(before, after),
        *rights(before, after),
        *charts(before, after),
        *(danger for pair in shared for compare in COMPARISONS for danger in compare(*pair)),
    }
    return tuple(sorted(found))


def by_identity(objects: Iterable[Object]) -> dict[tuple[str, str, str, str], Object]:
    """Objects by identity; a Job that is renamed when its content changes is the same object."""
    return {
        (*item.identity[:3], HASH.sub("", item.name) if item.kind == "Job" else item.name): item for item in objects
    }


def removed(before: Objects, after: Objects) -> Iterator[Danger]:
    """Objects that are gone."""
    for key in before.keys() - after.keys():
        item = before[key]
        name = REMOVED.get((item.group, item.kind)) or ("removed-database" if item.holds_data else "")
        if name:
            kept = "Prune=false" in sync_options(item)
            fact = "is removed; Argo CD keeps it, by Prune=false" if kept else "is removed"
            yield Danger(name=name, object=item.title, fact=fact)


def removed_policies(before: Objects, after: Objects) -> Iterator[Danger]:
    """Policies that are gone while pods that they selected stay."""
    for key in before.keys() - after.keys():
        policy = before[key]
        if policy.kind != "NetworkPolicy":
            continue
        selector = text_map(policy.at("spec", "podSelector", "matchLabels"))
        left = [item.title for item in after.values() if selects(selector, item, policy.namespace)]
        if left:
            yield Danger(
                name="removed-network-policy", object=policy.title, fact=f"is removed, which selects {left[0]}"
            )


def selects(selector: Mapping[str, str], item: Object, namespace: str) -> bool:
    """Whether labels select the pods of a workload."""
    labels = text_map(item.at("spec", "template", "metadata", "labels"))
    return item.namespace == namespace and bool(labels) and selector.items() <= labels.items()


def privileges(before: Objects, after: Objects) -> Iterator[Danger]:
    """Rules of pod security that are violated now and were not before."""
    known = set(violations(before.values()))
    for title, fact in violations(after.values()):
        if (title, fact) not in known:
            yield Danger(name="more-privilege", object=title, fact=fact)


def violations(objects: Iterable[Object]) -> Iterator[tuple[str, str]]:
    """Object and fact of each violation of pod security."""
    charted = ChartObjects(chart="", label="", namespace="", objects=tuple(objects))
    for rule in POD_RULES:
        for violation in rule.find(charted):
            yield HASH.sub("", violation.object), violation.fact


def rights(before: Objects, after: Objects) -> Iterator[Danger]:
    """Permissions and subjects that are new."""
    for key, item in after.items():
        earlier = before.get(key)
        for granted in (permissions, subjects):
            known = set(granted(earlier)) if earlier is not None else set()
            more = [grant for grant in dict.fromkeys(granted(item)) if grant not in known]
            if more:
                rest = f" and {len(more) - 1} more" if len(more) > 1 else ""
                yield Danger(name="more-rights", object=item.title, fact=f"{more[0]}{rest}")


def permissions(item: Object) -> Iterator[str]:
    """What a role permits, each verb on each resource."""
    if item.kind not in {"Role", "ClusterRole"}:
        return
    for entry in listing(item.data, "rules"):
        names = [f" {name}" for name in strings(entry, "resourceNames")] or [""]
        for verb in strings(entry, "verbs"):
            yield from (f"permits {verb} of {url}" for url in strings(entry, "nonResourceURLs"))
            for group in strings(entry, "apiGroups") or ("",):
                for resource in strings(entry, "resources"):
                    whole = f"{resource}.{group}" if group else resource
                    yield from (f"permits {verb} of {whole}{name}" for name in names)


def subjects(item: Object) -> Iterator[str]:
    """Whom a binding gives its role to."""
    if item.kind not in {"RoleBinding", "ClusterRoleBinding"}:
        return
    role = dig(item.data, "roleRef")
    for subject in listing(item.data, "subjects"):
        place = f"{subject.get('namespace')}/" if subject.get("namespace") else ""
        yield f"gives {role.get('kind')} {role.get('name')} to {subject.get('kind')} {place}{subject.get('name')}"


def charts(before: Objects, after: Objects) -> Iterator[Danger]:
    """Charts whose major version rises, by the label that each object has."""
    was, now = versions(before.values()), versions(after.values())
    for name in sorted(was.keys() & now.keys()):
        if numbers(now[name])[:1] > numbers(was[name])[:1]:
            yield Danger(name="major-chart", object=f"chart {name}", fact=f"{was[name]} → {now[name]}")


def versions(objects: Iterable[Object]) -> dict[str, str]:
    """Chart → version, from the label `helm.sh/chart`."""
    found = {}
    for item in objects:
        if match := CHART.fullmatch(item.labels.get("helm.sh/chart", "")):
            found[match.group(1)] = match.group(2)
    return found


def scaled_to_zero(old: Object, new: Object) -> Iterator[Danger]:
    """A workload without pods."""
    for path in COUNTS:
        if new.at(*path) == 0 and old.at(*path) != 0:
            yield Danger(name="scaled-to-zero", object=new.title, fact=f"has {path[-1]} 0")


def immutable_fields(old: Object, new: Object) -> Iterator[Danger]:
    """Fields that an update cannot change; a Job that was done is replaced, not changed."""
    was, now = without_noise(old.data), without_noise(new.data)
    if new.kind != "Job" and isinstance(was, Mapping) and isinstance(now, Mapping):
        for path in immutable_changes(was, now):
            yield Danger(name="immutable-field", object=new.title, fact=f"changes {spelled(path)}")


def smaller_claims(old: Object, new: Object) -> Iterator[Danger]:
    """Volumes that shrink."""
    if new.kind not in {"PersistentVolumeClaim", "Cluster"}:
        return
    for path in SIZES:
        was, now = old.at(*path), new.at(*path)
        if was is not None and now is not None and size_bytes(now) < size_bytes(was):
            yield Danger(name="smaller-claim", object=new.title, fact=f"{was} → {now}")


def definitions(old: Object, new: Object) -> Iterator[Danger]:
    """Versions of a definition that are no longer served."""
    if new.kind == "CustomResourceDefinition":
        for version in sorted(served(old.data) - served(new.data)):
            yield Danger(name="removed-definition", object=new.title, fact=f"no longer serves {version}")


def image_versions(old: Object, new: Object) -> Iterator[Danger]:
    """Images of another major version or repository, and of an earlier version."""
    before, after = dict(images(old.data)), dict(images(new.data))
    for name in sorted(before.keys() & after.keys()):
        was, now = parse_image(before[name]), parse_image(after[name])
        fact = f"{name}: {was.repository}:{was.tag} → {now.repository}:{now.tag}"
        if was.repository != now.repository:
            yield Danger(name="major-image", object=new.title, fact=fact)
            continue
        fact = f"{name}: {was.tag} → {now.tag}"
        earlier, later = numbers(was.tag), numbers(now.tag)
        if earlier and later and later < earlier:
            yield Danger(name="older-image", object=new.title, fact=fact)
        elif earlier and later and app_level(was.tag, now.tag) is Level.MAJOR:
            yield Danger(name="major-image", object=new.title, fact=fact)


COMPARISONS: Sequence[Callable[[Object, Object], Iterator[Danger]]] = (
    scaled_to_zero,
    immutable_fields,
    smaller_claims,
    definitions,
    image_versions,
)
