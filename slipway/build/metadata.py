"""Chart.yaml as Helm keeps it: known fields in the order of Go's structs, nothing empty. Pure.

`helm package` writes Chart.yaml anew from these fields, and the config blob of a published chart is made of them. Two
texts with the same fields are the same chart.

Source: helm v4.3.1 pkg/chart/v2/metadata.go and dependency.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

METADATA_KEYS = (
    "name", "home", "sources", "version", "description", "keywords", "maintainers", "icon", "apiVersion", "condition",
    "tags", "appVersion", "deprecated", "annotations", "kubeVersion", "dependencies", "type",
)  # fmt: skip
MAINTAINER_KEYS = ("name", "email", "url")
DEPENDENCY_KEYS = ("name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias")
ALWAYS = frozenset({"name", "repository"})
"""Fields of a dependency that Helm writes even when they are empty."""


def fields_of(metadata: Mapping[str, object]) -> dict[str, object]:
    """Chart.yaml in Helm's field order."""
    fields = pick(metadata, METADATA_KEYS)
    if "maintainers" in fields:
        fields["maintainers"] = [pick(entry, MAINTAINER_KEYS) for entry in mappings(metadata["maintainers"])]
    if "dependencies" in fields:
        fields["dependencies"] = [dependency_of(entry) for entry in mappings(metadata["dependencies"])]
    if "annotations" in fields:
        fields["annotations"] = annotations_in(metadata)
    return fields


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
