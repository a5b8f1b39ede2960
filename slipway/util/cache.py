"""Results kept under build/cache, by the content that they were made from.

The name of an entry is a hash of everything that the result depends on, so no entry is ever stale, and the folder can be
deleted at any time. An entry begins with a checksum over its name and its text: one that a full disk, a power cut or a
stray command has cut, emptied, changed or moved to another name is not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from slipway.util.files import clear_way, remove, write_atomic

MAX_ENTRIES = 4000
"""Entries of one area before the oldest half is dropped; a clean lint of 300 charts leaves about 1,500."""

PACKAGE = Path(__file__).resolve().parents[1]


def key_of(*parts: object) -> str:
    """A name for the content that a result depends on: 64 hex digits."""
    hasher = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else str(part).encode()
        hasher.update(f"{len(content)}:".encode())
        hasher.update(content)
    return hasher.hexdigest()


def source_digest(package: Path = PACKAGE) -> str:
    """Digest of the build system's source: another rule gives another result."""
    return files_digest(sorted(package.rglob("*.py")))


def files_digest(paths: Iterable[Path]) -> str:
    """Digest of files by name and content, in the order given."""
    return key_of(*(part for path in paths for part in (path.name, path.read_bytes())))


def checksum(key: str, content: bytes) -> bytes:
    """What an entry begins with."""
    return key_of(key, content).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """One area of the cache."""

    folder: Path

    def path(self, key: str) -> Path:
        """The file of an entry."""
        return self.folder / key

    def get(self, key: str) -> str | None:
        """An entry's text; None when there is none, or what is there is not what was put."""
        try:
            content = self.path(key).read_bytes()
        except OSError:
            return None
        head, _, text = content.partition(b"\n")
        return text.decode("utf-8") if head == checksum(key, text) else None

    def put(self, key: str, text: str) -> None:
        """Keep a result."""
        place, content = self.path(key), text.encode()
        clear_way(place, self.folder.parent)
        if place.is_dir():
            remove(place)
        write_atomic(place, checksum(key, content) + b"\n" + content, durable=False)

    def trim(self) -> None:
        """Drop the older half when there are too many entries."""
        entries = sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime) if self.folder.is_dir() else []
        if len(entries) > MAX_ENTRIES:
            for path in entries[: len(entries) // 2]:
                remove(path)
