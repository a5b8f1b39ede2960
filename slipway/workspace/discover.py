"""Files → Workspace. `load` is the only reader of the monorepo; everything after it works on values.

A file that cannot be understood ends the run, but only after every other file was looked at, so one run names them all.
What can be understood and is still wrong (versions, dependencies, cycles) is `graph.check`'s to find.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from slipway.config import Config
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import (
    SEALED_FOLDER,
    SEALING_CERTIFICATE,
    Chart,
    ChartKind,
    ChartName,
    Dependency,
    Environment,
    ValuesFile,
    Workspace,
)
from slipway.util import yaml
from slipway.util.files import name_not_utf8, not_utf8, read_bytes
from slipway.util.text import closest, suggest
from slipway.workspace import unread

PACKAGED = ("values.yaml", "values.schema.json", "LICENSE")
"""Files of a chart that are packaged besides Chart.yaml."""

PACKAGED_FOLDERS = ("templates", "crds", "files")
BINARY_FOLDER = "files"
"""Below it a chart may keep what is not text."""
LIBRARY_FOLDERS = ("schemas",)
"""Only the library carries these: the fragments that schemas are composed from."""

CHANGELOG = "CHANGELOG.md"
NOTES = "notes.md"
"""What an operator should know of a service, in words; its page on the site takes it in."""

UNPACKAGED = ("Chart.yaml", "README.md", CHANGELOG, NOTES, "Chart.lock", "ci", "tests", "charts")
"""A chart folder may have these; they are never packaged."""


def load(config: Config) -> Workspace:
    """Read charts/, umbrella/ and values/.

    Raises:
        WorkspaceError: every file that cannot be understood, with its line.
    """
    problems: list[Problem] = []
    charts: dict[ChartName, Chart] = {}
    for folder in chart_folders(config.root):
        if (unnamed := name_not_utf8(folder)) is not None:
            problems.append(unnamed)
            continue
        try:
            chart = read_chart(config.root, folder)
        except WorkspaceError as error:
            problems.extend(error.problems)
            continue
        if (twin := charts.get(chart.name)) is not None:
            problems.append(
                Problem(
                    where=chart.line_of("name"),
                    fact=f"chart name {chart.name!r} is taken",
                    evidence=(f"{twin.where} has it too; both would publish to the same repository",),
                    hint="rename one of the two folders and its name",
                    rule="chart.duplicate-name",
                )
            )
            continue
        charts[chart.name] = chart
    environments, more = read_environments(
        config, {str(c.name) for c in charts.values() if c.kind is ChartKind.UMBRELLA}
    )
    problems.extend(more)
    problems.extend(unread.check(config.root, config.environments))
    if not charts and not problems:
        problems.append(Problem(where="charts", fact="there is no chart", hint="./inv new SERVICE", rule="chart.none"))
    if problems:
        raise WorkspaceError(problems)
    return Workspace(root=config.root, charts=charts, environments=environments)


def chart_folders(root: Path) -> Iterator[str]:
    """Every folder under charts/ and umbrella/, by name, relative to the root."""
    for parent in ("charts", "umbrella"):
        if (root / parent).is_dir():
            with os.scandir(root / parent) as entries:
                names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
            yield from (f"{parent}/{name}" for name in names)


def read_chart(root: Path, folder: str) -> Chart:
    """Read one chart folder.

    Raises:
        WorkspaceError: Chart.yaml or a file of the chart cannot be understood.
    """
    if not (root / folder / "Chart.yaml").exists():
        raise WorkspaceError(
            Problem(where=folder, fact="has no Chart.yaml", hint=f"add one, or delete {folder}", rule="chart.missing")
        )
    text = read_bytes(root / folder / "Chart.yaml", f"{folder}/Chart.yaml")
    library = parse_kind(folder, yaml.parse(text, f"{folder}/Chart.yaml").mapping) is ChartKind.LIBRARY
    files = read_files(root / folder, folder, library=library)
    beside = read_beside(root / folder, folder)
    texts = {path: content for path, content in (files | beside).items() if not path.startswith(f"{BINARY_FOLDER}/")}
    if problems := [*filter(None, (not_utf8(content, f"{folder}/{path}") for path, content in texts.items()))]:
        raise WorkspaceError(problems)
    return parse_chart(text, folder, files, beside)


def read_beside(folder: Path, where: str) -> dict[str, bytes]:
    """What is read and not packaged: texts for people, and the variations under `ci/`.

    Raises:
        WorkspaceError: a file cannot be read, or its name is not UTF-8.
    """
    found = [folder / name for name in (CHANGELOG, NOTES) if (folder / name).is_file()]
    found += sorted(folder.glob("ci/*-values.yaml"))
    names = [path.relative_to(folder).as_posix() for path in found]
    if problems := [*filter(None, (name_not_utf8(f"{where}/{name}") for name in names))]:
        raise WorkspaceError(problems)
    return {name: read_bytes(folder / name, f"{where}/{name}") for name in names}


def parse_chart(
    text: bytes, folder: str, files: Mapping[str, bytes], beside: Mapping[str, bytes] | None = None
) -> Chart:
    """Chart.yaml's text → Chart; pure.

    Raises:
        WorkspaceError: a field is missing or has the wrong type.
    """
    document = yaml.parse(text, f"{folder}/Chart.yaml")
    metadata = document.mapping
    problems = [*check_fields(document, folder), *check_dependency_fields(document)]
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
    app_version = metadata.get("appVersion")
    if app_version is not None and not isinstance(app_version, str):
        yield Problem(
            where=document.at("appVersion"),
            fact=f"appVersion must be text, YAML reads it as {type(app_version).__name__} {app_version!r}",
            hint="put it in quotes, digit for digit: YAML drops the last zero of 1.10",
            rule="chart.app-version",
        )
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


def dependency_entries(metadata: Mapping[str, object]) -> list[object]:
    """The raw list under `dependencies`."""
    entries = metadata.get("dependencies")
    return entries if isinstance(entries, list) else []


def check_dependency_fields(document: yaml.Document) -> Iterator[Problem]:
    """Each dependency has a name, a version and a repository, as text."""
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


def read_files(folder: Path, where: str, *, library: bool) -> dict[str, bytes]:
    """What is packaged of a chart folder: an allow-list, so that nothing gets into a package unnoticed.

    Raises:
        WorkspaceError: the folder has another file, or a packaged path is a symbolic link.
    """
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    folders = PACKAGED_FOLDERS + (LIBRARY_FOLDERS if library else ())
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith(".") and entry.name != ".helmignore":
                continue
            if entry.name in PACKAGED and entry.is_file(follow_symlinks=False):
                files[entry.name] = read_bytes(Path(entry.path), f"{where}/{entry.name}")
            elif entry.name in folders and entry.is_dir(follow_symlinks=False):
                problems.extend(_read_tree(Path(entry.path), entry.name, where, files))
            elif (unnamed := name_not_utf8(f"{where}/{entry.name}")) is not None:
                problems.append(unnamed)
            elif entry.name not in UNPACKAGED:
                problems.append(_unexpected(f"{where}/{entry.name}", folders))
    if problems:
        raise WorkspaceError(problems)
    return files


def _unexpected(where: str, folders: tuple[str, ...]) -> Problem:
    known = ", ".join((*PACKAGED, *(f"{name}/" for name in folders)))
    return Problem(
        where=where,
        fact="is not a file of a chart",
        evidence=(f"packaged are: Chart.yaml, {known}", f"not packaged, but allowed: {', '.join(UNPACKAGED[1:])}"),
        hint="move it under files/, or out of the chart",
        rule="chart.unexpected-file",
    )


def _read_tree(top: Path, prefix: str, where: str, files: dict[str, bytes]) -> Iterator[Problem]:
    with os.scandir(top) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = f"{prefix}/{entry.name}"
            if entry.name.startswith("."):
                continue
            if (unnamed := name_not_utf8(f"{where}/{path}")) is not None:
                yield unnamed
            elif entry.is_symlink():
                yield Problem(
                    where=f"{where}/{path}", fact="is a symbolic link", hint="copy the file", rule="chart.symlink"
                )
            elif entry.is_dir():
                yield from _read_tree(Path(entry.path), path, where, files)
            else:
                files[path] = read_bytes(Path(entry.path), f"{where}/{path}")


def read_environments(config: Config, umbrellas: set[str]) -> tuple[dict[str, Environment], list[Problem]]:
    """values/<environment>/*.yaml, and what is sealed, for every configured environment."""
    environments: dict[str, Environment] = {}
    problems: list[Problem] = []
    for name in config.environments:
        folder = config.root / "values" / name
        files = {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder.is_dir() else {}
        if "platform" not in files:
            problems.append(
                Problem(
                    where=f"values/{name}",
                    fact="has no platform.yaml" if folder.is_dir() else "is missing",
                    evidence=(f"pyproject.toml lists the environment {name!r}",),
                    hint=f"write values/{name}/platform.yaml with the environment's domain, addresses and storage class",
                    rule="environment.platform",
                )
            )
            continue
        read: dict[str, ValuesFile] = {}
        for stem, path in files.items():
            try:
                read[stem] = read_values(path, f"values/{name}/{path.name}")
            except WorkspaceError as error:
                problems.extend(error.problems)
        if "platform" not in read:
            continue
        platform = read.pop("platform")
        problems.extend(_unknown_namespace(read[stem].path, stem, umbrellas) for stem in sorted(set(read) - umbrellas))
        environments[name] = Environment(
            name=name,
            platform=platform,
            namespaces=read,
            sealed=tuple(read_sealed(config.root, folder / SEALED_FOLDER)),
            certificate=next(read_sealed(config.root, folder / SEALING_CERTIFICATE), None),
        )
    return environments, problems


def read_values(path: Path, where: str) -> ValuesFile:
    """A values file.

    Raises:
        WorkspaceError: it cannot be read, or it or its name is not UTF-8.
    """
    if (problem := name_not_utf8(where)) is not None:
        raise WorkspaceError(problem)
    text = read_bytes(path, where)
    if (problem := not_utf8(text, where)) is not None:
        raise WorkspaceError(problem)
    return ValuesFile(path=where, text=text)


def read_sealed(root: Path, top: Path) -> Iterator[ValuesFile]:
    """A file, or every file below a folder, hidden ones and links too, since Argo CD reads them; nothing when it is not there.

    A link is taken for an empty file: where it leads to is not for the cluster.
    """
    for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
        where = path.relative_to(root).as_posix()
        if path.is_symlink():
            yield ValuesFile(path=where, text=b"")
        elif path.is_file() and path.name != ".gitkeep":
            yield read_values(path, where)


def _unknown_namespace(path: str, stem: str, umbrellas: set[str]) -> Problem:
    near = closest(stem, sorted(umbrellas))
    hint = f"did you mean {near}.yaml?" if near else suggest(stem, umbrellas, otherwise="umbrellas:")
    return Problem(where=path, fact=f"there is no umbrella {stem!r}", hint=hint, rule="environment.unknown-namespace")
