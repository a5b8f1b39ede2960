"""The staged copy of a chart: what is packaged, complete and self-contained. `charts/` is never touched.

`files_of` is pure and gives every byte of the staged chart; `write` puts it on disk. Staging replaces `file://` dependencies by
the registry with exact versions, recomputes Chart.lock, bundles the schema, adds the environments' values to an
umbrella, and writes the input digest as an annotation, from where it reaches the OCI manifest.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from slipway.build import schema
from slipway.core.model import Chart, ChartKind, Digest, Workspace, input_digest_key
from slipway.util import go_json, yaml
from slipway.workspace import environments, vendored

ATTEMPTS = 5
"""How often a staged copy is put into its place while another task does the same."""

OCCUPIED = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR})
"""What a rename says when another task has put something there. Source: rename(2)."""

GENERATED = "1980-01-01T00:00:00Z"
"""`generated` of every Chart.lock: the time is not information."""


def files_of(workspace: Workspace, chart: Chart, digest: Digest, base: str) -> dict[str, bytes]:
    """Path → content of the staged copy, without the vendored archives.

    Args:
        workspace: for the members' schemas and the environments' values.
        chart: which one.
        digest: its input digest.
        base: `oci://host/prefix` that the dependencies will come from.

    Raises:
        WorkspaceError: a schema or an environment's values cannot be understood.
    """
    metadata = staged_metadata(workspace, chart, digest, base)
    files = {**chart.files, "Chart.yaml": yaml.dump(metadata)}
    if chart.dependencies:
        files["Chart.lock"] = lock_file(workspace, chart, base)
    if chart.kind is ChartKind.UMBRELLA:
        files.update(environments.environment_files(workspace, chart))
    if not workspace.profile.vocabulary:
        return files
    if chart.kind is ChartKind.SERVICE:
        files["values.schema.json"] = service_schema_text(workspace, chart)
    if chart.kind is ChartKind.UMBRELLA:
        files["values.schema.json"] = schema.to_json(umbrella_schema(workspace, chart))
    return files


def staged_metadata(workspace: Workspace, chart: Chart, digest: Digest, base: str) -> dict[str, object]:
    """Chart.yaml of the staged copy."""
    metadata = dict(chart.metadata)
    annotations = metadata.get("annotations")
    marked = {input_digest_key(chart.prefix): str(digest)}
    metadata["annotations"] = {**(annotations if isinstance(annotations, dict) else {}), **marked}
    if isinstance(entries := metadata.get("dependencies"), list):
        metadata["dependencies"] = [
            {**entry, "repository": source_of(workspace, str(entry.get("name")), str(entry.get("repository")), base)}
            for entry in entries
            if isinstance(entry, dict)
        ]
    return metadata


def source_of(workspace: Workspace, name: str, written: str, base: str) -> str:
    """Where a packaged chart says that a dependency comes from: our registry, or the repository that has it."""
    return base if name in workspace.charts or workspace.profile.vocabulary else written


def fragments(workspace: Workspace) -> dict[str, bytes]:
    """Every schema fragment of the library, by file name."""
    return {
        path.removeprefix("schemas/"): content
        for library in workspace.of_kind(ChartKind.LIBRARY)
        for path, content in library.files.items()
        if path.startswith("schemas/")
    }


def service_schema(workspace: Workspace, chart: Chart) -> dict[str, object]:
    """The chart's schema with every fragment inlined.

    Raises:
        WorkspaceError: the chart has no schema, or it names a fragment that is not there.
    """
    return schema.bundle(*_schema_source(workspace, chart))


def service_schema_text(workspace: Workspace, chart: Chart) -> bytes:
    """The same as the file that is packaged.

    Raises:
        WorkspaceError: see `service_schema`.
    """
    return schema.bundle_text(*_schema_source(workspace, chart))


def _schema_source(workspace: Workspace, chart: Chart) -> tuple[bytes, dict[str, bytes], str]:
    where = f"{chart.folder}/values.schema.json"
    return chart.files.get("values.schema.json", b"{}"), fragments(workspace), where


def umbrella_schema(workspace: Workspace, umbrella: Chart) -> dict[str, object]:
    """Closed over the members: `global` and one key for each.

    Raises:
        WorkspaceError: the library's fragment for `global` cannot be understood.
    """
    members = [dependency.key for dependency in umbrella.dependencies if dependency.name in workspace.charts]
    return schema.umbrella_schema(members, fragments(workspace))


def lock_file(workspace: Workspace, chart: Chart, base: str) -> bytes:
    """Chart.lock for exact dependencies.

    Source: the digest is sha256 over the compact JSON of requirements and lock, helm v4.3.1
    internal/resolver/resolver.go:213-220; field order is that of Go's `chart.Dependency`.
    """
    sources = {dep.key: source_of(workspace, dep.name, dep.repository, base) for dep in chart.dependencies}
    wanted = [
        {
            "name": dep.name,
            "version": dep.version,
            "repository": sources[dep.key],
            **({"condition": dep.condition} if dep.condition else {}),
            **({"alias": dep.alias} if dep.alias else {}),
        }
        for dep in chart.dependencies
    ]
    locked = [
        {
            "name": dep.name,
            "version": vendored.version_of(workspace, chart, dep),
            "repository": sources[dep.key],
        }
        for dep in chart.dependencies
    ]
    digest = f"sha256:{hashlib.sha256(go_json.encode([wanted, locked])).hexdigest()}"
    return yaml.dump({"dependencies": locked, "digest": digest, "generated": GENERATED})


def holds(folder: Path, files: Mapping[str, bytes], archives: Mapping[str, bytes]) -> bool:
    """Whether a staged copy is on disk exactly as it should be; a file that cannot be read is not."""
    wanted = {**files, **{f"charts/{name}": content for name, content in archives.items()}}
    try:
        there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
        return there.keys() == wanted.keys() and all(
            path.is_file() and not path.is_symlink() and path.read_bytes() == wanted[name]
            for name, path in there.items()
        )
    except OSError:
        return False


def write(folder: Path, files: Mapping[str, bytes], archives: Mapping[str, bytes]) -> None:
    """Put a staged copy on disk in one step; another task of this checkout may do the same at the same time.

    Nothing waits for the disk: whoever uses the copy compares it first, and what a power cut damaged is written again.

    Args:
        folder: does not exist, or is replaced.
        files: path → content.
        archives: file name → archive to vendor under charts/.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent) as scratch:
        made = Path(scratch) / "made"
        for path, content in {**files, **{f"charts/{name}": text for name, text in archives.items()}}.items():
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        for attempt in range(ATTEMPTS):
            if os.path.lexists(folder):
                if holds(folder, files, archives):
                    return  # another task was faster
                with contextlib.suppress(FileNotFoundError):
                    folder.rename(Path(scratch) / f"old-{attempt}")
            try:
                made.rename(folder)
            except OSError as error:
                if error.errno not in OCCUPIED or attempt == ATTEMPTS - 1:
                    raise
            else:
                return
