"""Judges of pods and containers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slipway.policy.subject import Subject, Violation, containers
from slipway.util.mapping import dig, listing


def security(subject: Subject) -> Iterator[Violation]:
    """The restricted Pod Security level, container by container, and a read-only root."""
    for item, pod in subject.pods:
        shared = dig(pod, "spec", "securityContext")
        for container in containers(pod):
            name = str(container.get("name"))
            own = dig(container, "securityContext")
            merged = {**shared, **own}

            def violation(rule: str, fact: str, name: str = name, title: str = item.title) -> Violation:
                return Violation(rule=f"contract.{rule}", object=title, part=name, fact=f"container {name} {fact}")

            if merged.get("runAsNonRoot") is not True or merged.get("runAsUser") == 0:
                yield violation("non-root", "may run as root")
            if own.get("readOnlyRootFilesystem") is not True:
                yield violation("read-only", "can change its image's files")
            if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
                yield violation("escalation", "can gain privileges")
            capabilities = dig(own, "capabilities")
            if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
                yield violation("capabilities", f"has capabilities {capabilities.get('add') or 'of the runtime'}")
            if dig(merged, "seccompProfile").get("type") != "RuntimeDefault":
                yield violation("seccomp", "has no seccomp profile")


def host(subject: Subject) -> Iterator[Violation]:
    """Host namespaces, host paths and tokens."""
    for item, pod in subject.pods:
        spec = dig(pod, "spec")
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(key):
                yield Violation(rule="contract.host", object=item.title, part=key, fact=f"sets {key}")
        for volume in listing(spec, "volumes"):
            if "hostPath" in volume:
                name = str(volume.get("name"))
                yield Violation(
                    rule="contract.host", object=item.title, part=name, fact=f"volume {name} is a path of the node"
                )
        if spec.get("automountServiceAccountToken") is not False and not spec.get("serviceAccountName"):
            yield Violation(
                rule="contract.token", object=item.title, part=item.name, fact="mounts the default account's token"
            )


def resources(subject: Subject) -> Iterator[Violation]:
    """Requests and limits."""
    for item, pod in subject.pods:
        for container in containers(pod):
            name = str(container.get("name"))
            requests, limits = dig(container, "resources", "requests"), dig(container, "resources", "limits")
            for where, held, key in (
                ("requests", requests, "cpu"),
                ("requests", requests, "memory"),
                ("limits", limits, "memory"),
            ):
                if key not in held:
                    fact = f"container {name} has no {key} in its {where}"
                    yield Violation(rule="contract.resources", object=item.title, part=name, fact=fact)


def probes(subject: Subject) -> Iterator[Violation]:
    """Liveness and readiness of long-running containers, and probe ports."""
    for item, pod in subject.pods:
        if item.kind in {"Job", "CronJob"}:
            continue
        for container in listing(dig(pod, "spec"), "containers"):
            name = str(container.get("name"))
            ports = {str(port.get("name")) for port in listing(container, "ports")}
            ports |= {str(port.get("containerPort")) for port in listing(container, "ports")}
            for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
                probe = dig(container, kind)
                if not probe and kind != "startupProbe":
                    yield Violation(
                        rule="contract.probes", object=item.title, part=name, fact=f"container {name} has no {kind}"
                    )
                for handler in ("httpGet", "tcpSocket", "grpc"):
                    port = dig(probe, handler).get("port")
                    if port is not None and str(port) not in ports:
                        fact = f"container {name}: {kind} asks port {port}, which it does not have"
                        yield Violation(rule="contract.probes", object=item.title, part=name, fact=fact)


def images(subject: Subject) -> Iterator[Violation]:
    """Tag and digest."""
    for item, pod in subject.pods:
        for container in containers(pod):
            image = str(container.get("image"))
            if not re.fullmatch(r"[^@\s]+:[^:@/\s]+@sha256:[0-9a-f]{64}", image) or ":latest@" in image:
                name = str(container.get("name"))
                fact = f"container {name}: image {image} is not pinned by tag and digest"
                yield Violation(rule="contract.image", object=item.title, part=name, fact=fact)


def environment(subject: Subject) -> Iterator[Violation]:
    """Variables with one value each."""
    for item, pod in subject.pods:
        for container in containers(pod):
            name = str(container.get("name"))
            names = [str(variable.get("name")) for variable in listing(container, "env")]
            for twice in sorted({variable for variable in names if names.count(variable) > 1}):
                fact = f"container {name} sets {twice} twice"
                yield Violation(rule="contract.env", object=item.title, part=name, fact=fact)
            for variable in listing(container, "env"):
                if "value" in variable and not isinstance(variable["value"], str):
                    fact = f"container {name}: {variable.get('name')} is not text"
                    yield Violation(rule="contract.env", object=item.title, part=name, fact=fact)
