"""The list of console blocks: those that the tests run, and why the others are skipped. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from slipway.docs.checks.console_blocks import Block, Session, sessions
from slipway.docs.markdown import EMPTY, code, prose, section, site_page, table

HEAD = ("BLOCK", "SESSION", "TIER", "FIRST COMMAND, OR REASON")


def text(found: Sequence[Block]) -> str:
    """The page."""
    grouped = sessions(found)
    run = [block for session in grouped for block in session.blocks]
    skipped = Counter((block.page, block.skip_reason) for block in found if block.skip_reason)
    return site_page(
        "# Tested commands",
        f"The tests run {len(run)} of {len(found)} console blocks in a copy of the repository, and compare exit codes and "
        "output with the page.\n"
        "`./inv docs examples` prints this list; a block that is neither run nor skipped with a reason fails the build.",
        *(
            section(2, title, table(("Page", "Session", "Continues", "Commands"), rows(grouped, lab=lab)))
            for title, lab in TIERS
        ),
        section(
            2,
            "Not run",
            table(
                ("Page", "Blocks", "Reason"),
                ((link(page), str(count), prose(reason)) for (page, reason), count in sorted(skipped.items())),
            ),
        ),
    )


TIERS = (("Run by ./inv test --tier docs", False), ("Run by ./inv test --lab", True))
"""Heading, and whether it lists sessions of the lab."""


def rows(grouped: Sequence[Session], *, lab: bool) -> Iterator[tuple[str, str, str, str]]:
    """A row for each block, in the order in which sessions run."""
    for session in grouped:
        for block in session.blocks if session.lab is lab else ():
            commands = "<br>".join(code(first_line(step.command)) for step in block.steps)
            yield link(block.page), code(session.name), code(session.origin) if session.origin else EMPTY, commands


def first_line(command: str) -> str:
    """The first line of a command, with an ellipsis if there are more."""
    first, _, more = command.partition("\n")
    return f"{first.removesuffix(chr(92)).rstrip()} …" if more else first


def link(page: str) -> str:
    """A link to a page of the site, or the name of another file."""
    below = page.removeprefix("docs/")
    return code(page) if below == page else f"[{below}](../{below})"


def listing(found: Sequence[Block]) -> list[tuple[str, str, str, str]]:
    """The rows for a terminal: each block with its session and tier, or the reason for skipping it."""
    by_block = {block.where: session for session in sessions(found) for block in session.blocks}
    return [
        (
            block.where,
            session.name if session else "-",
            ("lab" if session.lab else "docs") if session else "not run",
            first_line(block.steps[0].command) if session else block.skip_reason,
        )
        for block in found
        for session in (by_block.get(block.where),)
    ]
