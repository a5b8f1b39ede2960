"""Why a chart is in the plan, or is not: its state, the chain of dependencies down to what changed, and the changed files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.build import archive, stage
from slipway.context import Context
from slipway.core.model import ChartName, Published, without_input_digest
from slipway.release import plan
from slipway.release.plan import Action, ChartPlan
from slipway.release.survey import plan_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer for one chart."""

    chart: ChartName
    plan: ChartPlan
    chains: tuple[tuple[ChartPlan, ...], ...]
    """Paths of reasons, from the chart to what changed by itself."""
    against: str
    """The published version that the files were compared with; empty when there is none."""
    changes: tuple[str, ...]
    """A line for each difference."""
    dependents: tuple[ChartName, ...]
    """Charts that are released because of it."""


def explain(context: Context, name: ChartName) -> Explanation:
    """Look the chart up in the plan, and compare it with its last published version.

    Raises:
        RegistryError: the registry does not answer.
    """
    from slipway.workspace import graph

    charts = plan_of(context)
    item = charts.chart(name)
    published = item.published or latest(context, name)
    changes = compare(context, name, published) if published is not None and item.action is not Action.KEEP else ()
    return Explanation(
        chart=name,
        plan=item,
        chains=plan.chain(charts, name),
        against=published.version if published else "",
        changes=changes,
        dependents=graph.dependents(context.workspace, [name]),
    )


def latest(context: Context, name: ChartName) -> Published | None:
    """The highest published version of a chart."""
    from slipway.workspace import graph

    versions = [tag for tag in context.registry.tags(name) if graph.SEMVER.fullmatch(tag)]
    if not versions:
        return None
    import semver

    newest = max(versions, key=semver.Version.parse)
    return context.registry.published({name: newest})[name]


def compare(context: Context, name: ChartName, published: Published) -> tuple[str, ...]:
    """What the working tree would package differently from a published version."""
    chart = context.workspace.charts[name]
    old = {
        path.removeprefix(f"{name}/"): content
        for path, content in archive.read_archive(context.pull(published)).items()
        if not path.startswith(f"{name}/charts/")
    }
    new = stage.files_of(context.workspace, chart, context.digests[name], context.config.registry.base)
    return tuple(file_changes(old, new))


def file_changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[str]:
    """A line for each file that differs; Chart.yaml field by field, without what staging adds."""
    lines = []
    for path in sorted({*old, *new} - {"Chart.lock"}):
        if path not in new:
            lines.append(f"{path} removed")
        elif path not in old:
            lines.append(f"{path} added")
        elif path == "Chart.yaml":
            lines.extend(field_changes(old[path], new[path]))
        elif old[path] != new[path]:
            lines.append(f"{path} changed")
    return lines


def field_changes(before: bytes, after: bytes) -> list[str]:
    """Fields of Chart.yaml that differ."""
    from slipway.util import yaml

    old, new = (dict(yaml.parse(text, "Chart.yaml").mapping) for text in (before, after))
    lines = [
        f"Chart.yaml: {key} {old.get(key)} → {new.get(key)}"
        for key in sorted({*old, *new} - {"annotations", "dependencies"})
        if old.get(key) != new.get(key)
    ]
    wanted, now = versions_of(old), versions_of(new)
    lines += [
        f"Chart.yaml: dependency {name} {wanted.get(name)} → {now.get(name)}"
        for name in sorted({*wanted, *now})
        if wanted.get(name) != now.get(name)
    ]
    if without_input_digest(old.get("annotations")) != without_input_digest(new.get("annotations")):
        lines.append("Chart.yaml: annotations changed")
    return lines


def versions_of(metadata: Mapping[str, object]) -> dict[str, str]:
    """Dependency → version."""
    entries = metadata.get("dependencies")
    return {entry["name"]: entry["version"] for entry in entries} if isinstance(entries, list) else {}
