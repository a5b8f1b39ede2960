"""Which Secrets the pods of a chart may read through the Kubernetes API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.build.render import Object
from slipway.policy.chart_objects import ChartObjects, Violation, containers, violation
from slipway.policy.labels import PREFIX
from slipway.policy.object_rule import rule
from slipway.util.mapping import dig, listing, strings

READING = frozenset({"get", "list", "watch", "*"})
ROLES = {"RoleBinding": "in its namespace", "ClusterRoleBinding": "in every namespace"}
"""Kind of a binding → where its rules apply."""

NAME_LABEL = f"{PREFIX}name"
"""The name of the member, with which the names of its objects begin; an exception names the account without it."""

HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")


@rule("contract.secrets", "A service account reads only the Secrets that its role names.")
def secret_access(chart: ChartObjects) -> Iterator[Violation]:
    for account in chart.of_kind("ServiceAccount"):
        for where in dict.fromkeys(read_without_names(chart, account)):
            fact = f"may read every Secret {where}"
            reach = dict.fromkeys(
                reason
                for _, pod in chart.workloads
                if dig(pod, "spec").get("serviceAccountName") == account.name
                for reason in reach_of(pod)
            )
            fact = f"{fact}, and its pod {' and '.join(reach)}" if reach else fact
            yield violation(account, fact, name=account.name.removeprefix(f"{account.labels.get(NAME_LABEL)}-"))


def read_without_names(chart: ChartObjects, account: Object) -> Iterator[str]:
    """Where an account may read Secrets that no role names."""
    roles = {(item.kind, item.name): item for kind in ("Role", "ClusterRole") for item in chart.of_kind(kind)}
    for kind, where in ROLES.items():
        for binding in chart.of_kind(kind):
            bound = {str(subject.get("name")) for subject in listing(binding.data, "subjects")}
            reference = dig(binding.data, "roleRef")
            role = roles.get((str(reference.get("kind")), str(reference.get("name"))))
            if account.name in bound and role is not None and any(map(reads_secrets, listing(role.data, "rules"))):
                yield where


def reads_secrets(entry: Mapping[str, object]) -> bool:
    """Whether a rule of a role lets its subjects read Secrets of any name."""
    return bool(
        {"", "*"} & set(strings(entry, "apiGroups"))
        and {"secrets", "*"} & set(strings(entry, "resources"))
        and READING & set(strings(entry, "verbs"))
        and not strings(entry, "resourceNames")
    )


def reach_of(pod: Mapping[str, object]) -> Iterator[str]:
    """What makes a pod an easier or a more valuable target than others: root, and anything of the node."""
    spec = dig(pod, "spec")
    contexts = [{**dig(spec, "securityContext"), **dig(each, "securityContext")} for each in containers(pod)]
    if any(context.get("privileged") for context in contexts):
        yield "is privileged"
    if any(context.get("runAsUser") == 0 or context.get("runAsNonRoot") is not True for context in contexts):
        yield "runs as root"
    for key in HOST_NAMESPACES:
        if spec.get(key):
            yield f"has {key}"
    if any("hostPath" in volume for volume in listing(spec, "volumes")):
        yield "mounts files of the node"
