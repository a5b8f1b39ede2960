"""What the archive of a chart holds, member by member, and how another one differs from it. Pure.

Whatever is published, vendored or taken for published is held against this: an annotation of ours says where to look, and
the bytes say what is there. Helm writes Chart.yaml and Chart.lock anew when it packs, so of these the fields count;
every other member counts byte for byte. The order of members, their times and the compression do not count, nor does the
address of the registry: a chart that was copied to another one is the same chart.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence

from slipway.build import archive, stage
from slipway.build.metadata import fields_of, mappings
from slipway.core.errors import WorkspaceError, escaped
from slipway.core.model import ChartName, Digest, Workspace
from slipway.util import yaml
from slipway.workspace import graph, vendored

Members = Mapping[str, bytes]
"""Path in the archive → content."""

WRITTEN_BY_HELM = re.compile(r"[^/]+(?:/charts/[^/]+)*/Chart\.(yaml|lock)")
SHOWN = 8
"""Differences that are named one by one."""


def members_of(
    workspace: Workspace, digests: Mapping[ChartName, Digest], base: str, names: Sequence[ChartName]
) -> dict[ChartName, Members]:
    """What these charts and all that they vendor are packed from.

    Args:
        workspace: the charts.
        digests: of every chart.
        base: `oci://host/prefix` that dependencies come from.
        names: which charts.

    Raises:
        WorkspaceError: a schema or an environment's values cannot be understood.
    """
    made: dict[ChartName, Members] = {}
    for name in graph.closure(workspace, list(names)):
        files = stage.files_of(workspace, workspace.charts[name], digests[name], base)
        made[name] = joined(workspace, name, files, made)
    return made


def joined(
    workspace: Workspace, name: ChartName, files: Mapping[str, bytes], below: Mapping[ChartName, Members]
) -> dict[str, bytes]:
    """A chart's own staged files, and the members of what it vendors.

    Helm drops a byte order mark from each file that it reads. Source: helm v4.3.1 pkg/chart/v2/loader/directory.go.
    """
    members = dict(files)
    for dependency in workspace.charts[name].dependencies:
        members.update((f"charts/{path}", content) for path, content in below.get(dependency.name, {}).items())
    for packed in vendored.archives(workspace, workspace.charts[name]).values():
        members.update((f"charts/{path}", content) for path, content in archive.read_archive(packed).items())
    return {f"{name}/{path}": content.removeprefix(BOM_UTF8) for path, content in members.items()}


def differences(wanted: Members, packed: bytes) -> tuple[str, ...]:
    """How an archive differs from what it should hold, a line for each member; none when it holds exactly that."""
    try:
        there = archive.read_archive(packed)
    except WorkspaceError as error:
        return tuple(f"{problem.where}: {problem.fact}" for problem in error.problems)
    return compared(wanted, there)


def compared(wanted: Members, there: Members) -> tuple[str, ...]:
    """How members differ from those that are wanted; the names come from foreign archives, so they are shown as text."""
    lines = []
    for path in sorted({*wanted, *there}):
        if path not in there:
            lines.append(f"{shown(path)} is missing")
        elif path not in wanted:
            lines.append(f"{shown(path)} is not one of its files")
        elif not same(path, wanted[path], there[path]):
            lines.append(f"{shown(path)} differs")
    more = len(lines) - SHOWN
    return (*lines[:SHOWN], f"and {more} more") if more > 0 else tuple(lines)


def shown(path: str) -> str:
    """A member's path without the chart's own folder; what a terminal would obey is escaped."""
    return escaped(path.partition("/")[2] or path)


def same(path: str, wanted: bytes, there: bytes) -> bool:
    """Whether two contents of a member mean the same to Helm."""
    if wanted == there:
        return True
    written = WRITTEN_BY_HELM.fullmatch(path)
    if written is None:
        return False
    facts = metadata_facts if written[1] == "yaml" else lock_facts
    try:
        return facts(yaml.parse(wanted, path).mapping) == facts(yaml.parse(there, path).mapping)
    except WorkspaceError:
        return False


def metadata_facts(metadata: Mapping[str, object]) -> dict[str, object]:
    """What Chart.yaml says to Helm, without the address of the registry."""
    fields = fields_of(metadata)
    if "dependencies" in fields:
        fields["dependencies"] = [{**entry, "repository": ""} for entry in mappings(fields["dependencies"])]
    return {key: as_text(value) for key, value in fields.items()}


def as_text(value: object) -> object:
    """A value with texts in place of numbers and booleans, as Helm takes them where it wants a text.

    Source: sigs.k8s.io/yaml, conversion of a scalar for a target of kind string.
    """
    if isinstance(value, Mapping):
        return {str(key): as_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_text(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value).removesuffix(".0") if isinstance(value, int | float) else value


def lock_facts(lock: Mapping[str, object]) -> object:
    """What Chart.lock says to Helm: its digest covers the address of the registry, its time is not information."""
    entries = [(entry.get("name"), entry.get("version")) for entry in mappings(lock.get("dependencies"))]
    return entries, sorted(set(lock) - {"dependencies", "digest", "generated"})
