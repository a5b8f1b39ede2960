"""The benchmark behind `./inv bench`: the release against the loop that a user would write instead.

Each time is the wall time of a whole process started from outside, so start-up and imports count. The loop is what
stock tools offer: `ct lint --all`, then `helm package` and `helm push` for each chart, one after the other. It is given
the staged copies, whose dependencies are in place already; that favours the loop.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.registry import embedded
from slipway.tools.run import Command, Runner, run_process, which
from slipway.util.progress import Progress
from slipway.util.text import plain
from testing.monorepo import ROOT, Monorepo, large


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The times of one monorepo, in seconds; medians of those that were measured several times."""

    name: str
    charts: int
    cold: float
    no_change: float
    one_change: float
    loop: float
    """Zero when the loop was not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What measures, and with which programs."""

    run: Runner
    tools: Mapping[str, Path]
    """helm, ct and registry."""
    progress: Progress
    repeats: int = 5

    def all(self, sizes: Sequence[int], loops: Sequence[int]) -> Iterator[Measured]:
        """This repository, then generated ones of these sizes; the loop only for some of them."""
        with tempfile.TemporaryDirectory(prefix="slipway-bench-") as scratch:
            here = Path(scratch) / "this"
            shutil.copytree(
                ROOT,
                here,
                ignore=shutil.ignore_patterns(".git", ".venv", "build", ".registry", ".tools", ".lab", "site"),
            )
            yield self.measure("this repository", Monorepo(root=here), loop=True)
            for size in sizes:
                repo = large(Path(scratch) / f"generated-{size}", size)
                yield self.measure(f"{size} services", repo, loop=size in loops)

    def measure(self, name: str, repo: Monorepo, *, loop: bool) -> Measured:
        """Measure one monorepo."""
        with self.progress.step(f"{name}") as done, serving(repo.root / ".registry", self.tools["registry"]) as port:
            environ = {"SLIPWAY_ROOT": str(repo.root), "SLIPWAY_REGISTRY_PORT": str(port), "PATH": self.path()}
            cold = self.timed(environ, "release")
            no_change = statistics.median(self.timed(environ, "release") for _ in range(self.repeats))
            one_change = statistics.median(self.changes(repo, environ, 3))
            looped = self.loop(repo, f"127.0.0.1:{port}/loop") if loop else 0.0
            done(f"cold {cold:.1f} s, no change {no_change:.2f} s, one change {one_change:.1f} s, loop {looped:.1f} s")
        charts = len(list((repo.root / "charts").iterdir())) + len(list((repo.root / "umbrella").iterdir()))
        return Measured(name=name, charts=charts, cold=cold, no_change=no_change, one_change=one_change, loop=looped)

    def path(self) -> str:
        """PATH with the tools in front, so that every contestant runs the same programs."""
        # ct starts yamllint and yamale as programs; they lie beside our interpreter.
        folders = dict.fromkeys(str(tool.parent) for tool in (*self.tools.values(), Path(sys.executable)))
        return os.pathsep.join([*folders, os.environ.get("PATH", "")])

    def timed(self, environ: Mapping[str, str], *arguments: str) -> float:
        """Wall seconds of one task."""
        return self.run(Command(argv=(str(ROOT / "inv"), *arguments), cwd=ROOT, env=environ)).seconds

    def changes(self, repo: Monorepo, environ: Mapping[str, str], count: int) -> Iterable[float]:
        """Touch one service's values, then release with a raised version; several times."""
        services = sorted(path.parent for path in (repo.root / "charts").glob("*/values.schema.json"))
        target = services[len(services) // 2] / "values.yaml"
        for number in range(count):
            with target.open("a", encoding="utf-8") as values:
                values.write(f"# change {number}\n")
            yield self.timed(environ, "release", "--bump", "patch")

    def loop(self, repo: Monorepo, registry: str) -> float:
        """Wall seconds of the stock loop over the staged copies."""
        staged = sorted(path for path in (repo.root / "build/stage").glob("*/*") if path.is_dir())
        settings = ROOT / ".ct"
        with tempfile.TemporaryDirectory(prefix="slipway-loop-") as scratch:
            folders = Path(scratch) / "charts"
            for chart in staged:
                shutil.copytree(chart, folders / chart.name, dirs_exist_ok=True)
            started = time.monotonic()
            lint = (
                "lint",
                "--all",
                "--chart-dirs",
                "charts",
                "--validate-maintainers=false",
                "--skip-helm-dependencies",
            )
            self.tool(
                "ct",
                scratch,
                *lint,
                "--chart-yaml-schema",
                str(settings / "chart_schema.yaml"),
                "--lint-conf",
                str(settings / "lintconf.yaml"),
            )
            for chart in sorted(folders.iterdir()):
                self.tool("helm", scratch, "package", str(chart), "--destination", scratch)
            for archive in sorted(Path(scratch).glob("*.tgz")):
                self.tool("helm", scratch, "push", str(archive), f"oci://{registry}", "--plain-http")
            return time.monotonic() - started

    def tool(self, name: str, cwd: str, *arguments: str) -> None:
        """One call of a stock tool."""
        self.run(Command(argv=(str(self.tools[name]), *arguments), cwd=Path(cwd), env={"PATH": self.path()}))


@contextmanager
def serving(folder: Path, binary: Path) -> Iterator[int]:
    """A registry of its own for one monorepo; yields its port."""
    with embedded.temporary(folder, binary) as registry:
        yield registry.port


def main(arguments: Sequence[str]) -> int:
    """`python -m testing.bench REPORT [--quick]`: write what was measured as JSON; helm, ct and registry are on PATH."""
    report, quick = Path(arguments[0]), "--quick" in arguments
    tools = {name: found for name in ("helm", "ct", "registry") if (found := which(name)) is not None}
    bench = Bench(run=run_process, tools=tools, progress=Progress(), repeats=3 if quick else 5)
    sizes = (10,) if quick else (10, 35, 100, 300)
    measured = [plain(item) for item in bench.all(sizes, loops=sizes[:3])]
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(measured, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
