"""A pod, as the API server has it → what its program gets. As a kubelet reads it; pure, the objects come by a function.

What we do not know is an error that names the field: a program must not start with less than its pod says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from slipway.core.errors import Problem, WorkspaceError
from slipway.lab.real.catalog import Real
from slipway.util.mapping import dig, listing

Data = Mapping[str, object]
Find = Callable[[str, str], Data | None]
"""Kind and name → an object of the pod's namespace."""

REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][\w.-]*)\)")
LABEL = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
API_SERVER = "10.43.0.1"
"""The first address of `plan.SERVICES`, which the Service `kubernetes` always has."""
PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod and the one container of it that becomes a process."""

    data: Data
    container: Data

    @property
    def name(self) -> str:
        """Of the pod."""
        return str(dig(self.data, "metadata")["name"])

    @property
    def namespace(self) -> str:
        """Of the pod."""
        return str(dig(self.data, "metadata")["namespace"])

    @property
    def uid(self) -> str:
        """Of the pod."""
        return str(dig(self.data, "metadata")["uid"])

    @property
    def address(self) -> str:
        """That kwok gave it."""
        return str(dig(self.data, "status")["podIP"])

    @property
    def where(self) -> str:
        """What errors call it."""
        return f"pod {self.namespace}/{self.name}"

    @property
    def version(self) -> str:
        """The tag of its image."""
        return str(self.container["image"]).partition("@")[0].rpartition(":")[2]

    @property
    def user(self) -> int:
        """User of its program."""
        return self.number("runAsUser")

    @property
    def group(self) -> int:
        """Group of its program."""
        return self.number("runAsGroup")

    def number(self, key: str) -> int:
        """A number of the container's security context, or of the pod's."""
        for context in (dig(self.container, "securityContext"), dig(self.data, "spec", "securityContext")):
            if isinstance(value := context.get(key), int):
                return value
        raise refused(self, f"says no {key}")

    @property
    def read_only_root(self) -> bool:
        """Whether its program may write only into volumes."""
        return bool(dig(self.container, "securityContext").get("readOnlyRootFilesystem"))

    @property
    def ports(self) -> Mapping[str, int]:
        """Its TCP ports by name."""
        ports = listing(self.container, "ports")
        return {str(port["name"]): int(str(port["containerPort"])) for port in ports if port.get("protocol") == "TCP"}

    @property
    def probe(self) -> tuple[int, str]:
        """The question of its readiness probe: a port, and a path that is empty for a mere connection.

        Raises:
            WorkspaceError: it has a probe of another kind, or none.
        """
        probe = dig(self.container, "readinessProbe")
        asked = dig(probe, "httpGet") or dig(probe, "tcpSocket")
        if not asked:
            raise refused(self, "has no readiness probe over HTTP or TCP")
        port = str(asked["port"])
        return self.ports[port] if port in self.ports else int(port), str(asked.get("path", ""))

    @property
    def startup_timeout_s(self) -> float:
        """How long its start may take: as its probes say, and a minute at least, since everything here is slower."""
        startup = dig(self.container, "startupProbe")
        number = {
            key: int(str(startup.get(key, default)))
            for key, default in (("periodSeconds", 10), ("failureThreshold", 3))
        }
        return max(60.0, float(number["periodSeconds"] * number["failureThreshold"]))


def pod_of(real: Real, pods: Sequence[Data]) -> Pod:
    """The pod that a real component takes the place of.

    Raises:
        WorkspaceError: it is not in the cluster.
    """
    for data in pods:
        running = dig(data, "status").get("phase") == "Running" and "deletionTimestamp" not in dig(data, "metadata")
        for container in listing(dig(data, "spec"), "containers"):
            if running and container.get("name") == real.container:
                return Pod(data=data, container=container)
    fact = f"no running pod of {real.chart}, {real.controller}"
    raise WorkspaceError(Problem(where=f"lab, {real.name}", fact=fact, hint="./inv lab kubectl get pods -A"))


def argv_of(real: Real, pod: Pod, env: Mapping[str, str]) -> tuple[str, ...]:
    """Its command line."""
    words = [
        item
        for key in ("command", "args")
        for item in (pod.container.get(key) or (real.entrypoint if key == "command" else ()))  # type: ignore[attr-defined]
    ]
    return tuple(expanded(str(word), env) for word in words)


def expanded(text: str, env: Mapping[str, str]) -> str:
    """`$(NAME)` → the variable's value; one that is not there stays as it is, and `$$` is a dollar."""
    return REFERENCE.sub(lambda found: "$" if not found[1] else env.get(found[1], found[0]), text)


