"""`test`: the tiers of the test suite, fast ones first, with the programs that they run on PATH."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from slipway.cli import arguments, coverage
from slipway.cli.ending import Result
from slipway.context import RELEASE_TOOLS, Context
from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.toolchain import chromium, groups
from slipway.tools.run import Command
from slipway.util.terminal import Text

LAB = "lab"
"""A tier that runs only when it is named: its programs take minutes to build."""
NODE = "node"
"""The same, on a real node: it needs root."""
FORK = "fork"
"""The tiers once more, in a fork that wrote facts of its own, and releases that it takes."""
ON_REQUEST = (LAB, NODE, FORK)

TIERS: dict[str, tuple[str, ...]] = {
    "unit": ("tests/unit",),
    "charts": ("tests/charts", "tests/workspaces"),
    "umbrella": ("tests/umbrella",),
    "release": ("tests/release",),
    "docs": ("tests/docs",),
    LAB: ("tests/lab",),
    NODE: ("tests/node",),
    FORK: ("tests/fork",),
}
"""Tier → folders, in the order in which they run; the first tier that fails is the last one."""

IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_logo=True, cache_dir='build/imports'))"
"""import-linter has no `python -m`."""

STATIC = {
    "ruff check": ("-m", "ruff", "check", "."),
    "ruff format": ("-m", "ruff", "format", "--check", "."),
    "mypy": ("-m", "mypy"),
    "import-linter": ("-c", IMPORTS),
}
"""Checks of the sources, ahead of the tests, as arguments of Python."""

MEASURED = ("unit", "charts", "release")
"""The tiers whose coverage is measured when none is named."""

GROUPS: dict[str, tuple[str, ...]] = {
    "release": ("seal",),
    "docs": ("docs", "seal", "browser"),
    LAB: ("lab", "traefik"),
    NODE: ("lab", "traefik"),
    FORK: ("docs", "seal", "browser"),
}
"""Tier → groups of packages that its tests import besides `test`."""

PROGRAMS: dict[str, tuple[str, ...]] = {
    # They parse, or act on, the files that charts configure.
    "charts": (
        "promtool",
        "amtool",
        "inhibited",
        "alloycheck",
        "logql",
        "external-dns-flags",
        "authelia-check",
        "crowdsec-check",
        "blackbox-exporter",
        "coredns",
        "restic",
    ),
    # Decrypts what was sealed; verifies what was signed; copies bundles.
    "release": ("kubeseal", "cosign", "oras"),
    # What the pages run.
    "docs": ("oras",),
}
"""Tier → programs that its tests run besides those of a release."""


NOTHING_SELECTED = 5
"""Exit code of pytest. Source: pytest.ExitCode.NO_TESTS_COLLECTED."""


def test(context: Context, tier: str, expression: str, *, update: bool, measure: bool, junit: str) -> Result:
    """Run the tiers, and show the coverage when it is measured.

    Raises:
        WorkspaceError: the tier is unknown, no test matches the expression, or `junit` is not a folder.
        ToolFailed: a tier failed, or a tool cannot be built.
    """
    if measure:
        coverage.forget(context.config.root)
    reports = reports_folder(junit) if junit else None
    code = run_tiers(context, tier, expression, update=update, measure=measure, reports=reports)
    shown: Text = ""
    if measure and not first_failure(context, coverage.REPORTS, {}):
        shown = coverage.report(context.config.root)
    failed = ToolFailed(Problem(where="pytest", fact=f"exit code {code}", hint="the failures are above"))
    return Result(value=None, text=shown, error=failed if code else None)


def reports_folder(name: str) -> Path:
    """The folder of `--junit`, which pytest makes when it is missing.

    Raises:
        WorkspaceError: a file is in its place.
    """
    folder = Path(name).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        fact = f"{name} is a file; each tier writes TIER.xml into a folder"
        raise WorkspaceError(Problem(where="--junit", fact=fact, hint="--junit build/junit"))
    return folder


def run_tiers(
    context: Context,
    tier: str,
    expression: str,
    *,
    update: bool,
    measure: bool = False,
    reports: Path | None = None,
) -> int:
    """Run the tiers and show their output; returns the exit code of the first that failed, or 0.

    Args:
        context: the wiring.
        tier: one tier; all but those on request when empty.
        expression: pytest's `-k`; every test when empty.
        update: rewrite the golden files.
        measure: measure the coverage; of `MEASURED` when no tier is named.
        reports: a folder that gets `TIER.xml`, in pytest's form of JUnit; None writes none.

    Raises:
        WorkspaceError: the tier is unknown, or no test matches the expression.
        BuildError: a tool cannot be built.
    """
    every = MEASURED if measure else tuple(name for name in TIERS if name not in ON_REQUEST)
    names = (arguments.one_of("--tier", tier, tuple(TIERS)),) if tier else every
    environment = prepared(context, names)
    if not (tier or expression or measure) and (code := static_failure(context, environment)):
        return code
    codes: list[int] = []
    for name in names:
        if present := [folder for folder in TIERS[name] if (context.config.root / folder).is_dir()]:
            pytest = pytest_args(present, expression, update=update, alone=name in ON_REQUEST)
            if reports is not None:
                pytest = (*pytest, f"--junitxml={reports / name}.xml", "-o", f"junit_suite_name={name}")
            codes.append(start(context, (*(coverage.MEASURE if measure else ()), *pytest), environment))
            if codes[-1] not in {0, NOTHING_SELECTED}:
                break
    return verdict(codes, names, expression)


def verdict(codes: Sequence[int], names: Sequence[str], expression: str) -> int:
    """The exit code of all tiers that ran: that of the last one, unless only it had no test for the expression.

    Raises:
        WorkspaceError: no tier has a test for it.
    """
    if codes and codes[-1] not in {0, NOTHING_SELECTED}:
        return codes[-1]
    if expression and 0 not in codes:
        fact = f"no test of {', '.join(names)} matches {expression!r}"
        raise WorkspaceError(Problem(where="-k", fact=fact, hint="pytest --collect-only -q tests lists them"))
    return 0


def prepared(context: Context, names: Sequence[str]) -> dict[str, str]:
    """Install and build what tiers run; returns the environment with it on PATH.

    Raises:
        BuildError: something cannot be installed or built.
    """
    for group in ("test", *(group for name in names for group in GROUPS.get(name, ()))):
        install = groups.program if group in groups.PROGRAMS else groups.ensure_group
        install(context.config.root, group, context.progress)
    if {"docs", FORK} & {*names}:
        chromium.ensure(context.config.root, context.run, context.progress)
    programs = context.toolbox.ensure((*RELEASE_TOOLS, *(tool for name in names for tool in programs_of(name))))
    folders = dict.fromkeys(str(path.parent) for path in programs.values())
    path = os.pathsep.join([*folders, context.environ.get("PATH", os.defpath)])
    # Without bytecode every worker would compile the tests again.
    return {"PATH": path, "PYTHONDONTWRITEBYTECODE": ""}


def programs_of(tier: str) -> tuple[str, ...]:
    """The programs of a tier; for one on request every program that it can run, and those that take as long to build."""
    if tier == FORK:
        return tuple(program for programs in PROGRAMS.values() for program in programs)
    if tier not in ON_REQUEST:
        return PROGRAMS.get(tier, ())
    from slipway.lab.plan import Extent
    from slipway.lab.real.catalog import CATALOG

    if tier == NODE:
        from slipway.lab.node import catalogue, start

        built = tuple(tool for tool in catalogue.tools() if tool not in groups.PROGRAMS)
        return (*Extent.BARE.value, *start.NODE, *built)
    return (*Extent.WHOLE.value, *(name for name in CATALOG if name not in groups.PROGRAMS), "loki")


def pytest_args(folders: list[str], expression: str, *, update: bool, alone: bool) -> tuple[str, ...]:
    """pytest with a process for each processor.

    With one for the lab, whose tests share a cluster, and where one test reads the golden files that another rewrites.
    """
    workers = () if alone or update else ("-n", str(os.cpu_count() or 2), "--dist", "worksteal")
    return (
        "-m",
        "pytest",
        "-q",
        *workers,
        *(("-k", expression) if expression else ()),
        *(("--update",) if update else ()),
        *folders,
    )


def first_failure(context: Context, commands: Iterable[tuple[str, ...]], environment: dict[str, str]) -> int:
    """Run commands until one fails; returns its exit code, or 0."""
    return next(filter(None, (start(context, each, environment) for each in commands)), 0)


def static_failure(context: Context, environment: dict[str, str]) -> int:
    """Check the sources, with the time that it takes; returns the exit code of the first check that fails, or 0."""
    for title, flags in STATIC.items():
        lines: list[str] = []
        with context.progress.step(title, "") as step:
            argv = (sys.executable, *flags)
            command = Command(argv=argv, cwd=context.config.root, env=environment, ok_codes=None, on_line=lines.append)
            if code := context.run(command).code:
                step.failures.append(f"exit code {code}")
        if code:
            print("\n".join(lines), flush=True)
            return code
    return 0


def start(context: Context, arguments: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run Python with these arguments; returns its exit code. On a terminal it has the terminal, and shows how far it is."""
    context.progress.say(f"+ python {shlex.join(arguments)}")
    attached = sys.stdout.isatty()
    command = Command(
        argv=(sys.executable, *arguments),
        cwd=context.config.root,
        env=environment,
        ok_codes=None,
        attached=attached,
        on_line=None if attached else lambda line: print(line, flush=True),
    )
    return context.run(command).code
