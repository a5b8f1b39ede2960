"""chart-testing, as the gate over the charts that the plan names.

ct's own change detection, dependency builds and version checks stay off: they would be a second opinion, and would
write into the charts. yamllint and yamale run in process with ct's configuration; ct runs `helm lint` on every values
file of a chart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.tools.run import Command, Completed, Runner


def lint_args(charts: Sequence[Path]) -> tuple[str, ...]:
    """Lint these charts, and nothing that ct would choose itself."""
    return (
        "lint",
        *("--charts", ",".join(map(str, charts))),
        "--skip-helm-dependencies",
        "--validate-maintainers=false",
        "--validate-chart-schema=false",
        "--validate-yaml=false",
        "--check-version-increment=false",
        "--helm-lint-extra-args=--strict",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartTesting:
    """The pinned ct, with the pinned helm in front of PATH."""

    run: Runner
    program: Callable[[], Path]
    helm: Callable[[], Path]
    home: Path
    path: str
    """PATH behind our own tools."""

    def lint(self, charts: Sequence[Path]) -> Completed:
        """Run `ct lint`; the caller reads the exit code.

        Raises:
            ToolMissing: ct or helm is not there.
        """
        environment = {
            "PATH": f"{self.helm().parent}:{self.path}",
            "HELM_CACHE_HOME": str(self.home / "cache"),
            "HELM_CONFIG_HOME": str(self.home / "config"),
            "HELM_DATA_HOME": str(self.home / "data"),
        }
        argv = (str(self.program()), *lint_args(charts))
        return self.run(Command(argv=argv, cwd=self.home.parent, env=environment, ok_codes=None))
