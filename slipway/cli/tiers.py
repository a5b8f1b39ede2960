"""`test`: the tiers of the test suite, fast ones first, with everything they need set up and on PATH."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Sequence

from slipway.cli import coverage
from slipway.cli.run import one_of
from slipway.context import RELEASE_TOOLS, Context
from slipway.core.errors import Problem, ToolFailed
from slipway.toolchain import chromium, groups
from slipway.tools.run import Command, stream_process

LAB = "lab"
"""The tier that runs only when it is asked for: its programs take minutes to build."""

TIERS: dict[str, tuple[str, ...]] = {
    "unit": ("tests/unit",),
    "charts": ("tests/charts", "tests/workspaces"),
    "umbrella": ("tests/umbrella",),
    "release": ("tests/release",),
    "docs": ("tests/docs",),
    LAB: ("tests/lab",),
}
"""Tier → folders, in the order in which they run; the next one runs only when the one before it passed."""

IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_logo=True, cache_dir='build/imports'))"
"""import-linter has no `python -m`."""

STATIC = (
    ("-m", "ruff", "check", "."),
    ("-m", "ruff", "format", "--check", "."),
    ("-m", "mypy"),
    ("-c", IMPORTS),
)
"""Arguments of the interpreter: what is checked before anything runs."""

GROUPS: dict[str, tuple[str, ...]] = {
    "release": ("seal",),
    "docs": ("docs", "seal", "browser"),
    LAB: ("lab", "traefik"),
}
"""Tier → groups of packages that its tests need besides `test`."""

PROGRAMS: dict[str, tuple[str, ...]] = {
    # What reads the files that charts configure, or does what they say.
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
    # Opens what was sealed.
    "release": ("kubeseal",),
}
"""Tier → programs that its tests run besides those of a release."""


MEASURED = ("unit", "charts", "release")
"""The tiers whose coverage is measured by default."""


def run_tiers(context: Context, tier: str, chosen: str, *, update: bool, measure: bool = False) -> int:
    """Run the tiers and show their output; returns the exit code of the first that failed, or 0.

    Args:
        context: the wiring.
        tier: one tier; all of them when empty.
        chosen: pytest's `-k` expression; every test when empty.
        update: rewrite the golden files.
        measure: measure the coverage, of `MEASURED` when no tier is named, and show it.

    Raises:
        BuildError: a tool cannot be built, or there is no such tier.
    """
    every = MEASURED if measure else tuple(name for name in TIERS if name != LAB)
    names = (one_of("--tier", tier, tuple(TIERS)),) if tier else every
    environment = set_up(context, names)
    if measure:
        coverage.forget(context.config.root)
    elif not tier and not chosen and (code := first_failure(context, STATIC, environment)):
        return code
    code = 0
    for name in names:
        code = run_tier(context, name, chosen, environment, update=update, before=coverage.MEASURE if measure else ())
        if code:
            break
    if measure:
        reported = first_failure(context, coverage.REPORTS, environment)
        if not reported:
            print(coverage.report(context.config.root))
        code = code or reported
    return code


def set_up(context: Context, names: Sequence[str]) -> dict[str, str]:
    """Install the packages and build the programs that tiers need; returns the variables that their tests run with.

    Raises:
        BuildError: something cannot be installed or built.
    """
    for group in ("test", *(group for name in names for group in GROUPS.get(name, ()))):
        have = groups.program if group in groups.PROGRAMS else groups.ensure_group
        have(context.config.root, group, context.progress)
    if "docs" in names:
        chromium.ensure(context.config.root, context.run, context.progress)
    programs = context.toolbox.ensure((*RELEASE_TOOLS, *(tool for name in names for tool in programs_of(name))))
    folders = dict.fromkeys(str(path.parent) for path in programs.values())
    path = os.pathsep.join([*folders, context.environ.get("PATH", os.defpath)])
    # Without bytecode every worker would compile the tests again.
    return {"PATH": path, "PYTHONDONTWRITEBYTECODE": ""}


def run_tier(
    context: Context, name: str, chosen: str, environment: dict[str, str], *, update: bool, before: tuple[str, ...]
) -> int:
    """Run one tier; returns pytest's exit code, or 0 where there is nothing to run."""
    present = [folder for folder in TIERS[name] if (context.config.root / folder).is_dir()]
    if not present:
        return 0
    code = start(context, (*before, *pytest_args(present, chosen, update=update, alone=name == LAB)), environment)
    # pytest's 5: nothing was selected, which is no failure when a choice was made.
    return 0 if code == 5 and chosen else code


def first_failure(context: Context, commands: Iterable[tuple[str, ...]], environment: dict[str, str]) -> int:
    """Run commands until one fails; returns its exit code, or 0."""
    return next(filter(None, (start(context, each, environment) for each in commands)), 0)


def programs_of(tier: str) -> tuple[str, ...]:
    """The programs of a tier; the lab's are its own, every real component, and what takes as long to build."""
    if tier != LAB:
        return PROGRAMS.get(tier, ())
    from slipway.lab.plan import Extent
    from slipway.lab.real.catalog import CATALOG

    return (*Extent.WHOLE.value, *(name for name in CATALOG if name not in groups.PROGRAMS), "loki")


def refresh_goldens(context: Context) -> None:
    """Write the golden files of the umbrellas anew.

    Raises:
        ToolFailed: something does not render.
    """
    if code := run_tiers(context, "umbrella", "", update=True):
        raise ToolFailed(Problem(where="golden files", fact=f"pytest ended with exit code {code}", hint="./inv lint"))


def pytest_args(folders: list[str], chosen: str, *, update: bool, alone: bool) -> tuple[str, ...]:
    """pytest over some folders, in one process for each processor; the lab's tests share one cluster, so in one."""
    workers = () if alone else ("-n", str(os.cpu_count() or 2), "--dist", "worksteal")
    return (
        "-m",
        "pytest",
        "-q",
        *workers,
        *(("-k", chosen) if chosen else ()),
        *(("--update",) if update else ()),
        *folders,
    )


def start(context: Context, arguments: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run Python with these arguments, and print its output."""
    context.progress.say(f"+ python {shlex.join(arguments)}")
    command = Command(argv=(sys.executable, *arguments), cwd=context.config.root, env=environment)
    return stream_process(command, lambda line: print(line, flush=True))
