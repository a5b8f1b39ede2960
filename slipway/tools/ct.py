"""chart-testing, as the gate over the charts that the plan names.

ct's change detection, dependency builds and version checks are off: the plan has decided already, and they would
write into the charts. Its settings are those of `.ct/ct.yaml`; yamllint and yamale run in process with the files beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.tools.run import Command, Completed, Runner

INSTALL_S = 120.0
"""How long a chart may take to become ready; about 3 s on a simulated node."""


def lint_args(charts: Sequence[Path], config: Path, kube_version: str) -> tuple[str, ...]:
    """Lint these charts, with these settings; helm's warnings are errors."""
    helm = f"--strict --kube-version {kube_version}"
    return ("lint", "--config", str(config), "--helm-lint-extra-args", helm, "--charts", ",".join(map(str, charts)))


def install_args(chart: Path, config: Path, namespace: str) -> tuple[str, ...]:
    """Install a chart with its defaults and with each ci values file, wait until it is ready, test it, remove it."""
    where = ("--namespace", namespace, "--helm-extra-args", f"--timeout {INSTALL_S:g}s")
    return ("install", "--config", str(config), *where, "--charts", str(chart))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartTesting:
    """The pinned ct, with the pinned helm in front of PATH."""

    run: Runner
    program: Callable[[], Path]
    helm: Callable[[], Path]
    home: Path
    """Parent of helm's cache, config and data folders."""
    path: str
    """PATH behind the pinned tools."""
    config: Path
    """ct.yaml."""
    kube_version: str
    answers: Callable[[], Path] | None = None
    """helm-answers, which repeats what helm was asked before; without it ct starts helm for each call."""

    def lint(self, charts: Sequence[Path], linted: Sequence[Completed] = (), scratch: Path | None = None) -> Completed:
        """Run `ct lint`; the caller reads the exit code.

        Args:
            charts: their folders.
            linted: how `helm lint` ended that ct will ask for, by `tools.helm.lint_args`; it is not started again.
            scratch: an empty folder for that.

        Raises:
            ToolMissing: ct or helm is missing.
        """
        arguments = lint_args(charts, self.config, self.kube_version)
        if self.answers is None or scratch is None:
            return self.ct(arguments, {})
        scratch.mkdir(parents=True)
        for done in linted:
            # json.dumps, without the spaces that Go does not write.
            asked = json.dumps(done.argv[1:], ensure_ascii=False, separators=(",", ":")).encode()
            output, errors = done.stdout.encode(), done.stderr.encode()
            answer = f"{done.code} {len(output)}\n".encode() + output + errors
            (scratch / hashlib.sha256(asked).hexdigest()).write_bytes(answer)
        (scratch / "helm").symlink_to(self.answers())
        path = f"{scratch}:{self.helm().parent}:{self.path}"
        return self.ct(arguments, {"PATH": path, "HELM_ANSWERS": str(scratch), "HELM_PROGRAM": str(self.helm())})

    def install(self, chart: Path, namespace: str, kubeconfig: Path, kubectl: Path) -> Completed:
        """Run `ct install` in an existing namespace; the caller reads the exit code.

        Raises:
            ToolMissing: ct or helm is missing.
        """
        access = {"KUBECONFIG": str(kubeconfig), "PATH": f"{self.helm().parent}:{kubectl.parent}:{self.path}"}
        return self.ct(install_args(chart, self.config, namespace), access)

    def ct(self, args: tuple[str, ...], extra: Mapping[str, str]) -> Completed:
        """Run ct with helm's folders below `home`."""
        environment = {
            "PATH": f"{self.helm().parent}:{self.path}",
            "GOGC": "400",
            "HELM_CACHE_HOME": str(self.home / "cache"),
            "HELM_CONFIG_HOME": str(self.home / "config"),
            "HELM_DATA_HOME": str(self.home / "data"),
            "HELM_PLUGINS": str(self.home / "plugins"),
            **extra,
        }
        return self.run(
            Command(argv=(str(self.program()), *args), cwd=self.config.parent, env=environment, ok_codes=None)
        )
