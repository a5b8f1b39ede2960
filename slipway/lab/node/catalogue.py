"""Which images of the charts have the real program here, and where it is in the image. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The real program of an image."""

    tool: str
    """Go tool, group of packages, or program of this machine."""
    path: str
    """In the image, without its first `/`."""
    links: tuple[str, ...] = ()
    """Other paths of the same program."""
    entrypoint: tuple[str, ...] = ()
    """What the image starts before a container's arguments; empty: the program."""
    workdir: str = "/"
    of_machine: bool = False
    """Whether it is a program that this machine has installed; its libraries come along."""
    others: Mapping[str, str] = field(default_factory=dict)
    """Path in the image → another program of this machine."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Path in the image → another Go tool."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Path in the image → content, such as a shell script."""


ARGOCD = ("server", "repo-server", "application-controller", "applicationset-controller", "notifications")
SHELL = "bin/busybox"
LOCAL_PATH = """\
#!/bin/sh
# v0.0.30 is the newest that can be built; it does not answer the health probe that v0.0.37 does.
httpd -p 8080 -h /usr/share/health
exec /usr/libexec/local-path-provisioner "$@"
"""
VALKEY_CLI = """\
#!/bin/sh
REDISCLI_AUTH="$VALKEYCLI_AUTH" exec redis-cli "$@"
"""

REDIS = Program(
    tool="redis-check-rdb",  # one program, which reads from its name what it is
    path="usr/local/bin/redis-server",
    links=("usr/local/bin/valkey-server",),
    others={"usr/local/bin/redis-cli": "redis-cli"},
    texts={"usr/local/bin/valkey-cli": VALKEY_CLI},
    of_machine=True,
)
CERT_MANAGER = Program(
    tool="cert-manager",  # one program, which reads from its name what it is
    path="app/cmd/controller/controller",
    links=("app/cmd/webhook/webhook", "app/cmd/cainjector/cainjector"),
)
PROGRAMS: Mapping[str, Program] = {
    "quay.io/argoproj/argocd": Program(
        tool="argocd",
        path="usr/local/bin/argocd",
        links=tuple(f"usr/local/bin/argocd-{name}" for name in ARGOCD),
        beside={"usr/local/bin/helm": "helm"},
        # Upstream's is tini, which starts its arguments.
        entrypoint=(f"/{SHELL}", "env"),
    ),
    "docker.io/library/redis": REDIS,
    "docker.io/valkey/valkey": REDIS,
    "docker.io/library/traefik": Program(tool="traefik", path="usr/local/bin/traefik"),
    "docker.io/prom/prometheus": Program(tool="prometheus", path="bin/prometheus", workdir="/prometheus"),
    "quay.io/prometheus/prometheus": Program(tool="prometheus", path="bin/prometheus", workdir="/prometheus"),
    "docker.io/prom/node-exporter": Program(tool="node-exporter", path="bin/node_exporter"),
    "quay.io/prometheus/blackbox-exporter": Program(tool="blackbox-exporter", path="bin/blackbox_exporter"),
    "docker.io/grafana/loki": Program(tool="loki", path="usr/bin/loki"),
    "docker.io/bitnami/sealed-secrets-controller": Program(tool="sealed-secrets", path="usr/local/bin/controller"),
    "docker.io/rancher/local-path-provisioner": Program(
        tool="local-path-provisioner",
        path="usr/libexec/local-path-provisioner",
        texts={
            "usr/bin/local-path-provisioner": LOCAL_PATH,
            "usr/share/health/health": "",
            "usr/share/health/ready": "",
        },
    ),
    "docker.io/rancher/mirrored-coredns-coredns": Program(tool="coredns", path="coredns"),
    "docker.io/coredns/coredns": Program(tool="coredns", path="coredns"),
    "docker.io/restic/restic": Program(tool="restic", path="usr/bin/restic"),
    "quay.io/jetstack/cert-manager-controller": CERT_MANAGER,
    "quay.io/jetstack/cert-manager-webhook": replace(CERT_MANAGER, entrypoint=("/app/cmd/webhook/webhook",)),
    "quay.io/jetstack/cert-manager-cainjector": replace(CERT_MANAGER, entrypoint=("/app/cmd/cainjector/cainjector",)),
    "quay.io/metallb/controller": Program(tool="metallb", path="controller"),
    "quay.io/metallb/speaker": Program(tool="metallb-speaker", path="speaker"),
    "registry.k8s.io/external-dns/external-dns": Program(tool="external-dns", path="bin/external-dns"),
    "registry.k8s.io/kube-state-metrics/kube-state-metrics": Program(
        tool="kube-state-metrics", path="kube-state-metrics"
    ),
}
"""Repository → program. Every other image is a stand-in's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What scripts of our charts expect in an image whose program cannot be had."""

    folders: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


EXPECTED: Mapping[str, Expected] = {
    "docker.io/library/nextcloud": Expected(programs=("php",)),
    "ghcr.io/tandoorrecipes/recipes": Expected(
        folders=("opt", "opt/recipes", "opt/recipes/http.d"), programs=("pg_isready", "python", "nginx")
    ),
}
"""By repository."""


def repository(reference: str) -> str:
    """An image's name without tag and digest."""
    name = reference.partition("@")[0]
    path, colon, tag = name.rpartition(":")
    return path if colon and "/" not in tag else name


def tools(references: Iterable[str] = PROGRAMS) -> tuple[str, ...]:
    """The Go tools and packages that these images need, or all of them."""
    found = (PROGRAMS[name] for name in map(repository, references) if name in PROGRAMS)
    return tuple(sorted({tool for item in found if not item.of_machine for tool in (item.tool, *item.beside.values())}))
