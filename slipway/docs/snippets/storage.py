"""PVCs, of volumes and of databases, and storage classes. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.docs.markdown import EMPTY, code, table
from slipway.docs.snippets import diagrams
from slipway.docs.source.platform import Platform
from slipway.docs.source.schema import items, lookup


def volumes(every: Mapping[str, Platform]) -> str:
    """All PVCs with their size in each environment."""
    sizes: dict[tuple[str, str, str], dict[str, str]] = {}
    about: dict[tuple[str, str, str], tuple[str, str]] = {}
    for name, one in every.items():
        for member in one.members:
            for claim, size in diagrams.claims(member):
                key = (member.umbrella, member.name, claim)
                sizes.setdefault(key, {})[name] = code(size)
                about[key] = (member.link, code(claim))
    rows = ((code(key[0]), *about[key], *(sizes[key].get(name, EMPTY) for name in every)) for key in sorted(sizes))
    return table(("Namespace", "Service", "PVC", *every), rows)


def storage_classes(platform: Platform) -> str:
    """All StorageClasses that charts create."""
    rows = []
    for member in platform.members:
        for _, spec in items(member.values.get("extraObjects")):
            if spec.get("kind") == "StorageClass":
                name = str(lookup(spec, "metadata", "name"))
                binding = str(spec.get("volumeBindingMode", "Immediate"))
                rows.append(
                    (
                        code(name),
                        member.link,
                        code(spec.get("provisioner", "")),
                        str(spec.get("reclaimPolicy", "Delete")),
                        binding,
                    )
                )
    return table(("StorageClass", "Chart", "Provisioner", "Reclaim policy", "Volume binding mode"), rows)
