"""gitleaks: the tokens of the usual providers, by its own rules; no setting and no mark of another tool changes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from slipway.core.errors import Problem, ToolFailed
from slipway.tools.run import Command, Runner

ENVIRONMENT = {"GITLEAKS_CONFIG": "", "GITLEAKS_CONFIG_TOML": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A secret in a file; its text stays with gitleaks."""

    file: str
    """Name below the folder."""
    line: int
    rule: str
    """Identifier of gitleaks' rule, such as `github-pat`."""


def scan_args(folder: Path) -> tuple[str, ...]:
    """Every file of a folder, as JSON on the standard output, without the secrets themselves."""
    return (
        *("dir", str(folder), "--no-banner", "--log-level", "error", "--exit-code", "0", "--redact"),
        *("--report-format", "json", "--report-path", "-"),
        *("--ignore-gitleaks-allow", "--gitleaks-ignore-path", str(folder)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gitleaks:
    """The pinned gitleaks."""

    run: Runner
    program: Callable[[], Path]

    def scan(self, folder: Path) -> tuple[Leak, ...]:
        """What the files of a folder contain.

        Raises:
            ToolMissing: gitleaks is missing.
            ToolFailed: it fails, or its output cannot be understood.
        """
        done = self.run(Command(argv=(str(self.program()), *scan_args(folder)), env=ENVIRONMENT))
        try:
            return parse(done.stdout)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ToolFailed(Problem(where="gitleaks", fact="its output is not the JSON that was asked for")) from None


def parse(text: str) -> tuple[Leak, ...]:
    """gitleaks' JSON → what it found, each line once for each rule."""
    found = (
        Leak(file=Path(item["File"]).name, line=int(item["StartLine"]), rule=str(item["RuleID"]))
        for item in json.loads(text or "[]") or []
    )
    return tuple(dict.fromkeys(found))
