"""Fields that Kubernetes cannot change, against the last published version: what the API server would refuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from slipway.build import archive as package
from slipway.build.cases import RenderCase
from slipway.build.render import Object, Renderer, Request
from slipway.core.errors import Problem, WorkspaceError
from slipway.util import cache, yaml
from slipway.util.mapping import shown, spelled
from slipway.versioning.evidence.objects import IMMUTABLE
from slipway.versioning.levels import numbers


def check(
    renderer: Renderer, case: RenderCase, objects: Sequence[Object], published: bytes | None, scratch: Path
) -> Iterator[Problem]:
    """Compare a chart's render with that of its published archive, both with their own values.

    Args:
        renderer: renders the archive.
        case: the render of the working tree.
        objects: what it made.
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
    # A published chart that this helm cannot render any more is nobody's fault here.
    yield from compare(case.chart.where, case.chart.version, version, done.objects, objects)


def version_of(archive: bytes, name: str) -> str:
    """The version that an archive says it has; empty when it does not."""
    try:
        files = package.read(archive)
        return str(yaml.parse(files.get(f"{name}/Chart.yaml", b""), "Chart.yaml").mapping.get("version", ""))
    except WorkspaceError:
        return ""


def compare(
    where: str, version: str, published: str, old: Sequence[Object], new: Sequence[Object]
) -> Iterator[Problem]:
    """Immutable fields that differ; a higher major version says that the operator has to act."""
    if numbers(version)[:1] > numbers(published)[:1]:
        return
    before = {item.identity: item for item in old}
    for item in new:
        earlier = before.get(item.identity)
        for path in IMMUTABLE.get(item.kind, ()) if earlier is not None else ():
            assert earlier is not None
            was, now = stable(earlier.at(*path)), stable(item.at(*path))
            if was != now:
                yield Problem(
                    where=where,
                    fact=f"{item.title}: {spelled(path)} differs from the published {published}",
                    evidence=(f"published: {outline(was)}", f"here:      {outline(now)}"),
                    hint="Kubernetes refuses the change: keep it, or raise the major version and say how to move over",
                    rule="upgrade.immutable",
                )


def stable(value: object) -> object:
    """A value without the labels that follow the chart's version."""
    if isinstance(value, dict):
        return {key: stable(item) for key, item in value.items() if key != "helm.sh/chart" and item is not None}
    return [stable(item) for item in value] if isinstance(value, list) else value


def outline(value: object) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {outline(item)}" for key, item in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(outline(item) for item in value) + "]"
    return shown(value)
