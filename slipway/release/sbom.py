"""The contents of an umbrella as a CycloneDX document: its charts, their images by digest, and the modules of their CRDs. Pure.

Source: CycloneDX 1.6 (ECMA-424), bom-1.6.schema.json; the purl types helm, oci and golang of package-url/purl-spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from slipway.core.model import Chart

CYCLONEDX = "https://cyclonedx.org/bom"
"""Type of the statement. Source: in-toto attestation framework, predicates/cyclonedx.md."""
REFERENCE = re.compile(r"(?P<name>[^@]+?)(?::(?P<tag>[^:/@]+))?(?:@sha256:(?P<digest>[0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A chart of an umbrella: itself, or one that it vendors."""

    chart: Chart
    images: tuple[str, ...] = ()
    """References, of every environment."""
    modules: tuple[tuple[str, str], ...] = ()
    """Go modules that its definitions come from: path and version."""


def document(umbrella: Member, members: Sequence[Member], licence: str) -> dict[str, object]:
    """The document; the same one for the same umbrella.

    Args:
        umbrella: the umbrella itself.
        members: the charts that it vendors.
        licence: SPDX identifier of the charts; images and modules have licences of their own, which no chart names.
    """
    every = (umbrella, *members)
    parts = {str(part["bom-ref"]): part for member in every for part in (*map(image, member.images), *modules(member))}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": component(umbrella, licence)},
        "components": [*(component(member, licence) for member in members), *(parts[key] for key in sorted(parts))],
        "dependencies": [
            {"ref": name(umbrella.chart), "dependsOn": sorted({*map(ref_of, members), *needs(umbrella)})},
            *({"ref": name(member.chart), "dependsOn": sorted(needs(member))} for member in members),
        ],
    }


def name(chart: Chart) -> str:
    """The reference of a chart inside the document, and its package URL."""
    return f"pkg:helm/{chart.name}@{quote(chart.version)}"


def ref_of(member: Member) -> str:
    """The reference of a member."""
    return name(member.chart)


def needs(member: Member) -> set[str]:
    """What a chart brings by itself."""
    return {str(part["bom-ref"]) for part in (*map(image, member.images), *modules(member))}


def component(member: Member, licence: str) -> dict[str, object]:
    """A chart."""
    chart = member.chart
    made: dict[str, object] = {
        "type": "application",
        "bom-ref": name(chart),
        "name": chart.name,
        "version": chart.version,
        "purl": name(chart),
    }
    if licence:
        made["licenses"] = [{"license": {"id": licence}}]
    if chart.app_version is not None:
        made["properties"] = [{"name": "helm:appVersion", "value": chart.app_version}]
    return made


def image(reference: str) -> dict[str, object]:
    """A container image."""
    found = REFERENCE.fullmatch(reference)
    place, tag, digest = (found["name"], found["tag"], found["digest"]) if found else (reference, None, None)
    version = f"sha256:{digest}" if digest else tag or ""
    query = {"repository_url": place, **({"tag": tag} if tag else {})}
    words = "&".join(f"{key}={quote(value, safe='/')}" for key, value in query.items())
    at = f"@{quote(version, safe='')}" if version else ""
    purl = f"pkg:oci/{quote(place.rpartition('/')[2])}{at}?{words}"
    made: dict[str, object] = {"type": "container", "bom-ref": purl, "name": place, "purl": purl}
    if tag or version:
        made["version"] = tag or version
    if digest:
        made["hashes"] = [{"alg": "SHA-256", "content": digest}]
    return made


def modules(member: Member) -> Iterable[dict[str, object]]:
    """The modules that its definitions come from."""
    for path, version in member.modules:
        purl = f"pkg:golang/{path}@{quote(version)}"
        yield {"type": "library", "bom-ref": purl, "name": path, "version": version, "purl": purl}
