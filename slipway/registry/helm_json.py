"""Config blob and manifest of a chart as Helm's own encoder writes them. Pure.

Go's encoder keeps the order of struct fields, leaves empty ones out, sorts maps and escapes `<`, `>`, `&` and two line
separators. The text of Chart.yaml is taken as it is in a packed chart: `helm package` has already cleaned it.

Source: helm v4.3.1 pkg/chart/v2/metadata.go, dependency.go and pkg/registry/chart.go; Go's encoding/json.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from slipway.build.metadata import annotations_in, fields_of, mappings
from slipway.registry.manifest import CHART_TYPE, CONFIG_TYPE, sha256
from slipway.util.files import SOURCE_DATE_EPOCH
from slipway.util.go_json import encode

TITLE = "org.opencontainers.image.title"
VERSION = "org.opencontainers.image.version"
ANNOTATION = "org.opencontainers.image."


def config_of(metadata: Mapping[str, object]) -> bytes:
    """The config blob: Chart.yaml in Helm's field order."""
    return encode(fields_of(metadata))


def manifest_annotations(metadata: Mapping[str, object]) -> dict[str, str]:
    """Annotations that Helm writes into the manifest: fields of Chart.yaml, then its annotations but two."""
    sources = metadata.get("sources")
    facts = {
        f"{ANNOTATION}description": metadata.get("description"),
        TITLE: metadata.get("name"),
        VERSION: metadata.get("version"),
        f"{ANNOTATION}url": metadata.get("home"),
        f"{ANNOTATION}created": datetime.fromtimestamp(SOURCE_DATE_EPOCH, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"{ANNOTATION}source": sources[0] if isinstance(sources, list | tuple) and sources else None,
        f"{ANNOTATION}authors": authors_of(metadata),
    }
    annotations = {key: str(value) for key, value in facts.items() if value and str(value).strip()}
    own = {key: value for key, value in annotations_in(metadata).items() if key not in {TITLE, VERSION}}
    merged = annotations | own
    return {key: merged[key] for key in sorted(merged)}


def authors_of(metadata: Mapping[str, object]) -> str:
    """`name (email), name`."""
    entries = mappings(metadata.get("maintainers"))
    return ", ".join(
        str(entry.get("name") or "") + (f" ({entry['email']})" if entry.get("email") else "") for entry in entries
    )


def manifest_bytes(metadata: Mapping[str, object], config: bytes, layer: bytes) -> bytes:
    """The manifest that names a chart's config and archive."""
    return encode(
        {
            "schemaVersion": 2,
            "config": {"mediaType": CONFIG_TYPE, "digest": sha256(config), "size": len(config)},
            "layers": [{"mediaType": CHART_TYPE, "digest": sha256(layer), "size": len(layer)}],
            "annotations": manifest_annotations(metadata),
        }
    )
