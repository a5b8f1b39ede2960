"""Services rendered many in one process, when that gives what single renders give.

Starting helm costs as much as rendering a service. So services of one umbrella are put below a parent that exists for
the moment, and what helm makes of it is taken apart by the lines that name each document's template. The results are
put where single renders are kept; whatever is not sure to be the same is left to them, and so is every error.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.build.builder import Builder
from slipway.build.cases import RenderCase
from slipway.build.render import THREADS, Renderer
from slipway.core.errors import WorkspaceError
from slipway.core.model import Chart, ChartKind
from slipway.tools.helm import template_args
from slipway.util import cache, parallel, yaml
from slipway.util.files import decode
from slipway.workspace.documents import parsed

PARENT = "batch"
MOST = 12
"""Services of one process: more would leave the other core without work at the end."""

BOUNDARY = re.compile(rf"^---\n# Source: {PARENT}/charts/([^/\n]+)/", re.MULTILINE)

TELLING = re.compile(
    rb'\.Template\.|\bBasePath\b|\bIsRoot\b|hasKey[^}]*"global"|toYaml\s+\$?\.Values[\s)}|]|\$?\.Values\s*\|'
)
"""What of a template can see whether its chart is at the top, or has an empty `global`, which Helm gives to members."""

DEFINING = re.compile(rb"\b(?:define|block)\b")
"""A definition would reach the other members."""


ODD = (f"{PARENT}/charts/", "helm.sh/hook")
"""What no result may have that is kept."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BatchedRender:
    """One render, as a part of a batch."""

    case: RenderCase
    values: str
    """Its values file, as the parent's values hold it; empty when there is none."""

    @property
    def name(self) -> str:
        """Of the chart."""
        return self.case.chart.name

    @property
    def alike(self) -> tuple[object, ...]:
        """Equal for renders that may share a process."""
        chart, request = self.case.chart, self.case.request
        wants = str(chart.metadata.get("kubeVersion", ""))
        return (request.release, request.namespace, wants, tuple((dep.name, dep.version) for dep in chart.dependencies))


def warm(renderer: Renderer, builder: Builder, cases: Sequence[RenderCase], scratch: Path) -> None:
    """Render what can share a process, and keep the results.

    Only for charts that `helm lint` accepts with these very values: the schemas are not asked again, and an unset
    `global` is one of the errors that would not be seen here.

    Raises:
        ToolMissing: helm is not there.
    """
    kept = cache.Cache(folder=renderer.folder)
    todo = [case for case in cases if kept.get(renderer.key(case.request)) is None]
    members = [member for case in todo if (member := member_of(builder, case)) is not None]

    def work(item: tuple[int, Sequence[BatchedRender]]) -> None:
        for member, text in run(renderer, item[1], scratch / f"{PARENT}-{item[0]}").items():
            kept.put(renderer.key(member.case.request), text)

    parallel.each(work, list(enumerate(batches(members))), THREADS)


def member_of(builder: Builder, case: RenderCase) -> BatchedRender | None:
    """A render as a part of a batch; None when it has to be alone."""
    chart, request = case.chart, case.request
    charts = builder.workspace.charts
    below = [charts[dep.name] for dep in chart.dependencies if dep.name in charts]
    if chart.kind is not ChartKind.SERVICE or chart.metadata.get("type", "application") != "application":
        return None
    if any(other.kind is not ChartKind.LIBRARY or sees(other) for other in below) or sees(chart) or defines(chart):
        return None
    if request.settings or len(request.values) > 1 or not plain(chart.files.get("values.yaml", b"")):
        return None
    content = request.values[0].read_bytes() if request.values else None
    if content is None:
        return BatchedRender(case=case, values="")
    values = nested(chart.name, content)
    return BatchedRender(case=case, values=values) if values else None


def sees(chart: Chart) -> bool:
    """Whether anything in a chart may notice where it is rendered."""
    if any(path == ".helmignore" or path.startswith("crds/") for path in chart.files):
        return True
    return any(TELLING.search(content) for path, content in texts(chart))


