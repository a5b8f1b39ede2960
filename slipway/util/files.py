"""Files that a reader, or the next run after a kill, sees whole or not at all.

Standard library only: the set-up of `.venv` uses it before anything is installed.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

SOURCE_DATE_EPOCH = 315_532_800
"""1980-01-01T00:00:00Z: the time of every packaged file; the first instant that all archive formats can express."""


def write_atomic(path: Path, content: bytes | str, *, mtime: int | None = None) -> None:
    """Write a file so that a reader sees the old content or the new one, also after a power cut.

    Args:
        path: the file; missing parents are created.
        content: bytes, or text that is written as UTF-8.
        mtime: modification time in seconds since 1970; the present when None.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        with temporary.open("wb") as sink:
            sink.write(content.encode("utf-8") if isinstance(content, str) else content)
            sink.flush()
            os.fsync(sink.fileno())
        if mtime is not None:
            os.utime(temporary, (mtime, mtime))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
