"""What every service's objects must fulfil, whatever its values. Pure: rendered objects in, problems out.

A chart that cannot keep a rule says so in Chart.yaml, with the reason, as the annotation
`slipway.homelab/exception.<rule>`: `container: reason`; several are separated by semicolons. An exception that is no
longer needed is a finding too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from slipway.core.errors import Problem
from slipway.policy import objects, pods, whole
from slipway.policy.subject import Subject, Violation

EXCEPTION = "slipway.homelab/exception."
"""Prefix of annotations in Chart.yaml that except containers from a rule."""

RULES: dict[str, str] = {
    "contract.non-root": "Containers run as a user that is not root.",
    "contract.read-only": "Containers cannot change their image's files.",
    "contract.capabilities": "Containers drop every capability and gain none.",
    "contract.escalation": "Containers cannot gain privileges.",
    "contract.seccomp": "Pods use the runtime's seccomp profile.",
    "contract.host": "Pods use neither the node's network, processes nor files.",
    "contract.token": "Pods get a service account token only with an account of their own.",
    "contract.resources": "Containers request processor and memory and limit memory.",
    "contract.probes": "Workloads have liveness and readiness probes, on ports that exist.",
    "contract.image": "Images have a tag and a digest.",
    "contract.labels": "Objects carry the recommended labels.",
    "contract.selector": "Selectors match their pods and hold neither version nor chart.",
    "contract.name": "Names fit into a label, and StatefulSets leave room for a revision.",
    "contract.policy": "A NetworkPolicy denies everything by default for each pod.",
    "contract.reach": "An edge between two pods of the platform is listed by both, whatever their namespaces.",
    "contract.volume": "Volumes are mounted, and mounts have a volume.",
    "contract.reference": "ConfigMaps and keys that pods read exist; secrets are declared.",
    "contract.service": "Services select pods and end at ports of theirs.",
    "contract.route": "Routes end at Services and ports of the chart.",
    "contract.claim": "Claims and databases are protected from pruning and deletion.",
    "contract.wave": "Foundations come before workloads, and workloads before routes.",
    "contract.env": "Variables have one value, and it is text.",
    "contract.quantity": "Quantities are written as the API server writes them.",
    "contract.empty": "No mapping or list is empty: a server-side apply would drop it and see a change for ever.",
    "contract.unique": "An object is rendered once.",
    "contract.job": "Jobs carry a hash of their content in their name, and hooks say when they are deleted.",
    "contract.account": "Service accounts that pods and bindings name are part of the chart.",
    "contract.restart": "Pod templates say nothing of the chart's version, so a release alone restarts no pod.",
    "contract.namespace": "Objects stay in the release's namespace.",
    "contract.exception": "An exception that nothing needs, or that gives no reason.",
}
"""Rule → what it asks for."""


Check = Callable[[Subject], Iterable[Violation]]

CHECKS: tuple[Check, ...] = (
    *(pods.security, pods.host, pods.resources, pods.probes, pods.images, pods.environment),
    *(objects.labels, objects.selectors, objects.names, objects.policies, objects.volumes, objects.references),
    *(objects.services, objects.routes, objects.claims, objects.waves, objects.namespaces),
    *(whole.quantities, whole.empties, whole.twice, whole.jobs, whole.accounts, whole.versions),
)


def check(subject: Subject) -> Iterator[Problem]:
    """Every violation that no exception covers, and every exception that covers nothing."""
    used: set[tuple[str, str]] = set()
    for found_by in CHECKS:
        for violation in found_by(subject):
            if violation.part in subject.exceptions.get(violation.rule, {}):
                used.add((violation.rule, violation.part))
                continue
            yield Problem(
                where=f"{subject.chart}: {violation.object}",
                fact=violation.fact,
                evidence=(RULES[violation.rule], f"rendered with {subject.label}"),
                hint=f"fix it, or state the reason: annotation {EXCEPTION}{violation.rule.removeprefix('contract.')} in Chart.yaml",
                rule=violation.rule,
            )
    for rule, parts in subject.exceptions.items():
        for part, reason in parts.items():
            if rule not in RULES or not reason or (subject.complete and (rule, part) not in used):
                why = (
                    "there is no such rule"
                    if rule not in RULES
                    else "it gives no reason"
                    if not reason
                    else "nothing breaks the rule"
                )
                fact = f"exception {rule.removeprefix('contract.')} for {part!r}: {why}"
                yield Problem(where=subject.chart, fact=fact, rule="contract.exception")


def parse_exceptions(annotations: object) -> dict[str, dict[str, str]]:
    """Rule → part → reason, of a Chart.yaml's annotations."""
    found: dict[str, dict[str, str]] = {}
    for key, text in (annotations if isinstance(annotations, Mapping) else {}).items():
        if str(key).startswith(EXCEPTION):
            parts = (entry.partition(":") for entry in str(text).split(";") if entry.strip())
            rule = f"contract.{str(key).removeprefix(EXCEPTION)}"
            found[rule] = {part.strip(): reason.strip() for part, _, reason in parts}
    return found