def defines(chart: Chart) -> bool:
    """Whether a chart has named templates."""
    return any(DEFINING.search(content) for path, content in texts(chart) if path != "values.yaml")


def texts(chart: Chart) -> Iterator[tuple[str, bytes]]:
    """What Helm reads as templates."""
    return (
        (path, text) for path, text in chart.files.items() if path.startswith("templates/") or path == "values.yaml"
    )


def plain(content: bytes) -> bool:
    """Values that mean the same one level deeper: nulls, which remove something, may not."""
    try:
        data = parsed(content, "").data
    except WorkspaceError:
        return False
    return data is None or (isinstance(data, Mapping) and not has_null(data))


def has_null(value: object) -> bool:
    """Whether a null is anywhere in a value."""
    if isinstance(value, Mapping):
        return any(has_null(item) for item in value.values())
    return any(has_null(item) for item in value) if isinstance(value, list) else value is None


def nested(name: str, content: bytes) -> str:
    """A values file below a key, as it is written; empty when that cannot be done."""
    if TELLING.search(content) or not plain(content):
        return ""
    lines = decode(content, name).split("\n")
    text = "".join(f"  {line}\n" if line.strip() else "\n" for line in lines)
    made = f"{name}:\n{text}"
    try:
        same = yaml.parse(made.encode(), name).mapping.get(name) == parsed(content, "").mapping
    except WorkspaceError:
        return ""  # such as a line `---`
    return made if same else ""


def batches(members: Sequence[BatchedRender]) -> list[list[BatchedRender]]:
    """Renders that may share a process; a batch has each chart once, and at least two renders."""
    groups: dict[tuple[object, ...], list[BatchedRender]] = {}
    seen: dict[str, int] = {}
    for member in members:
        seen[member.name] = seen.get(member.name, 0) + 1
        groups.setdefault((seen[member.name], *member.alike), []).append(member)
    shares = [share for group in groups.values() for share in shared(group)]
    return [share for share in shares if len(share) > 1]


def shared(group: Sequence[BatchedRender]) -> Iterator[list[BatchedRender]]:
    """A group in parts of about the same size."""
    count = -(-len(group) // MOST)
    return (list(group[start::count]) for start in range(count))


def run(renderer: Renderer, members: Sequence[BatchedRender], folder: Path) -> dict[BatchedRender, str]:
    """Render a batch: each member's text as a render of its own would give it; nothing where that is not sure."""
    parent = folder / PARENT
    for member in members:
        shutil.copytree(member.case.request.chart, parent / "charts" / member.name)
    first = members[0].case
    metadata = {"apiVersion": "v2", "name": PARENT, "version": "0.0.0", "type": "application"}
    wants = first.chart.metadata.get("kubeVersion")
    (parent / "Chart.yaml").write_bytes(yaml.dump(metadata | ({"kubeVersion": str(wants)} if wants else {})))
    (parent / "values.yaml").write_text("{}\n", encoding="utf-8")
    values = folder / "values.yaml"
    values.write_text("".join(member.values for member in members) or "{}\n", encoding="utf-8")
    request = first.request
    args = template_args(
        parent,
        release=request.release,
        namespace=request.namespace,
        kube_version=renderer.kube_version,
        values=(values,),
    )
    done = renderer.helm(*args, "--skip-schema-validation", ok_codes=None)
    found = {} if done.code else pieces(done.stdout)
    return {member: found[member.name] for member in members if member.name in found}


def pieces(text: str) -> dict[str, str]:
    """BatchedRender → its documents, as a render of its own names them; a member that does not fit is left out."""
    head, *rest = BOUNDARY.split(text)
    if head.strip():
        return {}
    found: dict[str, str] = {}
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        found[name] = f"{found.get(name, '')}---\n# Source: {name}/{body}"
    # Helm writes hooks behind the others, and trims what precedes them.
    return {name: f"{made.strip()}\n" for name, made in found.items() if not any(word in made for word in ODD)}
