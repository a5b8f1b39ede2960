"""A lab's folder before its start: keys, kubeconfigs, definitions, stages, the objects that a cluster has from the start."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.lab import component, plan
from slipway.lab.operators.roles import GROUPS
from slipway.lab.place import Addresses, Place, write_addresses
from slipway.lab.supervisor import COMPONENTS
from slipway.registry.daemon import Daemon

if TYPE_CHECKING:
    from slipway.lab.pki import Pki

STAGES = Path(__file__).resolve().parent / "stages.yaml"
"""What kwok plays."""
GROUP = re.compile(r"^  group: (\S+)$", re.MULTILINE)
ARGOCD_GROUP = "argoproj.io"
PART_OF_ARGOCD = {"app.kubernetes.io/part-of": "argocd"}
"""Argo CD reads only settings that are labelled so. Source: argo-cd v3.6.1 util/settings/settings.go:810-822."""


def prepare(
    place: Place,
    *,
    ports: Mapping[str, int],
    programs: Mapping[str, Path],
    definitions: Sequence[Path],
    argocd_namespace: str,
    path: str,
    extent: plan.Extent = plan.Extent.WHOLE,
) -> plan.Parts:
    """Create the folder; leftovers of an earlier lab are removed.

    Args:
        place: the lab.
        ports: for everything that listens.
        programs: every program of the extent.
        definitions: files with custom resource definitions.
        argocd_namespace: where Argo CD's own objects are.
        path: PATH of this process.
        extent: how much is started.
    """
    reset(place)
    keys, tokens = access(place)
    parts = plan.Parts(
        place=place,
        pki=keys,
        ports=ports,
        programs=programs,
        path=path,
        extent=extent,
        has_definitions=bool(definitions),
    )
    for name in ("tmp", "tls", "ssh", "gpg", "gpg-source"):
        (place.folder / "argocd" / name).mkdir(parents=True)
    write_kubeconfigs(place, keys, tokens, server=parts.server, argocd_namespace=argocd_namespace)
    write_definitions(place, definitions)
    shutil.copyfile(STAGES, place.folder / plan.STAGES)
    write_objects(place, (*cluster_objects(), *(argocd_objects(argocd_namespace) if "argocd" in extent.value else ())))
    write_registry(plan.served(place, ports["registry"]))
    write_addresses(place, Addresses(registry=parts.at("registry"), registry_inside=parts.at("registry")))
    (place.folder / COMPONENTS).write_text(component.to_json(plan.components(parts)), encoding="utf-8")
    return parts


def reset(place: Place) -> None:
    """An empty folder; leftovers of an earlier lab are removed."""
    shutil.rmtree(place.folder, ignore_errors=True)
    place.folder.mkdir(parents=True, mode=0o700)


def access(place: Place, addresses: Sequence[str] = ()) -> tuple[Pki, Mapping[str, str]]:
    """Keys and certificates, and the token of each user."""
    from slipway.lab import pki  # its packages are installed at the first start

    return pki.make(place.folder / "pki", addresses)


def write_kubeconfigs(
    place: Place, keys: Pki, tokens: Mapping[str, str], *, server: str, argocd_namespace: str, outside: str = ""
) -> None:
    """Access for every user.

    Args:
        place: the lab.
        keys: of `access`.
        tokens: of `access`.
        server: the API server, for components.
        argocd_namespace: where Argo CD's own objects are.
        outside: the API server, for the administrator, where it has another address for him.
    """
    from slipway.lab import pki

    (place.folder / "users").mkdir()
    for user, token in tokens.items():
        namespace = argocd_namespace if user == "argocd" else "default"
        write(place.kubeconfig_of(user), pki.kubeconfig(server, keys.ca, token, namespace))
    write(place.kubeconfig, pki.kubeconfig(outside or server, keys.ca, tokens["admin"]))


def write_definitions(place: Place, definitions: Sequence[Path]) -> None:
    """Custom resource definitions."""
    folder = place.folder / plan.DEFINITIONS
    folder.mkdir()
    for source in definitions:
        shutil.copyfile(source, folder / f"{source.parent.parent.name}-{source.name}")


def write_objects(place: Place, objects: Iterable[Mapping[str, object]]) -> None:
    """What the cluster has from the start."""
    (place.folder / plan.OBJECTS).mkdir()
    for number, item in enumerate(objects):
        write(place.folder / plan.OBJECTS / f"{number:02}-{item['kind']}.json", item)


def write_registry(served: Daemon) -> None:
    """The registry's folder and settings."""
    (served.folder / "data").mkdir(parents=True)
    served.config_file.write_text(served.configuration(), encoding="utf-8")


def from_start(definitions: Iterable[Path]) -> tuple[Path, ...]:
    """The files whose kinds must exist from the start; the others are installed by their umbrella.

    No umbrella has those below `tools/`, and Argo CD reads its own kinds.
    """
    return tuple(
        path for path in definitions if path.parent.name != "crds" or simulated(path) or path.stem == ARGOCD_GROUP
    )


def simulated(definitions: Path) -> bool:
    """Whether an operator of the kinds in a file is played."""
    return definitions.stem in GROUPS


def write(path: Path, data: Mapping[str, object]) -> None:
    """A JSON file, which is YAML too, for its owner only."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def cluster_objects() -> tuple[dict[str, object], ...]:
    """What k3s has before anything is installed: a node, and its default storage class."""
    labels = {
        "kubernetes.io/hostname": "lab",
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node-role.kubernetes.io/control-plane": "true",
    }
    return (
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "lab", "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        },
        storage_class("local-path", {"storageclass.kubernetes.io/is-default-class": "true"}),
    )


def argocd_objects(namespace: str) -> tuple[dict[str, object], ...]:
    """What Argo CD must find when it starts: its namespace and settings."""
    inside = {"namespace": namespace, "labels": PART_OF_ARGOCD}
    return (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "argocd-cm", **inside},
            "data": {"application.resourceTrackingMethod": "annotation"},
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "argocd-secret", **inside},
            "stringData": {"server.secretkey": secrets.token_hex(16)},
        },
    )


def storage_class(name: str, annotations: Mapping[str, str] | None = None) -> dict[str, object]:
    """A class like those of local-path-provisioner: a volume is made where the first pod that wants it runs."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, **({"annotations": dict(annotations)} if annotations else {})},
        "provisioner": "rancher.io/local-path",
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Delete",
    }
