"""Reading text files with errors that name the line, and writing files atomically.

Standard library only: the set-up of `.venv` uses it before anything is installed.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import re
import shutil
import stat
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from slipway.core.errors import Problem, WorkspaceError, escaped, files_failed

MAX_BYTES = 5 * 2**20
"""Of a file. Source: helm v4.3.1 pkg/chart/loader/archive/archive.go, MaxDecompressedFileSize."""

MISREAD = {
    ",": "helm and ct divide lists of files there",
    '"': "helm and ct read it as the start of a quoted name",
    ":": "PATH is divided there",
}
"""Character → what reads it otherwise than as part of a path."""
SOURCE_DATE_EPOCH = 315_532_800
"""1980-01-01T00:00:00Z: the time of every packaged file; the first instant that all archive formats can express."""


UNFINISHED = re.compile(r"\..+?\.(\d+)(?:\.\d+)?\.tmp")
"""Name of a file that is being written: the file's own name, the process, and its thread."""


def read_text(path: Path, where: str = "", *, keep_bom: bool = False) -> str:
    """The text of a UTF-8 file.

    Args:
        path: the file.
        where: what errors call it, such as its path in the workspace; the path itself when empty.
        keep_bom: keep a byte order mark at the start, for an edit that must not change it.

    Raises:
        WorkspaceError: it is missing, cannot be read, or is not UTF-8.
    """
    where = where or printable(path)
    return decode(read_bytes(path, where), where, keep_bom=keep_bom)


def read_bytes(path: Path, where: str = "") -> bytes:
    """The content of a file.

    Raises:
        WorkspaceError: it is missing, cannot be read, is no regular file, or is larger than Helm accepts.
    """
    where = where or printable(path)
    try:
        # A named pipe would wait for its writer; for a file the flag has no meaning.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as source:
            found = os.fstat(source.fileno())
            if (problem := odd_file(found, where)) is not None:
                raise WorkspaceError(problem)
            return source.read()
    except FileNotFoundError:
        raise WorkspaceError(Problem(where=where, fact="is missing")) from None
    except OSError as error:
        fact = f"cannot be read ({error.strerror})"
        raise WorkspaceError(Problem(where=where, fact=fact, rule="file.unreadable")) from error


def odd_file(found: os.stat_result, where: str) -> Problem | None:
    """The problem of what is no file, or one that Helm does not read."""
    if stat.S_ISDIR(found.st_mode):
        return Problem(where=where, fact=f"cannot be read ({os.strerror(errno.EISDIR)})", rule="file.unreadable")
    if not stat.S_ISREG(found.st_mode):
        return Problem(where=where, fact="is not a regular file", hint=f"remove {where}", rule="file.kind")
    if found.st_size > MAX_BYTES:
        fact = f"has {found.st_size:,} bytes; Helm reads no file of more than {MAX_BYTES:,}"
        return Problem(
            where=where, fact=fact, hint="keep it out of the chart, in an image or a volume", rule="file.size"
        )
    return None


def linked(path: Path, where: str) -> Problem | None:
    """The problem of a symbolic link: what it leads to may be outside of the checkout."""
    if not path.is_symlink():
        return None
    return Problem(where=where, fact="is a symbolic link", hint="copy the file", rule="file.link")


def decode(content: bytes, where: str, *, keep_bom: bool = False) -> str:
    """The text of a file's content, without a byte order mark: Helm and YAML accept one, and ignore it.

    Raises:
        WorkspaceError: it is not UTF-8, with line and byte.
    """
    if (problem := not_utf8(content, where)) is not None:
        raise WorkspaceError(problem)
    text = content.decode("utf-8")
    return text if keep_bom else text.removeprefix("\ufeff")


