"""Config blob and manifest of a chart as Helm's own encoder writes them. Pure.

Go's encoder keeps the order of struct fields, leaves empty ones out, sorts maps and escapes `<`, `>`, `&` and two line
separators. The text of Chart.yaml is taken as it is in a packed chart: `helm package` has already cleaned it.

Source: helm v4.3.1 pkg/chart/v2/metadata.go, dependency.go and pkg/registry/chart.go; Go's encoding/json.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from slipway.registry.manifest import CHART_TYPE, CONFIG_TYPE, sha256
from slipway.util.files import SOURCE_DATE_EPOCH
from slipway.util.go_json import encode

METADATA_KEYS = (
    "name", "home", "sources", "version", "description", "keywords", "maintainers", "icon", "apiVersion", "condition",
    "tags", "appVersion", "deprecated", "annotations", "kubeVersion", "dependencies", "type",
)  # fmt: skip
MAINTAINER_KEYS = ("name", "email", "url")
DEPENDENCY_KEYS = ("name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias")
ALWAYS = frozenset({"name", "repository"})
"""Fields of a dependency that Helm writes even when they are empty."""

TITLE = "org.opencontainers.image.title"
VERSION = "org.opencontainers.image.version"
ANNOTATION = "org.opencontainers.image."


def config_of(metadata: Mapping[str, object]) -> bytes:
    """The config blob: Chart.yaml in Helm's field order."""
    fields = pick(metadata, METADATA_KEYS)
    if "maintainers" in fields:
        fields["maintainers"] = [pick(entry, MAINTAINER_KEYS) for entry in mappings(metadata["maintainers"])]
    if "dependencies" in fields:
        fields["dependencies"] = [dependency_of(entry) for entry in mappings(metadata["dependencies"])]
    if "annotations" in fields:
        fields["annotations"] = annotations_in(metadata)
    return encode(fields)


def pick(source: Mapping[str, object], keys: Iterable[str]) -> dict[str, object]:
    """These keys in this order, without empty values."""
    return {key: source[key] for key in keys if source.get(key)}


def mappings(value: object) -> list[Mapping[str, object]]:
    """The mappings of a list."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []


def dependency_of(entry: Mapping[str, object]) -> dict[str, object]:
    """One dependency in Helm's field order."""
    fields = {key: entry.get(key) or "" for key in DEPENDENCY_KEYS if key in ALWAYS or entry.get(key)}
    if "import-values" in fields:
        fields["import-values"] = by_key(fields["import-values"])
    return fields


def by_key(value: object) -> object:
    """Free-form data with sorted mappings."""
    if isinstance(value, Mapping):
        return {str(key): by_key(value[key]) for key in sorted(value, key=str)}
    return [by_key(item) for item in value] if isinstance(value, list | tuple) else value


def annotations_in(metadata: Mapping[str, object]) -> dict[str, str]:
    """Annotations of Chart.yaml, sorted."""
    found = metadata.get("annotations")
    return {str(key): str(found[key]) for key in sorted(found, key=str)} if isinstance(found, Mapping) else {}


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
