"""What a release says about an umbrella, signed: its contents (CycloneDX), and what it was made from (SLSA provenance).

Source: SLSA 1.1 Provenance, https://slsa.dev/spec/v1.1/provenance.
"""

from __future__ import annotations

import platform
import tomllib
from collections.abc import Callable, Iterator, Mapping

from slipway.context import Context
from slipway.core.errors import BuildError, ProblemsFound
from slipway.core.model import Chart, ChartKind, ChartName, Published
from slipway.policy.images import images_in
from slipway.release.diff import render_umbrella
from slipway.release.sbom import CYCLONEDX, Member, document
from slipway.signing.bundle import SIGNATURE
from slipway.toolchain.crd_sources import SHIPPED, SOURCES
from slipway.toolchain.gotool import required
from slipway.tools.git import Git
from slipway.util import cache
from slipway.workspace import graph

PROVENANCE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:slipway:release:v1"
BUILDER = "urn:slipway"
CRDS = "tools/crds"
"""Module folder with the versions of the definitions."""
PACKED = ("charts", "umbrella", "values")
"""Folders that decide what is packed."""
RELEASED_WITH = ("helm", "ct", "kubeconform")


def wanted(chart: Chart) -> tuple[str, ...]:
    """The types of the statements that a chart gets."""
    return (SIGNATURE, CYCLONEDX, PROVENANCE) if chart.kind is ChartKind.UMBRELLA else (SIGNATURE,)


def predicates(
    context: Context, name: ChartName, kinds: tuple[str, ...], published: Mapping[ChartName, Published]
) -> dict[str, Mapping[str, object]]:
    """What the statements of some types say about a chart.

    Args:
        context: the wiring.
        name: the chart.
        kinds: types of `wanted`.
        published: what is in the registry, for what the umbrella vendors.

    Raises:
        ProblemsFound: it cannot be built.
        ToolFailed: it cannot be rendered.
    """
    makers: dict[str, Callable[[], Mapping[str, object]]] = {
        SIGNATURE: dict,
        CYCLONEDX: lambda: contents(context, name),
        PROVENANCE: lambda: provenance(context, name, published),
    }
    return {kind: makers[kind]() for kind in kinds}


def contents(context: Context, name: ChartName) -> dict[str, object]:
    """The SBOM of an umbrella."""
    workspace = context.workspace
    images = images_of(context, name)
    below = [workspace.charts[member] for member in graph.closure(workspace, [name]) if member != name]
    keys = {entry.name: entry.key for entry in workspace.charts[name].dependencies}
    members = [
        Member(
            chart=one, images=images.get(keys.get(one.name, one.name), ()), modules=tuple(modules_of(context, one.name))
        )
        for one in below
    ]
    return document(Member(chart=workspace.charts[name], images=images.get("", ())), members, licence_of(context))


def images_of(context: Context, name: ChartName) -> dict[str, tuple[str, ...]]:
    """Key of a member → the images of its objects, in every environment; the umbrella's own under the empty key."""
    built, problems = context.builder().build([name])
    if problems:
        raise ProblemsFound(problems)
    found: dict[str, set[str]] = {}
    for environment in context.workspace.environments:
        for item in render_umbrella(context, built[name], environment):
            parts = item.source.split("/")
            key = parts[2] if parts[1:2] == ["charts"] and len(parts) > 2 else ""
            found.setdefault(key, set()).update(image.reference for image in images_in(item))
    return {key: tuple(sorted(images)) for key, images in found.items()}


def modules_of(context: Context, name: ChartName) -> Iterator[tuple[str, str]]:
    """The Go modules that the definitions of a chart come from, each with its version."""
    pairs = {(one.module, CRDS) for one in SOURCES if one.chart == name}
    pairs |= {(one.module, one.folder) for one in SHIPPED if one.chart == name}
    for module, folder in sorted(pairs):
        file = context.toolbox.home / folder / "go.mod"
        version = required(file.read_text(encoding="utf-8")).get(module) if file.is_file() else None
        if version is not None:
            yield module, version


def licence_of(context: Context) -> str:
    """SPDX identifier of the licence of the charts; empty when the project names none."""
    project = tomllib.loads((context.config.root / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    licence = project.get("license", "") if isinstance(project, dict) else ""
    return licence if isinstance(licence, str) else ""


def provenance(context: Context, name: ChartName, published: Mapping[ChartName, Published]) -> dict[str, object]:
    """What an umbrella was made from, and with what."""
    chart, config = context.workspace.charts[name], context.config
    commit, clean = source_of(context)
    source = f"git+{config.repository_url or 'file:///'}"
    git = [{"uri": source, "digest": {"gitCommit": commit}}] if commit else []
    vendored = [
        {
            "uri": f"{config.registry.base}/{one.name}:{one.version}",
            "digest": {"sha256": one.manifest.partition(":")[2]},
        }
        for member in graph.closure(context.workspace, [name])
        if member != name and (one := published.get(member)) is not None
    ]
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"source": source, "path": chart.folder, "chart": name, "version": chart.version},
            "internalParameters": {"inputDigest": context.digests[name], "workingTreeClean": clean},
            "resolvedDependencies": [*git, *vendored],
        },
        "runDetails": {
            "builder": {
                "id": BUILDER,
                "version": {
                    **{tool: context.toolbox.version(tool) for tool in RELEASED_WITH},
                    "python": platform.python_version(),
                    "slipway": cache.source_digest(),
                },
            },
        },
    }


def source_of(context: Context) -> tuple[str, bool]:
    """The commit, and whether what is packed is exactly what it has; no commit outside of git."""
    git = Git(run=context.run, root=context.config.root)
    try:
        commit = git.head() or ""
        return commit, bool(commit) and not git.changed_paths(paths=PACKED)
    except BuildError:
        return "", False
