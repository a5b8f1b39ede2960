"""kubeconform: rendered objects against local schemas; no schema is ever ignored or fetched."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.tools.run import Command, Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One object that does not conform."""

    file: str
    object: str
    message: str


def validate_args(files: Sequence[Path], locations: Sequence[str]) -> tuple[str, ...]:
    """Strict, as JSON, with these schema locations only."""
    schemas = tuple(arg for location in locations for arg in ("-schema-location", location))
    return ("-strict", "-output", "json", *schemas, *map(str, files))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubeconform:
    """The pinned kubeconform."""

    run: Runner
    program: Callable[[], Path]

    def validate(self, files: Sequence[Path], locations: Sequence[str]) -> tuple[Finding, ...]:
        """Validate YAML files; one process for all of them.

        Raises:
            ToolMissing: kubeconform is missing.
            ToolFailed: its output is not valid.
        """
        argv = (str(self.program()), *validate_args(files, locations))
        done = self.run(Command(argv=argv, ok_codes=frozenset({0, 1})))
        return parse(done.stdout)


def parse(text: str) -> tuple[Finding, ...]:
    """kubeconform's JSON → findings."""
    resources = json.loads(text or "{}").get("resources") or []
    return tuple(
        Finding(file=item["filename"], object=f"{item['kind']} {item['name']}".strip(), message=item["msg"])
        for item in resources
        if item["status"] in {"statusInvalid", "statusError"}
    )