def not_utf8(content: bytes, where: str) -> Problem | None:
    """The problem of a content that is not UTF-8: the line and the first byte that does not fit."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return Problem(
            where=f"{where}:{line}",
            fact=f"is not UTF-8 (byte 0x{content[error.start]:02x})",
            evidence=("it starts as UTF-16",) if utf16 else (),
            hint="save it as UTF-8",
            rule="file.encoding",
        )
    return None


def odd_name(path: Path | str) -> Problem | None:
    """The problem of a path with a control character, or that is not UTF-8: Python holds such a byte as a lone surrogate."""
    raw = os.fsencode(path)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        fact = f"its name is not UTF-8 (byte 0x{raw[error.start]:02x})"
        return Problem(where=printable(path), fact=fact, hint="rename it", rule="file.encoding")
    if (shown := escaped(str(path))) != str(path):
        return Problem(where=shown, fact="its name has a control character", hint="rename it", rule="file.encoding")
    return None


def unusable_place(path: Path | str) -> Problem | None:
    """The problem of a checkout whose path a program that we run would misread."""
    if (problem := odd_name(path)) is not None:
        return problem
    found = next((sign for sign in MISREAD if sign in str(path)), None)
    if found is None:
        return None
    fact = f"the path of the checkout contains {found!r}: {MISREAD[found]}"
    return Problem(where=printable(path), fact=fact, hint="move the checkout to a path without it")


def printable(path: Path | str) -> str:
    """A path for a message; a byte that is not UTF-8 as `\\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def write_atomic(path: Path, content: bytes | str, *, mtime: int | None = None, durable: bool = True) -> None:
    """Write a file so that a reader sees the old content or the new one, also after a power cut.

    Args:
        path: the file; missing parents are created.
        content: bytes, or text that is written as UTF-8.
        mtime: modification time in seconds since 1970; the present when None.
        durable: whether the disk is waited for; False for what is compared before it is used.

    Raises:
        FilesFailed: the disk is full, or the file or its folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        replace(path, temporary, content, mtime, durable=durable)
    except OSError as error:
        if (refused := files_failed(error, path)) is not None:
            raise refused from error
        raise


@contextlib.contextmanager
def together(root: Path, paths: Iterable[str]) -> Iterator[None]:
    """Several files that are changed together: after an error, or Ctrl-C, each is as it was before the block.

    Args:
        root: what the paths are relative to.
        paths: of every file that the block writes or removes.
    """
    before = {path: content_of(root / path) for path in paths}
    try:
        yield
    except BaseException:
        for path, original in before.items():
            if original is None and not (root / path).is_dir():
                (root / path).unlink(missing_ok=True)
            elif original is not None and content_of(root / path) != original:
                write_atomic(root / path, original)
        raise


def content_of(path: Path) -> bytes | None:
    """The content of a file; None when it is missing."""
    return path.read_bytes() if path.is_file() else None


def remove_unfinished(top: Path) -> None:
    """Remove temporary files of `write_atomic` whose process has ended, directly in a folder's folders or one level below."""
    for pattern in ("*/.*.tmp", "*/*/.*.tmp"):
        for path in top.glob(pattern):
            found = UNFINISHED.fullmatch(path.name)
            if found is not None and not running(int(found[1])):
                remove(path)


def running(pid: int) -> bool:
    """Whether a process of this number runs, of whatever user."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # another user's
    except (OSError, OverflowError):
        return False
    return True


def replace(path: Path, temporary: Path, content: bytes | str, mtime: int | None, *, durable: bool) -> None:
    """Write a temporary file and rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with temporary.open("wb") as sink:
            sink.write(content.encode("utf-8") if isinstance(content, str) else content)
            if durable:
                sink.flush()
                os.fsync(sink.fileno())
        if mtime is not None:
            os.utime(temporary, (mtime, mtime))
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove(place: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it; nothing is done where there is none."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def clear_way(place: Path, top: Path) -> None:
    """Remove what is no folder between `top` and a place where something will be written."""
    for folder in reversed(place.relative_to(top).parents[:-1]):
        if os.path.lexists(top / folder) and not (top / folder).is_dir():
            (top / folder).unlink()
