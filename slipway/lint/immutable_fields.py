"""Immutable fields against the last published version: changes that the API server would refuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from slipway.build.archive import read_member
from slipway.build.cases import RenderCase
from slipway.build.render import Object, Renderer, Request
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.rules import Rule
from slipway.util import cache, yaml
from slipway.util.mapping import shown, spelled
from slipway.versioning.evidence.objects import IMMUTABLE
from slipway.versioning.levels import numbers

IMMUTABLE_FIELD = Rule(
    "upgrade.immutable", "An immutable field keeps its published value, unless the major version is raised."
)


def changed_since_published(
    renderer: Renderer, case: RenderCase, objects: Sequence[Object], published: bytes | None, scratch: Path
) -> Iterator[Problem]:
    """Immutable fields that differ between a chart and its published archive, each rendered with its default values.

    Args:
        renderer: renders the archive.
        case: the render of the working tree.
        objects: its objects.
        published: the archive of the last published version; None when there is none.
        scratch: a folder for the archive.
    """
    if published is None:
        return
    archive = scratch / f"{case.chart.name}.tgz"
    archive.write_bytes(published)
    version = version_of(published, case.chart.name)
    before = Request(
        chart=archive,
        digest=cache.key_of(published),
        release=case.request.release,
        namespace=case.request.namespace,
    )
    done = renderer.render(before)
    # A published chart that this version of helm cannot render has no objects, and is not compared.
    yield from changed_fields(case.chart.where, case.chart.version, version, done.objects, objects)


def version_of(archive: bytes, name: str) -> str:
    """The version in an archive's Chart.yaml; empty when it cannot be read."""
    try:
        content = read_member(archive, f"{name}/Chart.yaml")
        return str(yaml.parse(content or b"", "Chart.yaml").mapping.get("version", ""))
    except WorkspaceError:
        return ""


def changed_fields(
    where: str, version: str, published: str, old: Sequence[Object], new: Sequence[Object]
) -> Iterator[Problem]:
    """Immutable fields that differ; a raised major version permits that, since it announces manual steps."""
    if numbers(version)[:1] > numbers(published)[:1]:
        return
    before = {item.identity: item for item in old}
    for item in new:
        if (earlier := before.get(item.identity)) is None:
            continue
        for path in IMMUTABLE.get(item.kind, ()):
            was, now = without_version_labels(earlier.at(*path)), without_version_labels(item.at(*path))
            if was != now:
                yield IMMUTABLE_FIELD.problem(
                    where=where,
                    fact=f"{item.title}: {spelled(path)} differs from the published {published}",
                    evidence=(f"published: {outline(was)}", f"here:      {outline(now)}"),
                    hint="Kubernetes refuses the change: revert it, or raise the major version and describe the migration",
                )


def without_version_labels(value: object) -> object:
    """A value without labels that contain the chart's version, and without nulls."""
    if isinstance(value, dict):
        return {
            key: without_version_labels(item)
            for key, item in value.items()
            if key != "helm.sh/chart" and item is not None
        }
    return [without_version_labels(item) for item in value] if isinstance(value, list) else value


def outline(value: object) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {outline(item)}" for key, item in sorted(value.items(), key=str)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(outline(item) for item in value) + "]"
    return shown(value)
