"""`test`: the tiers of the test suite, fast ones first, with the programs that they run on PATH."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from slipway.cli import arguments
from slipway.cli.run import Result
from slipway.context import RELEASE_TOOLS, Context
from slipway.core.errors import Problem, ToolFailed, WorkspaceError
from slipway.toolchain import chromium, groups
from slipway.tools.run import Command, stream_process

LAB = "lab"
"""The tier that runs only when it is named: its programs take minutes to build."""

TIERS: dict[str, tuple[str, ...]] = {
    "unit": ("tests/unit",),
    "charts": ("tests/charts", "tests/workspaces"),
    "umbrella": ("tests/umbrella",),
    "release": ("tests/release",),
    "docs": ("tests/docs",),
    LAB: ("tests/lab",),
}
"""Tier → folders, in the order in which they run; the first tier that fails is the last one."""

STATIC = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))
"""Checks of the sources, ahead of the tests."""

GROUPS: dict[str, tuple[str, ...]] = {
    "release": ("seal",),
    "docs": ("docs", "seal", "browser"),
    LAB: ("lab", "traefik"),
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
        "crowdsec-check",
        "restic",
    ),
    # Decrypts what was sealed.
    "release": ("kubeseal",),
}
"""Tier → programs that its tests run besides those of a release."""


NOTHING_SELECTED = 5
"""Exit code of pytest. Source: pytest.ExitCode.NO_TESTS_COLLECTED."""


def test(context: Context, tier: str, expression: str, *, update: bool) -> Result:
    """Run the tiers.

    Raises:
        WorkspaceError: the tier is unknown, or no test matches the expression.
        ToolFailed: a tier failed, or a tool cannot be built.
    """
    if code := run_tiers(context, tier, expression, update=update):
        raise ToolFailed(Problem(where="pytest", fact=f"exit code {code}", hint="the failures are above"))
    return Result(value=None, text="")


def run_tiers(context: Context, tier: str, expression: str, *, update: bool) -> int:
    """Run the tiers and show their output; returns the exit code of the first that failed, or 0.

    Args:
        context: the wiring.
        tier: one tier; all but the lab when empty.
        expression: pytest's `-k`; every test when empty.
        update: rewrite the golden files.

    Raises:
        WorkspaceError: the tier is unknown, or no test matches the expression.
        BuildError: a tool cannot be built.
    """
    names = (arguments.one_of("--tier", tier, tuple(TIERS)),) if tier else tuple(name for name in TIERS if name != LAB)
    environment = prepared(context, names)
    if not tier and not expression:
        for check in STATIC:
            if code := start(context, check, environment):
                return code
    selected = False
    for name in names:
        present = [folder for folder in TIERS[name] if (context.config.root / folder).is_dir()]
        if not present:
            continue
        code = start(context, pytest_args(present, expression, update=update, alone=name == LAB), environment)
        if code not in {0, NOTHING_SELECTED}:
            return code
        selected |= code == 0
    if not selected and expression:
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
    if "docs" in names:
        chromium.ensure(context.config.root, context.run, context.progress)
    programs = context.toolbox.ensure((*RELEASE_TOOLS, *(tool for name in names for tool in programs_of(name))))
    folders = dict.fromkeys(str(path.parent) for path in programs.values())
    return {"PATH": os.pathsep.join([*folders, context.environ.get("PATH", os.defpath)])}


def programs_of(tier: str) -> tuple[str, ...]:
    """The programs of a tier; for the lab, every program that a lab can run, and those that take as long to build."""
    if tier != LAB:
        return PROGRAMS.get(tier, ())
    from slipway.lab.plan import Extent
    from slipway.lab.real.catalog import CATALOG

    return (*Extent.WHOLE.value, *(name for name in CATALOG if name not in groups.PROGRAMS), "loki")


def refresh_goldens(context: Context) -> None:
    """Rewrite the golden files of the umbrellas.

    Raises:
        ToolFailed: an umbrella cannot be rendered.
    """
    if code := run_tiers(context, "umbrella", "", update=True):
        raise ToolFailed(Problem(where="golden files", fact=f"pytest: exit code {code}", hint="./inv lint"))


def pytest_args(folders: list[str], expression: str, *, update: bool, alone: bool) -> tuple[str, ...]:
    """pytest with a process for each processor; with one for the lab, whose tests share a cluster."""
    workers = () if alone else ("-n", str(os.cpu_count() or 2), "--dist", "worksteal")
    return (
        "pytest",
        "-q",
        *workers,
        *(("-k", expression) if expression else ()),
        *(("--update",) if update else ()),
        *folders,
    )


def start(context: Context, arguments: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run a Python module and print its output; returns its exit code."""
    context.progress.say(f"+ {' '.join(arguments)}")
    command = Command(argv=(sys.executable, "-m", *arguments), cwd=context.config.root, env=environment)
    return stream_process(command, lambda line: print(line, flush=True))
