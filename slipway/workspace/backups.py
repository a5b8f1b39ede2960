"""What holds data, and how it is backed up: every volume and database of a chart with its backup, or the reason for none. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.util.mapping import dig, strings

CLAIMS = frozenset({"claim", "existingClaim"})

RETENTION = "retention"
"""Method of the entry that is about the repository of the namespace, and about no data of the chart."""

METHODS = {"files": "files", "database": "dump"}
"""Method → its name in a table."""

NONE = "no backup"
"""What a description begins with when there is none."""

NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Something that holds data."""

    path: tuple[str, ...]
    """Where the chart's values have it."""
    kind: str
    """`persistence` or `database`: the key that a backup entry names it by."""
    identifier: str
    detail: str
    """Its size, or the claim that exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The backup of a volume or database."""

    method: str = ""
    exclude: tuple[str, ...] = ()
    sqlite: tuple[str, ...] = ()
    """SQLite databases of the volume, which are backed up consistently."""
    quiet: bool = False
    """Whether the application is stopped during the backup."""
    reason: str = ""
    """Why there is no backup."""

    @property
    def description(self) -> str:
        """The line of a table."""
        if self.reason:
            return f"{NONE}: {self.reason}"
        without = f", without {', '.join(self.exclude)}" if self.exclude else ""
        whole = f", with {', '.join(self.sqlite)} as of one moment" if self.sqlite else ""
        quiet = ", while the application waits" if self.quiet else ""
        return f"{METHODS.get(self.method, self.method)}{whole}{without}{quiet}"


def entries(values: Mapping[str, object], *path: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Identifier and entry of a map, of those that are on."""
    for identifier, spec in dig(values, *path).items():
        if isinstance(spec, Mapping) and spec.get("enabled", True) is not False:
            yield str(identifier), spec


def holdings(values: Mapping[str, object]) -> Iterator[Holding]:
    """Every claim and every database of a chart's values."""
    for name, spec in entries(values, "persistence"):
        kind = str(spec.get("type") or ("existingClaim" if "existingClaim" in spec else "claim"))
        if kind in CLAIMS:
            detail = str(spec.get("size") or spec.get("existingClaim"))
            yield Holding(path=("persistence", name), kind="persistence", identifier=name, detail=detail)
    for controller, workload in entries(values, "controllers"):
        for name, spec in entries(workload, "volumeClaims"):
            path = ("controllers", controller, "volumeClaims", name)
            yield Holding(path=path, kind="persistence", identifier=name, detail=str(spec.get("size")))
    for name, spec in entries(values, "databases"):
        yield Holding(path=("databases", name), kind="database", identifier=name, detail=str(spec.get("size")))


def kept(values: Mapping[str, object]) -> dict[tuple[str, str], Kept]:
    """(kind, identifier) → its backup, of every backup entry."""
    found = {}
    for _, spec in entries(values, "backup"):
        if spec.get("method") == RETENTION:
            continue
        kind = kind_of(spec)
        found[kind, str(spec.get(kind))] = Kept(
            method=str(spec.get("method") or ""),
            exclude=strings(spec, "exclude"),
            sqlite=strings(spec, "sqlite"),
            quiet="quiet" in spec,
            reason=str(spec.get("optOut") or ""),
        )
    return found


def keeps_repository(values: Mapping[str, object]) -> bool:
    """Whether a chart applies the retention policy to the repository of its namespace."""
    return any(spec.get("method") == RETENTION for _, spec in entries(values, "backup"))


def backs_up(values: Mapping[str, object]) -> bool:
    """Whether a chart backs up anything."""
    return any(item.method for item in kept(values).values())


def kind_of(entry: Mapping[str, object]) -> str:
    """What a backup entry is about: `persistence` and `database` are the chart's own, `secret` is the account of another chart's database."""
    return next((kind for kind in ("database", "secret") if kind in entry), "persistence")
