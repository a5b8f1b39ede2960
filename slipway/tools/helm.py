"""Helm: argument vectors are pure functions, methods run them.

Helm runs with separate folders below build/, so that a user's plugins, repositories and caches cannot change a result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.tools.run import Command, Completed, Runner
from slipway.util import parallel
from slipway.util.files import SOURCE_DATE_EPOCH

LIMIT_S = 120.0
"""Seconds for one process; the largest umbrella takes less than one."""


PROCESSES = 2
"""helm processes at a time: each takes one core."""

SHARE = 16
"""Calls from which another helm-batch gains more than its start costs: what is done with answers goes on beside it."""


Call = tuple[str, ...]
"""The arguments of one `helm template` or `helm lint`."""


def nothing(call: Call, done: Completed) -> None:
    """What is done with an answer that its caller waits for."""


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


def lint_args(chart: Path, *, kube_version: str, values: Path | None = None) -> tuple[str, ...]:
    """As chart-testing asks for it, with the arguments that `tools.ct` gives it; warnings are errors.

    Source: chart-testing v3.14.0 pkg/tool/helm.go, LintWithValues.
    """
    files = ("--values", str(values)) if values is not None else ()
    return ("lint", str(chart), *files, "--strict", "--kube-version", kube_version)


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
    batch: Callable[[], Path] | None = None
    """helm-batch, which answers `template` and `lint` as helm does; without it each of them is a process."""
    limit_s: float = LIMIT_S

    def __call__(self, *args: str, ok_codes: frozenset[int] | None = frozenset({0})) -> Completed:
        """Run helm with these arguments.

        Raises:
            ToolMissing: helm is missing.
            ToolFailed: it ended with a code outside `ok_codes`, or did not end: a template can loop for hours.
        """
        argv = (str(self.program()), *args)
        return self.run(Command(argv=argv, env=self.environment(), ok_codes=ok_codes, timeout_s=self.limit_s))

    def each(self, calls: Sequence[Call], then: Callable[[Call, Completed], None] = nothing) -> list[Completed]:
        """`helm template` and `helm lint`, many in one process for each core; how each ended, in the order given.

        Args:
            calls: their arguments.
            then: called with each answer, in the threads that wait for the processes, while others run.

        What helm-batch leaves, because it does not know a flag or because a template does not end, is done by helm.

        Raises:
            ToolMissing: helm or helm-batch is missing.
            ToolFailed: a call did not end.
        """
        # A single one is no faster than helm itself.
        answered = self.answers(calls, then) if self.batch is not None and len(calls) > 1 else {}
        left = [call for call in dict.fromkeys(calls) if call not in answered]

        def alone(call: Call) -> Completed:
            done = self(*call, ok_codes=None)
            then(call, done)
            return done

        answered |= dict(zip(left, parallel.each(alone, left, PROCESSES), strict=True))
        return [answered[call] for call in calls]

    def answers(
        self, calls: Sequence[Call], then: Callable[[Call, Completed], None] = nothing
    ) -> dict[Call, Completed]:
        """Call → how it ended, of those that helm-batch answers."""
        assert self.batch is not None
        program = str(self.batch())

        def answer(share: Sequence[Call]) -> list[tuple[Call, Completed]]:
            lines = "".join(f"{json.dumps(call)}\n" for call in share)
            command = Command(
                argv=(program,), env=self.environment(), stdin=lines.encode(), ok_codes=None, timeout_s=self.limit_s
            )
            done = self.run(command)
            made = (json.loads(line) for line in done.stdout.split("\n") if line)
            found = [
                (call, Completed(argv=(program, *call), seconds=done.seconds / len(share), **one))
                for call, one in zip(share, made, strict=False)
            ]
            for call, completed in found:
                then(call, completed)
            return found

        found = parallel.each(answer, shares(calls), PROCESSES)
        return {call: done for share in found for call, done in share}

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


def shares(calls: Sequence[Call]) -> list[list[Call]]:
    """The calls divided among processes: those with the same chart stay together, since a process reads a chart once."""
    groups: dict[str, list[Call]] = {}
    for call in dict.fromkeys(calls):
        groups.setdefault(chart_of(call), []).append(call)
    count = max(PROCESSES, len(calls) // SHARE)
    heaviest = sorted(groups.values(), key=len, reverse=True)
    made: list[list[Call]] = [[] for _ in range(min(count, len(heaviest)))]
    for group in heaviest:
        min(made, key=len).extend(group)
    return made


def chart_of(call: Call) -> str:
    """The chart of a call that `template_args` or `lint_args` made."""
    return call[2] if call[0] == "template" else call[1]