def environment_of(pod: Pod, find: Find) -> dict[str, str]:
    """Its variables: the image's PATH, those of the cluster, `envFrom`, `env`.

    Raises:
        WorkspaceError: a reference leads nowhere, or is of a kind that we do not know.
    """
    env = {
        "PATH": PATH,
        "HOSTNAME": pod.name,
        "KUBERNETES_SERVICE_HOST": API_SERVER,
        "KUBERNETES_SERVICE_PORT": "443",
        "KUBERNETES_SERVICE_PORT_HTTPS": "443",
    }
    for source in listing(pod.container, "envFrom"):
        for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            if reference := dig(source, key):
                content = texts(pod, find, kind, reference)
                env |= {f"{source.get('prefix', '')}{name}": value for name, value in content.items()}
    for item in listing(pod.container, "env"):
        if "valueFrom" in item:
            value = referred(pod, find, dig(item, "valueFrom"))
            env |= {str(item["name"]): value} if value is not None else {}
        else:
            env[str(item["name"])] = expanded(str(item.get("value", "")), env)
    return env


def referred(pod: Pod, find: Find, source: Data) -> str | None:
    """The value that a variable takes from somewhere; None when it may be missing and is.

    Raises:
        WorkspaceError: it is missing, or of a kind that we do not know.
    """
    if field := dig(source, "fieldRef"):
        return field_of(pod, str(field["fieldPath"]))
    for kind, key in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
        if reference := dig(source, key):
            content = texts(pod, find, kind, reference)
            name = str(reference["key"])
            if name not in content and not reference.get("optional"):
                raise refused(pod, f"needs key {name} of {kind} {reference['name']}, which is not there")
            return content.get(name)
    raise refused(pod, f"takes a variable from {', '.join(source)}, which a lab cannot give")


def field_of(pod: Pod, path: str) -> str:
    """A field of the pod itself.

    Raises:
        WorkspaceError: it is not there.
    """
    if found := LABEL.fullmatch(path):
        return str(dig(pod.data, "metadata", found[1]).get(found[2], ""))
    parent, _, key = path.rpartition(".")
    value = dig(pod.data, *parent.split(".")).get(key)
    if value is None:
        raise refused(pod, f"has no field {path}")
    return str(value)


def texts(pod: Pod, find: Find, kind: str, reference: Data) -> dict[str, str]:
    """The content of a ConfigMap or Secret as texts."""
    return {name: value.decode() for name, value in content_of(pod, find, kind, reference).items()}


def content_of(pod: Pod, find: Find, kind: str, reference: Data) -> dict[str, bytes]:
    """The content of a ConfigMap or Secret; empty when it may be missing and is.

    Raises:
        WorkspaceError: it is missing.
    """
    import base64

    name = str(reference.get("name") or reference.get("secretName"))
    found = find(kind, name)
    if found is None:
        if reference.get("optional"):
            return {}
        raise refused(pod, f"needs {kind} {name}, which is not there")
    coded = dig(found, "binaryData") if kind == "ConfigMap" else dig(found, "data")
    plain = dig(found, "data") if kind == "ConfigMap" else {}
    return {
        **{str(key): str(value).encode() for key, value in plain.items()},
        **{str(key): base64.b64decode(str(value)) for key, value in coded.items()},
    }


def refused(pod: Pod, fact: str) -> WorkspaceError:
    """Why a pod cannot be started."""
    return WorkspaceError(Problem(where=pod.where, fact=fact))
