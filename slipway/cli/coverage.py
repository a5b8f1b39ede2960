"""What the tests execute of the sources: measured in every process that they start, and summed up by package."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.util.terminal import Text, table

FOLDER = Path("build", "coverage")
"""Data of the processes, and the HTML report; `[tool.coverage]` of pyproject.toml names it too."""

MEASURE = ("-m", "coverage", "run")
"""Before `-m pytest`: Python's arguments that measure it and its subprocesses."""

REPORT = FOLDER / "report.json"

REPORTS = (
    ("-m", "coverage", "combine", "-q"),
    ("-m", "coverage", "html", "-q"),
    ("-m", "coverage", "json", "-q", "-o", str(REPORT)),
)
"""Python's arguments that make the reports of what all processes have measured."""

LOWEST = 20
"""How many of the least covered files are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The sum over some files, in statements and branches."""

    statements: int = 0
    missing: int = 0
    branches: int = 0
    untaken: int = 0

    def __add__(self, other: Covered) -> Covered:
        return Covered(
            statements=self.statements + other.statements,
            missing=self.missing + other.missing,
            branches=self.branches + other.branches,
            untaken=self.untaken + other.untaken,
        )

    @property
    def percent(self) -> float:
        """Of statements and branches together."""
        every = self.statements + self.branches
        return 100.0 * (every - self.missing - self.untaken) / every if every else 100.0

    def row(self, name: str) -> tuple[str, ...]:
        """A line of the table."""
        counts = (self.statements, self.missing, self.branches, self.untaken)
        return (name, *map(str, counts), f"{self.percent:.0f}%")


def forget(root: Path) -> None:
    """Remove what earlier runs have measured."""
    shutil.rmtree(root / FOLDER, ignore_errors=True)
    (root / FOLDER).mkdir(parents=True)


def report(root: Path) -> Text:
    """The table of `REPORT`, by package, and the files that are covered least."""
    files = json.loads((root / REPORT).read_text(encoding="utf-8"))["files"]
    found = {path: covered(each["summary"]) for path, each in files.items()}
    packages: dict[str, Covered] = defaultdict(Covered)
    for path, part in found.items():
        packages[package_of(Path(path))] += part
    rows = [packages[name].row(name) for name in sorted(packages)]
    total = sum(found.values(), Covered()).row("total")
    lowest = sorted(found.items(), key=lambda each: each[1].percent)[:LOWEST]
    return (
        table(("PACKAGE", "STATEMENTS", "MISSED", "BRANCHES", "MISSED", "COVERED"), [*rows, total]),
        "lowest:",
        *(f"    {part.percent:3.0f}%  {path}" for path, part in lowest),
        f"report: {FOLDER}/html/index.html",
    )


def covered(summary: Mapping[str, int]) -> Covered:
    """One file of coverage's JSON report."""
    return Covered(
        statements=summary["num_statements"],
        missing=summary["missing_lines"],
        branches=summary["num_branches"],
        untaken=summary["missing_branches"],
    )


def package_of(path: Path) -> str:
    """`slipway/lint/kube.py` → `slipway.lint`; a module that is in no package of slipway is listed by itself."""
    parts = [part for part in path.with_suffix("").parts if part != "__init__"]
    return ".".join(parts[: 2 if parts[0] == "slipway" else 1])
