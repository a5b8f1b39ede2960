"""`test`: the tiers of the test suite, fast ones first, with everything they need set up and on PATH."""

from __future__ import annotations

import os
import sys

from slipway.cli.run import one_of
from slipway.context import RELEASE_TOOLS, Context
from slipway.core.errors import Problem, ToolFailed
from slipway.toolchain import chromium, groups
from slipway.tools.run import Command

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

STATIC = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))
"""What is asked of the sources before anything runs."""

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


def run_tiers(context: Context, tier: str, chosen: str, *, update: bool) -> int:
    """Run the tiers and show what they say; returns the exit code of the first that failed, or 0.

    Args:
        context: the wiring.
        tier: one tier; all of them when empty.
        chosen: pytest's `-k` expression; every test when empty.
        update: rewrite the golden files.

    Raises:
        BuildError: a tool cannot be built, or there is no such tier.
    """
    names = (one_of("--tier", tier, tuple(TIERS)),) if tier else tuple(name for name in TIERS if name != LAB)
    for group in ("test", *(group for name in names for group in GROUPS.get(name, ()))):
        have = groups.program if group in groups.PROGRAMS else groups.ensure_group
        have(context.config.root, group, context.progress)
    if "docs" in names:
        chromium.ensure(context.config.root, context.run, context.progress)
    programs = context.toolbox.ensure((*RELEASE_TOOLS, *(tool for name in names for tool in programs_of(name))))
    folders = dict.fromkeys(str(path.parent) for path in programs.values())
    environment = {"PATH": os.pathsep.join([*folders, context.environ.get("PATH", os.defpath)])}
    if not tier and not chosen:
        for check in STATIC:
            if code := start(context, check, environment):
                return code
    for name in names:
        present = [folder for folder in TIERS[name] if (context.config.root / folder).is_dir()]
        if present and (
            code := start(context, pytest_args(present, chosen, update=update, alone=name == LAB), environment)
        ):
            # pytest's 5: nothing was selected, which is no failure when a choice was made.
            if code == 5 and chosen:
                continue
            return code
    return 0


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
    return ("pytest", "-q", *workers, *(("-k", chosen) if chosen else ()), *(("--update",) if update else ()), *folders)


def start(context: Context, arguments: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run a Python module and pass its lines on."""
    context.progress.say(f"+ {' '.join(arguments)}")
    command = Command(
        argv=(sys.executable, "-m", *arguments),
        cwd=context.config.root,
        env=environment,
        ok_codes=None,
        on_line=lambda line: print(line, flush=True),
    )
    return context.run(command).code
