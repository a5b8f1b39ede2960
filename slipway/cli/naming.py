"""What the command is called that a person typed: `./inv` in a checkout of the platform, `slipway` where it is installed."""

from __future__ import annotations

import re
import sys

INV = "./inv"
INSTALLED = "slipway"
"""Name of the entry point of pyproject.toml."""

PORTABLE = frozenset(
    {
        "plan", "release", "lint", "version", "package", "publish", "pin", "rollback", "status", "diff", "explain", "keys",
        "verify", "registry",
    }
)  # fmt: skip
"""The tasks of the installed command: those that need nothing but charts and a registry."""

MENTION = re.compile(r"(?<![\w/])\./inv(?![\w.-])")


def command(argv: list[str] | None = None) -> str:
    """As it was typed."""
    started = (sys.argv if argv is None else argv)[:1]
    return INSTALLED if started and started[0].replace("\\", "/").rpartition("/")[2] == INSTALLED else INV


def spoken(text: str) -> str:
    """A text with the command as it was typed, in hints for one."""
    name = command()
    return text if name == INV else MENTION.sub(name, text)
