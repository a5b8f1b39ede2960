"""Which pods of the platform can have a real program, and which program that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slipway.core.errors import Problem, WorkspaceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """A program for a container of the platform."""

    name: str
    """What `--real` and `--what` call it, and its Go tool or group of packages."""
    purpose: str
    chart: str
    controller: str
    """Of the chart: `app.kubernetes.io/component` of its pods."""
    container: str = "app"
    entrypoint: tuple[str, ...] = ()
    """What the image starts when the pod names no command."""
    workdir: str = "/"
    """Of the image."""
    for_strangers: tuple[str, ...] = ()
    """Ports that are reached a second time, from an address outside of the home network."""
    acts: tuple[str, ...] = ()
    """Roles of `slipway.lab.operators` that play what this program does."""


CATALOG: Mapping[str, Real] = {
    real.name: real
    for real in (
        Real(
            name="traefik",
            purpose="routes requests by our IngressRoutes",
            chart="traefik",
            controller="traefik",
            entrypoint=("traefik",),
            for_strangers=("web", "websecure"),
            acts=("ingress-address",),
        ),
        Real(
            name="prometheus",
            purpose="finds targets by our annotations, loads our rules",
            chart="prometheus",
            controller="prometheus",
            entrypoint=("prometheus",),
            workdir="/prometheus",
        ),
        Real(
            name="sealed-secrets",
            purpose="makes Secrets of SealedSecrets",
            chart="sealed-secrets",
            controller="sealed-secrets",
            acts=("sealed-secret-synced",),
        ),
        Real(
            name="kube-state-metrics",
            purpose="tells the state of the objects as metrics",
            chart="kube-state-metrics",
            controller="kube-state-metrics",
            entrypoint=("kube-state-metrics",),
        ),
        Real(
            name="node-exporter",
            purpose="tells the state of this machine as metrics",
            chart="node-exporter",
            controller="node-exporter",
            entrypoint=("node_exporter",),
        ),
        Real(
            name="metallb",
            purpose="gives addresses of the pool to Services",
            chart="metallb",
            controller="controller",
            container="controller",
            entrypoint=("controller",),
            acts=("load-balancer-address",),
        ),
        Real(
            name="external-dns",
            purpose="writes the names of external routes to a DNS provider",
            chart="external-dns",
            controller="external-dns",
            entrypoint=("external-dns",),
        ),
    )
}


def chosen(names: str) -> tuple[str, ...]:
    """The names in a comma separated list, each once.

    Raises:
        WorkspaceError: there is no such component.
    """
    asked = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    if unknown := [name for name in asked if name not in CATALOG]:
        fact = f"there is no program for {', '.join(unknown)}"
        evidence = (f"there is one for {', '.join(CATALOG)}; every other pod is played",)
        raise WorkspaceError(
            Problem(where="--real", fact=fact, evidence=evidence, hint=f"./inv lab up --real {next(iter(CATALOG))}")
        )
    return asked


def acts(names: Iterable[str]) -> frozenset[str]:
    """The roles that real components take over."""
    return frozenset(act for name in names for act in CATALOG[name].acts)
