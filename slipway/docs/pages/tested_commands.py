"""The list of console blocks: which the tests run, and why the others are not. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from slipway.docs.checks.console_blocks import Block, Session, sessions
from slipway.docs.markdown import EMPTY, code, prose, section, site_page, table

HEAD = ("BLOCK", "SESSION", "TIER", "FIRST COMMAND, OR REASON")


def text(found: Sequence[Block]) -> str:
    """The page."""
    known = sessions(found)
    run = [block for session in known for block in session.blocks]
    left = Counter((block.page, block.reason) for block in found if block.reason)
    return site_page(
        "# Tested commands",
        f"The tests run {len(run)} of {len(found)} console blocks in a copy of the repository, and compare exit codes and "
        "output with the page.\n"
        "`./inv docs examples` prints this list; a block that is neither run nor skipped with a reason fails the build.",
        *(
            section(2, title, table(("Page", "Session", "Continues", "Commands"), rows(known, lab=lab)))
            for title, lab in TIERS
        ),
        section(
            2,
            "Not run",
            table(
                ("Page", "Blocks", "Reason"),
                ((link(page), str(count), prose(reason)) for (page, reason), count in sorted(left.items())),
            ),
        ),
    )


TIERS = (("Run by ./inv test --tier docs", False), ("Run by ./inv test --lab", True))
"""Heading, and whether it is about the lab."""


def rows(known: Sequence[Session], *, lab: bool) -> Iterator[tuple[str, str, str, str]]:
    """A row for each block, the sessions in the order in which they run."""
    for session in known:
        for block in session.blocks if session.lab is lab else ():
            typed = "<br>".join(code(first_line(step.command)) for step in block.steps)
            yield link(block.page), code(session.name), code(session.origin) if session.origin else EMPTY, typed


def first_line(command: str) -> str:
    """A command as a table shows it."""
    first, _, more = command.partition("\n")
    return f"{first.removesuffix(chr(92)).rstrip()} …" if more else first


def link(page: str) -> str:
    """A page of the site as a link from the reference, another file by its name."""
    below = page.removeprefix("docs/")
    return code(page) if below == page else f"[{below}](../{below})"


def listing(found: Sequence[Block]) -> list[tuple[str, str, str, str]]:
    """The same for a terminal: each block with its session and tier, or with the reason that it is not run."""
    named = {block.where: session for session in sessions(found) for block in session.blocks}
    return [
        (
            block.where,
            session.name if session else "-",
            ("lab" if session.lab else "docs") if session else "not run",
            first_line(block.steps[0].command) if session else block.reason,
        )
        for block in found
        for session in (named.get(block.where),)
    ]
