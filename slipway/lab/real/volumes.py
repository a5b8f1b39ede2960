"""The volumes of a pod → files to write and mounts, as a kubelet makes them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slipway.lab.real.pod import Data, Find, Pod, content_of, field_of, refused
from slipway.lab.sandbox.program import Mount
from slipway.util.mapping import dig, listing

Token = Callable[[str, str], str]
"""Service account and audience → a token; the audience is empty for the API server's own."""
MACHINE = (
    *(("/proc", False), ("/sys", True), ("/etc/ssl/certs", True), ("/usr/share/zoneinfo", True)),
    *((f"/dev/{name}", False) for name in ("null", "zero", "full", "random", "urandom")),
)
"""What an image or an engine brings, from this machine when it is there; and whether it is read-only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Where a volume's content is."""

    folder: Path
    files: Mapping[str, bytes] | None = None
    """What is written there; None when it belongs to the program, or to the machine."""
    made: bool = True
    """Whether the folder is ours to make."""
    secret: frozenset[str] = field(default=frozenset())
    """Files that change while the program runs, which reads them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What volumes are made from."""

    find: Find
    """The objects of the pod's namespace."""
    token: Token
    folder: Path
    """For this pod."""
    claims: Path
    """For the volumes that outlive it."""


def volumes_of(pod: Pod, cluster: Cluster) -> dict[str, Volume]:
    """Every volume of the pod by name.

    Raises:
        WorkspaceError: a volume cannot be had here.
    """
    return {str(item["name"]): volume_of(pod, item, cluster) for item in listing(dig(pod.data, "spec"), "volumes")}


def volume_of(pod: Pod, item: Data, cluster: Cluster) -> Volume:
    """One volume.

    Raises:
        WorkspaceError: it cannot be had here.
    """
    own = cluster.folder / "volumes" / str(item["name"])
    if "emptyDir" in item:
        return Volume(folder=cluster.folder / "scratch" / pod.uid / str(item["name"]))
    if source := dig(item, "configMap"):
        return Volume(folder=own, files=selected(pod, source, content_of(pod, cluster.find, "ConfigMap", source)))
    if source := dig(item, "secret"):
        return Volume(folder=own, files=selected(pod, source, content_of(pod, cluster.find, "Secret", source)))
    if source := dig(item, "projected"):
        return projected(pod, source, cluster, own)
    if source := dig(item, "persistentVolumeClaim"):
        return Volume(folder=cluster.claims / pod.namespace / str(source["claimName"]))
    if source := dig(item, "hostPath"):
        return Volume(folder=Path(str(source["path"])), made=False)
    kind = next((key for key in item if key != "name"), "nothing")
    raise refused(pod, f"has a volume of {kind}, which a lab cannot give")


def selected(pod: Pod, source: Data, content: Mapping[str, bytes]) -> dict[str, bytes]:
    """All of a content, or the keys that `items` names under their paths.

    Raises:
        WorkspaceError: a key is not there.
    """
    items = listing(source, "items")
    if missing := [str(item["key"]) for item in items if item["key"] not in content and not source.get("optional")]:
        raise refused(pod, f"needs key {missing[0]} of {source.get('name') or source.get('secretName')}")
    chosen = {str(item["path"]): content[str(item["key"])] for item in items if item["key"] in content}
    return chosen if items else dict(content)


def projected(pod: Pod, source: Data, cluster: Cluster, folder: Path) -> Volume:
    """A volume of several sources: the token of its service account among them.

    Raises:
        WorkspaceError: a source is of a kind that we do not know.
    """
    files: dict[str, bytes] = {}
    changing = set()
    account = str(dig(pod.data, "spec").get("serviceAccountName", "default"))
    for item in listing(source, "sources"):
        if wanted := dig(item, "serviceAccountToken"):
            path = str(wanted["path"])
            files[path] = cluster.token(account, str(wanted.get("audience", ""))).encode()
            changing.add(path)
        elif wanted := dig(item, "configMap"):
            files |= selected(pod, wanted, content_of(pod, cluster.find, "ConfigMap", wanted))
        elif wanted := dig(item, "secret"):
            files |= selected(pod, wanted, content_of(pod, cluster.find, "Secret", wanted))
        elif wanted := dig(item, "downwardAPI"):
            for entry in listing(wanted, "items"):
                files[str(entry["path"])] = field_of(pod, str(dig(entry, "fieldRef")["fieldPath"])).encode()
        else:
            raise refused(pod, f"has a projection of {', '.join(item)}, which a lab cannot give")
    return Volume(folder=folder, files=files, secret=frozenset(changing))


def mounts_of(pod: Pod, volumes: Mapping[str, Volume]) -> Iterator[Mount]:
    """Where the container sees its volumes."""
    for item in listing(pod.container, "volumeMounts"):
        volume = volumes[str(item["name"])]
        source = volume.folder / str(item.get("subPath", ""))
        read_only = bool(item.get("readOnly")) or volume.files is not None
        yield Mount(source=str(source), target=str(item["mountPath"]), read_only=read_only)
