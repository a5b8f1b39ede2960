"""Pod security: the restricted Pod Security Standard, a read-only root file system, and pinned images."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.policy.chart_objects import ChartObjects, Violation, violation
from slipway.policy.images import PINNED_IMAGE, images_beside_containers
from slipway.policy.object_rule import rule
from slipway.util.mapping import dig, listing


@rule("contract.non-root", "Containers run as a user other than root.")
def non_root(chart: ChartObjects) -> Iterator[Violation]:
    for container in chart.containers:
        context = container.effective_security_context
        if context.get("runAsNonRoot") is not True or context.get("runAsUser") == 0:
            yield container.violation("may run as root")


@rule("contract.read-only", "Containers have a read-only root file system.")
def read_only_root_filesystem(chart: ChartObjects) -> Iterator[Violation]:
    for container in chart.containers:
        if container.security_context.get("readOnlyRootFilesystem") is not True:
            yield container.violation("has a writable root file system")


@rule("contract.capabilities", "Containers drop all capabilities and add none.")
def capabilities(chart: ChartObjects) -> Iterator[Violation]:
    for container in chart.containers:
        found = dig(container.security_context, "capabilities")
        if found.get("add"):
            yield container.violation(f"adds capabilities: {found['add']}")
        elif found.get("drop") != ["ALL"]:
            yield container.violation("does not drop all capabilities")


@rule("contract.escalation", "Containers cannot gain privileges.")
def privilege_escalation(chart: ChartObjects) -> Iterator[Violation]:
    for container in chart.containers:
        context = container.security_context
        if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
            yield container.violation("can gain privileges")


@rule("contract.seccomp", "Containers use the runtime's default seccomp profile.")
def seccomp_profile(chart: ChartObjects) -> Iterator[Violation]:
    for container in chart.containers:
        if dig(container.effective_security_context, "seccompProfile").get("type") != "RuntimeDefault":
            yield container.violation("does not use the seccomp profile RuntimeDefault")


@rule("contract.host", "Pods use no host namespace and no hostPath volume.")
def host_access(chart: ChartObjects) -> Iterator[Violation]:
    for item, pod in chart.pods:
        spec = dig(pod, "spec")
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(key):
                yield violation(item, f"sets {key}", name=key)
        for volume in listing(spec, "volumes"):
            if "hostPath" in volume:
                name = str(volume.get("name"))
                yield violation(item, f"volume {name} is a hostPath volume", name=name)


@rule("contract.token", "Pods mount a service account token only with a service account of their own.")
def service_account_token(chart: ChartObjects) -> Iterator[Violation]:
    for item, pod in chart.pods:
        spec = dig(pod, "spec")
        if spec.get("automountServiceAccountToken") is not False and not spec.get("serviceAccountName"):
            yield violation(item, "mounts the token of the default service account")


@rule("contract.image", "Images have a tag and a digest, also in arguments, variables and config files.")
def images(chart: ChartObjects) -> Iterator[Violation]:
    of_containers = set()
    for container in chart.containers:
        of_containers.add(image := str(container.spec.get("image")))
        if not PINNED_IMAGE.fullmatch(image):
            yield container.violation(f"uses the image {image}, which is not pinned by tag and digest")
    for item in chart.objects:
        for found in images_beside_containers(item):
            if not found.pinned and found.reference not in of_containers:
                fact = f"{found.place} names the image {found.reference}, which is not pinned by tag and digest"
                yield violation(item, fact, name=found.place)
