"""Chart.yaml → Chart, with the line of each field. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Dependency
from slipway.core.profile import HOMELAB, Profile
from slipway.util import yaml

DEPENDENCY_FIELDS = ("name", "version", "repository", "condition", "alias")
"""Fields of a dependency of this platform."""
MORE_FIELDS = ("tags", "enabled", "import-values")
"""Those that Helm has besides."""


def parse_chart(
    text: bytes,
    folder: str,
    files: Mapping[str, bytes],
    beside: Mapping[str, bytes] | None = None,
    profile: Profile = HOMELAB,
) -> Chart:
    """Chart.yaml's text → Chart; pure.

    Raises:
        WorkspaceError: a field is missing or has the wrong type.
    """
    document = yaml.parse(text, f"{folder}/Chart.yaml")
    metadata = document.mapping
    problems = [*check_fields(document, folder), *check_dependency_fields(document, profile)]
    if problems:
        raise WorkspaceError(problems)
    return Chart(
        name=ChartName(str(metadata["name"])),
        version=str(metadata["version"]),
        kind=parse_kind(folder, metadata),
        folder=folder,
        metadata=metadata,
        lines={
            "/".join(path): line
            for path, line in document.lines.items()
            if len(path) == 1 or (len(path) == 2 and path[0] == "annotations")
        },
        dependencies=tuple(parse_dependency(document, index) for index in range(len(dependency_entries(metadata)))),
        files=files,
        beside=beside or {},
    )


def parse_kind(folder: str, metadata: Mapping[str, object]) -> ChartKind:
    """Library by its type, umbrella by its folder, service otherwise."""
    if metadata.get("type") == "library":
        return ChartKind.LIBRARY
    return ChartKind.UMBRELLA if folder.startswith("umbrella/") else ChartKind.SERVICE


def check_fields(document: yaml.Document, folder: str) -> Iterator[Problem]:
    """What every Chart.yaml must say."""
    metadata, where = document.mapping, document.where
    if metadata.get("apiVersion") != "v2":
        found = metadata.get("apiVersion")
        yield Problem(
            where=document.at("apiVersion"), fact=f"apiVersion is {found!r}, not 'v2'", rule="chart.api-version"
        )
    for key in ("name", "version"):
        if not isinstance(metadata.get(key), str):
            found = metadata.get(key)
            fact = f"{key} is missing" if found is None else f"{key} must be text, not {type(found).__name__} {found!r}"
            yield Problem(where=document.at(key), fact=fact, hint=f'write {key}: "…"', rule=f"chart.{key}")
        elif not str(metadata[key]).isprintable():
            yield Problem(where=document.at(key), fact=f"{key} has a control character", rule=f"chart.{key}")
    app_version = metadata.get("appVersion")
    if app_version is not None and not isinstance(app_version, str):
        yield Problem(
            where=document.at("appVersion"),
            fact=f"appVersion must be text, YAML reads it as {type(app_version).__name__} {app_version!r}",
            hint="put it in quotes, digit for digit: YAML drops the last zero of 1.10",
            rule="chart.app-version",
        )
    yield from check_annotations(document)
    name = metadata.get("name")
    if isinstance(name, str) and name != folder.rpartition("/")[2]:
        yield Problem(
            where=document.at("name"),
            fact=f"name {name!r} differs from its folder {folder!r}",
            hint="make them equal: the folder, the repository and the Kubernetes names come from one word",
            rule="chart.name-folder",
        )
    if metadata.get("dependencies") is not None and not isinstance(metadata["dependencies"], list):
        yield Problem(
            where=document.at("dependencies") or where, fact="dependencies must be a list", rule="chart.dependencies"
        )


def check_annotations(document: yaml.Document) -> Iterator[Problem]:
    """Annotations are text on both sides; Helm would make text of a number in its own way."""
    annotations = document.mapping.get("annotations") or {}
    for key, value in annotations.items() if isinstance(annotations, dict) else [("", annotations)]:
        if not isinstance(value, str):
            where = document.at("annotations", key)
            named = f"annotation {key}" if key else "annotations"
            fact = f"{named} must be {'text' if key else 'a mapping'}, YAML reads {type(value).__name__} {value!r}"
            yield Problem(where=where, fact=fact, hint="put it in quotes", rule="chart.annotation")


def dependency_entries(metadata: Mapping[str, object]) -> list[object]:
    """The raw list under `dependencies`."""
    entries = metadata.get("dependencies")
    return entries if isinstance(entries, list) else []


def check_dependency_fields(document: yaml.Document, profile: Profile) -> Iterator[Problem]:
    """Each dependency has a name, a version and a repository, as text."""
    known = DEPENDENCY_FIELDS if profile.vocabulary else DEPENDENCY_FIELDS + MORE_FIELDS
    for index, entry in enumerate(dependency_entries(document.mapping)):
        where = document.at("dependencies", str(index))
        if not isinstance(entry, dict):
            yield Problem(where=where, fact="a dependency must be a mapping", rule="dependency.fields")
            continue
        for key in ("name", "version", "repository"):
            if not isinstance(entry.get(key), str):
                named = f" of {entry['name']}" if isinstance(entry.get("name"), str) else ""
                yield Problem(
                    where=where, fact=f"dependency{named}: {key} is missing or not text", rule="dependency.fields"
                )
        for key in entry.keys() - set(known):
            yield Problem(
                where=document.at("dependencies", str(index), key),
                fact=f"dependency {entry.get('name')}: {key!r} is not supported",
                evidence=(f"fields: {', '.join(known)}",),
                hint="members are switched by `condition`, and values are passed by `global`",
                rule="dependency.fields",
            )
        for key in ("condition", "alias"):
            if key in entry and not isinstance(entry[key], str):
                fact = f"dependency {entry.get('name')}: {key} is not text"
                yield Problem(where=where, fact=fact, hint="put it in quotes", rule="dependency.fields")


def parse_dependency(document: yaml.Document, index: int) -> Dependency:
    """One checked entry."""
    entry = dependency_entries(document.mapping)[index]
    assert isinstance(entry, dict)
    return Dependency(
        name=ChartName(entry["name"]),
        version=entry["version"],
        repository=entry["repository"],
        line=document.lines.get(("dependencies", str(index)), 0),
        condition=entry.get("condition"),
        alias=entry.get("alias"),
    )
