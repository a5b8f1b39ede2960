"""Helm: argument vectors are pure functions, methods run them.

Helm runs with separate folders below build/, so that a user's plugins, repositories and caches cannot change a result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.tools.run import Command, Completed, Runner
from slipway.util.files import SOURCE_DATE_EPOCH

LIMIT_S = 120.0
"""Seconds for one process; the largest umbrella takes less than one."""


def template_args(
    chart: Path,
    *,
    release: str,
    namespace: str,
    kube_version: str,
    values: Sequence[Path] = (),
    settings: Sequence[str] = (),
) -> tuple[str, ...]:
    """As Argo CD 3.6 renders: with CRDs, without hooks' tests, for one Kubernetes version, without a cluster.

    Source: argo-cd v3.6.1 util/helm/cmd.go:429-482.
    """
    files = tuple(arg for path in values for arg in ("--values", str(path)))
    sets = tuple(arg for setting in settings for arg in ("--set", setting))
    return (
        *("template", release, str(chart), "--namespace", namespace),
        *("--kube-version", kube_version, "--include-crds", "--skip-tests"),
        *files,
        *sets,
    )


def package_args(charts: Sequence[Path], destination: Path) -> tuple[str, ...]:
    """One process for many charts."""
    return ("package", *map(str, charts), "--destination", str(destination))


@dataclass(frozen=True, slots=True, kw_only=True)
class Helm:
    """The pinned helm."""

    run: Runner
    program: Callable[[], Path]
    """Resolved at the first use, so that a release with nothing to do starts no program."""
    home: Path
    limit_s: float = LIMIT_S

    def __call__(self, *args: str, ok_codes: frozenset[int] | None = frozenset({0})) -> Completed:
        """Run helm with these arguments.

        Raises:
            ToolMissing: helm is missing.
            ToolFailed: it ended with a code outside `ok_codes`, or did not end: a template can loop for hours.
        """
        argv = (str(self.program()), *args)
        return self.run(Command(argv=argv, env=self.environment(), ok_codes=ok_codes, timeout_s=self.limit_s))

    def environment(self) -> Mapping[str, str]:
        """Helm's folders below `home`, and the fixed time of packages."""
        return {
            "HELM_CACHE_HOME": str(self.home / "cache"),
            "HELM_CONFIG_HOME": str(self.home / "config"),
            "HELM_DATA_HOME": str(self.home / "data"),
            "HELM_PLUGINS": str(self.home / "plugins"),
            "SOURCE_DATE_EPOCH": str(SOURCE_DATE_EPOCH),
            "TZ": "UTC",
            # Each process lives for less than a second: collecting less often costs a few megabytes and saves a tenth.
            "GOGC": "400",
        }
