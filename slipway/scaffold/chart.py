"""`new SERVICE`: a chart that passes every check from the start, registered in its umbrella.

Facts come as text from the command line and are checked together, so one run names every mistake. All texts are made and
checked before anything is written; the chart's folder appears last and in one step. What a kill leaves behind is taken up by
the same command.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Workspace
from slipway.scaffold import files as scaffold_text
from slipway.scaffold.files import Claim, Facts
from slipway.util import quantity, yaml
from slipway.util.files import content_of, together, write_atomic
from slipway.util.text import suggest
from slipway.versioning import changelog
from slipway.versioning.levels import ChangeKind
from slipway.workspace import editing, graph
from slipway.workspace.chart_folder import UNPACKAGED
from slipway.workspace.chart_yaml import parse_chart

RESERVED = frozenset({"global", "enabled", "exports", "tags"})
"""Keys with a meaning of their own in Helm's values."""

FLOATING = frozenset({"latest", "stable", "edge", "nightly", "main", "master", "develop", "dev", "release"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffolded:
    """What `create` wrote."""

    chart: str
    umbrella: str
    paths: tuple[str, ...]
    """Relative to the root."""
    warnings: tuple[str, ...]
    next_steps: tuple[str, ...]
    """Commands, in the order in which they help."""


def facts_of(
    workspace: Workspace,
    *,
    service: str,
    umbrella: str,
    image: str,
    port: str,
    health: str = "/",
    data: str = "",
    app_version: str = "",
    description: str = "",
) -> Facts:
    """The command line as checked facts.

    Args:
        workspace: what is there already.
        service: name of the chart.
        umbrella: the namespace that it joins.
        image: `repository:tag` or `repository:tag@sha256:…`.
        port: of its web interface.
        health: path that answers 200 when it is up; `tcp` when only the port can be tried.
        data: volumes as `/path:size`, comma separated.
        app_version: version of the application; the image's tag without its `v` when empty.
        description: one line.

    Raises:
        WorkspaceError: every fact that is missing or wrong.
    """
    problems = [*check_name(workspace, service), *check_umbrella(workspace, umbrella), *check_health(health)]
    repository, tag, digest = split_image(image, problems)
    if not port.isdigit() or not 0 < int(port) < 65536:
        problems.append(wrong("--port", f"{port!r} is not a port number", "use 1 to 65535"))
    claims = tuple(claims_of(data, problems))
    libraries = workspace.of_kind(ChartKind.LIBRARY)
    if len(libraries) != 1:
        problems.append(wrong("charts", f"there are {len(libraries)} library charts", "a new chart needs exactly one"))
    if problems:
        raise WorkspaceError(problems)
    return Facts(
        name=service,
        umbrella=umbrella,
        repository=repository,
        tag=tag,
        digest=digest,
        port=int(port),
        health=health,
        claims=claims,
        app_version=app_version or re.sub(r"^v(?=\d)", "", tag),
        description=" ".join(description.split()) or f"Runs {title_of(service)}",
        title=title_of(service),
        group=group_of(workspace, umbrella),
        library=libraries[0],
    )


def wrong(where: str, fact: str, hint: str) -> Problem:
    """A fact of the command line that cannot be used."""
    return Problem(where=where, fact=fact, hint=hint, rule="new.fact")


def check_name(workspace: Workspace, service: str) -> Iterator[Problem]:
    """A name becomes a folder, a repository, a host name and a key of values."""
    if not graph.NAME.fullmatch(service):
        near = re.sub(r"[^a-z0-9]+", "-", service.lower()).strip("-")[:53].strip("-")
        hint = f"./inv new {near}" if graph.NAME.fullmatch(near) else "small letters, digits and dashes"
        yield wrong("SERVICE", f"name {service!r} is not a DNS label of at most 53 characters", hint)
    elif service in RESERVED:
        yield wrong("SERVICE", f"name {service!r} has a meaning of its own in Helm's values", "choose another name")
    elif (chart := workspace.charts.get(ChartName(service))) is not None:
        yield wrong("SERVICE", f"chart {service!r} is there already: {chart.folder}", "choose another name")
    elif (workspace.root / "charts" / service).exists():
        yield wrong(f"charts/{service}", "is there already", f"remove charts/{service}, or choose another name")


def check_umbrella(workspace: Workspace, umbrella: str) -> Iterator[Problem]:
    """It joins an umbrella that exists."""
    names = [chart.name for chart in workspace.umbrellas]
    if umbrella not in names:
        hint = suggest(umbrella, names, otherwise="umbrellas:")
        fact = f"there is no umbrella {umbrella!r}" if umbrella else "is missing"
        yield wrong("--umbrella", fact, hint)


def check_health(health: str) -> Iterator[Problem]:
    """A path, or the word for a TCP probe."""
    if health != "tcp" and not re.fullmatch(r"/[^\s\"{}]*", health):
        yield wrong("--health", f"{health!r} is not a path", "use /path, or tcp to try the port only")


def split_image(image: str, problems: list[Problem]) -> tuple[str, str, str]:
    """Repository, tag and digest."""
    rest, at, digest = image.partition("@")
    repository, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = rest, ""
    form = "--image repository:tag@sha256:…"
    if not re.fullmatch(r"[a-z0-9]+([._:/-]{1,2}[a-z0-9]+)*", repository):
        problems.append(wrong("--image", f"{image!r} names no repository", form))
    elif not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", tag):
        problems.append(wrong("--image", f"{image!r} has no tag", form))
    elif tag in FLOATING:
        fact = f"tag {tag!r} names another image every week"
        problems.append(wrong("--image", fact, "name the tag of one version"))
    if at and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        problems.append(wrong("--image", f"{digest!r} is not a digest", form))
    return repository, tag, digest


def claims_of(data: str, problems: list[Problem]) -> Iterator[Claim]:
    """Volumes of the command line, each with an identifier made from its path."""
    seen: set[str] = set()
    for part in filter(None, (part.strip() for part in data.split(","))):
        path, colon, size = part.rpartition(":")
        canonical = quantity.canonical(size)
        if not colon or not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", path) or not canonical or quantity.parse(size) < 1:
            problems.append(wrong("--data", f"{part!r} is not a volume", "--data /config:5Gi"))
            continue
        if canonical != size:
            problems.append(
                wrong("--data", f"the API server rewrites {size} as {canonical}", f"--data {path}:{canonical}")
            )
            continue
        name = re.sub(r"[^a-z0-9]+", "-", posixpath.basename(path).lower()).strip("-") or "data"
        if name in seen or name == "tmp":
            name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")
        if path == "/tmp" or name in seen:  # noqa: S108 - a path in the container
            fact = "is in memory already" if path == "/tmp" else "is named twice"  # noqa: S108
            problems.append(wrong("--data", f"{path} {fact}", "remove it"))
            continue
        seen.add(name)
        yield Claim(name=name, path=path, size=size)


def title_of(service: str) -> str:
    """A name as a title: `my-service` → `My Service`."""
    return " ".join(word[:1].upper() + word[1:] for word in service.split("-") if word)


def group_of(workspace: Workspace, umbrella: str) -> str:
    """Where the start page shows it: the group that most members of its umbrella are in."""
    found = []
    for member in workspace.charts[ChartName(umbrella)].dependencies:
        if (chart := workspace.charts.get(member.name)) is not None:
            dashboard = yaml.parse(chart.files.get("values.yaml", b""), chart.folder).mapping.get("dashboard")
            found += [str(dashboard["group"])] if isinstance(dashboard, dict) and "group" in dashboard else []
    return max(sorted(set(found)), key=found.count, default=title_of(umbrella))


def texts_of(workspace: Workspace, facts: Facts, today: date) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """(files of the chart by path relative to it, new texts of the umbrella's files by path relative to the root).

    Raises:
        WorkspaceError: the umbrella cannot be edited by a program, or the result would not be a sound workspace.
    """
    first = changelog.Item(kind=ChangeKind.ADDED, description=f"{facts.title} {facts.app_version}.")
    log = changelog.release("", chart=facts.name, version=facts.version, day=today, items=[first], published=())
    files = {**scaffold_text.chart_files(facts), "CHANGELOG.md": log.encode()}
    umbrella = workspace.charts[ChartName(facts.umbrella)]
    folder = workspace.root / umbrella.folder
    entry = {
        "name": facts.name,
        "version": facts.version,
        "repository": f"file://{posixpath.relpath(f'charts/{facts.name}', umbrella.folder)}",
        "condition": f"{facts.name}.enabled",
    }
    values_path = f"{umbrella.folder}/values.yaml"
    values = (folder / "values.yaml").read_bytes() if (folder / "values.yaml").is_file() else b""
    members = [dep.key for dep in umbrella.dependencies]
    edited = {
        values_path: editing.add_member(values, facts.name, members, "", values_path),
        umbrella.where: editing.add_dependency((folder / "Chart.yaml").read_bytes(), entry, umbrella.where),
    }
    check_result(workspace, umbrella, files, edited, facts)
    return files, edited


def check_result(
    workspace: Workspace, umbrella: Chart, files: Mapping[str, bytes], edited: Mapping[str, bytes], facts: Facts
) -> None:
    """The workspace with the new chart has no problem in these two charts.

    Raises:
        WorkspaceError: it has.
    """
    packaged = {path: text for path, text in files.items() if path.partition("/")[0] not in UNPACKAGED}
    made = parse_chart(files["Chart.yaml"], f"charts/{facts.name}", packaged)
    grown = parse_chart(edited[umbrella.where], umbrella.folder, umbrella.files)
    charts = {**workspace.charts, made.name: made, grown.name: grown}
    after = replace(workspace, charts=charts)
    places = (made.folder, grown.folder)
    if problems := [problem for problem in graph.check(after) if problem.where.startswith(places)]:
        raise WorkspaceError(problems)


def create(workspace: Workspace, facts: Facts, today: date) -> Scaffolded:
    """Write the chart and register it; on a failure everything is as it was.

    Raises:
        WorkspaceError: the umbrella cannot be edited by a program.
    """
    files, edited = texts_of(workspace, facts, today)
    root = workspace.root
    target = root / "charts" / facts.name
    for left in target.parent.glob(f".{facts.name}.*.tmp"):
        shutil.rmtree(left)
    temporary = target.with_name(f".{facts.name}.{os.getpid()}.tmp")
    try:
        with together(root, edited):
            for path, content in files.items():
                (temporary / path).parent.mkdir(parents=True, exist_ok=True)
                (temporary / path).write_bytes(content)
            for path, content in edited.items():
                if content_of(root / path) != content:
                    write_atomic(root / path, content)
            temporary.rename(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return Scaffolded(
        chart=facts.name,
        umbrella=facts.umbrella,
        paths=(*(f"charts/{facts.name}/{path}" for path in sorted(files)), *sorted(edited)),
        warnings=warnings_of(facts),
        next_steps=(
            f"./inv version --only {facts.umbrella}",
            f"./inv lint --only {facts.umbrella}",
            "./inv release",
        ),
    )


def warnings_of(facts: Facts) -> tuple[str, ...]:
    """What works and could be better."""
    found = []
    if not facts.digest:
        image = f"{facts.repository}:{facts.tag}"
        found.append(
            f"image {image} has no digest, so its tag decides what runs: add the digest, and remove the exception from Chart.yaml"
        )
    if not facts.claims:
        found.append("nothing that it writes survives a restart; --data /path:size keeps a folder")
    return tuple(found)
