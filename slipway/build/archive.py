"""Staged folder → byte-reproducible archive.

`helm package` checks the chart and normalises Chart.yaml; what it writes is then packed again with sorted members and
fixed times, because Helm writes subcharts in an order that varies. Same inputs give the same bytes whatever the
folder, user, umask, time zone or clock.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from slipway.core.errors import Problem, WorkspaceError
from slipway.util.files import SOURCE_DATE_EPOCH, printable

GZIP_LEVEL = 6
"""Level 9 takes three times as long and saves three bytes in a hundred."""

MAX_BYTES = 1_000_000
"""Largest archive: a chart must fit into a 1 MiB release Secret where Helm installs it. Source: helm/helm#8281."""


MAX_UNPACKED_BYTES = 100 * 1024 * 1024
"""Content of all members together: what Helm itself reads. Source: helm v4.3.1 pkg/chart/loader/archive/archive.go."""


def repack_archive(archive: bytes) -> bytes:
    """The same members in canonical order and form.

    Args:
        archive: a gzip'd tar as `helm package` writes it.

    Raises:
        WorkspaceError: it is not an archive, or a member is not a plain file below the chart's folder.
    """
    return pack_archive(read_archive(archive))


def read_archive(archive: bytes) -> dict[str, bytes]:
    """Member path → content, of a chart archive.

    Raises:
        WorkspaceError: it is not an archive, is too large, or has a member that is not a plain file below one folder, or
            that is there twice: another reader might take the other one.
    """
    members: dict[str, bytes] = {}
    for path, content in _members(archive):
        if path in members:
            raise WorkspaceError(Problem(where=printable(path), fact="is twice in the archive"))
        members[path] = content
    return members


def read_member(archive: bytes, path: str) -> bytes | None:
    """The content of one member, or None; the rest of the archive is not read.

    Raises:
        WorkspaceError: see `read_archive`.
    """
    return next((content for member, content in _members(archive) if member == path), None)


def _members(archive: bytes) -> Iterator[tuple[str, bytes]]:
    left = MAX_UNPACKED_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            for member in tar:
                plain = member.isreg() and not member.issparse() and not tar.pax_headers
                content = tar.extractfile(member) if plain else None
                if content is None or member.name.startswith("/") or ".." in PurePosixPath(member.name).parts:
                    where = printable(member.name)
                    raise WorkspaceError(Problem(where=where, fact="is not a plain file of a chart archive"))
                left -= member.size
                if left < 0:
                    fact = f"unpacks to more than {MAX_UNPACKED_BYTES // 1024**2} MiB"
                    raise WorkspaceError(Problem(where="archive", fact=fact))
                yield member.name, content.read()
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise WorkspaceError(Problem(where="archive", fact=f"is not a chart archive: {error}")) from error


def pack_archive(files: Mapping[str, bytes]) -> bytes:
    """A gzip'd tar with Chart.yaml first, then every other member by path.

    Chart.yaml leads so that a reader of the stream knows the chart at once, as in Helm's own archives.
    """
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(files, key=lambda path: (path.count("/") != 1 or not path.endswith("/Chart.yaml"), path)):
            member = tarfile.TarInfo(path)
            member.size = len(files[path])
            member.mtime = SOURCE_DATE_EPOCH
            member.mode = 0o644
            tar.addfile(member, io.BytesIO(files[path]))
    packed = io.BytesIO()
    with gzip.GzipFile(
        filename="", fileobj=packed, mode="wb", compresslevel=GZIP_LEVEL, mtime=SOURCE_DATE_EPOCH
    ) as out:
        out.write(raw.getvalue())
    return packed.getvalue()
