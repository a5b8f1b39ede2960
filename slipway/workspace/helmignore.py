"""`.helmignore`: which files of a chart's folder Helm leaves out. Pure.

A port of helm v4.3.1 `pkg/ignore/rules.go` and of Go's `path/filepath.Match`; `helm package` is the judge of it in the
tests, and of every package that is built.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

NAME = ".helmignore"
DEFAULT = "templates/.?*"
"""What Helm adds to every file of rules."""


class Unsupported(ValueError):
    """A line that Helm refuses, and so the chart."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One line."""

    matches: Callable[[str], bool]
    negated: bool
    """The line begins with `!`: Helm then ignores whatever does not match."""
    folders_only: bool


def parse(text: str) -> tuple[Pattern, ...]:
    """The rules of a file, with Helm's own.

    Raises:
        Unsupported: a line that Helm refuses.
    """
    lines = enumerate(text.removeprefix("\ufeff").splitlines(), start=1)
    return (*(pattern for number, line in lines for pattern in parsed(line.strip(), number)), *parsed(DEFAULT, 0))


def parsed(rule: str, number: int) -> Iterator[Pattern]:
    """The rule of a line; none for an empty line or a comment."""
    if not rule or rule.startswith("#"):
        return
    if "**" in rule:
        raise Unsupported(number, "double-star (**) syntax is not supported")
    negated, folders_only = rule.startswith("!"), rule.endswith("/")
    rule = rule.removeprefix("!").removesuffix("/")
    try:
        pattern = re.compile(regular(rule.removeprefix("/")), re.DOTALL)
    except (re.error, IndexError):
        raise Unsupported(number, f"{rule!r} is not a pattern") from None
    whole = "/" in rule

    def matches(path: str) -> bool:
        return pattern.fullmatch(path if whole else path.rpartition("/")[2]) is not None

    yield Pattern(matches=matches, negated=negated, folders_only=folders_only)


def regular(glob: str) -> str:
    """A glob of Go as a regular expression."""
    made, at = "", 0
    while at < len(glob):
        sign = glob[at]
        if sign == "[":
            end = glob.index("]", at + 2) if "]" in glob[at + 2 :] else len(glob) + 1
            inside = glob[at + 1 : end].replace("[", "\\[")
            made += f"(?!/)[{inside}{glob[end]}"
            at = end
        elif sign == "\\":
            at += 1
            made += re.escape(glob[at])
        else:
            made += {"*": "[^/]*", "?": "[^/]"}.get(sign, re.escape(sign))
        at += 1
    return made


def ignored(patterns: Sequence[Pattern], path: str, *, folder: bool) -> bool:
    """Whether Helm leaves out a file, or a folder with everything in it.

    Args:
        patterns: of the chart.
        path: relative to the chart, with forward slashes.
        folder: whether it is one.
    """
    for pattern in patterns:
        fits = (folder or not pattern.folders_only) and pattern.matches(path)
        if fits != pattern.negated:
            return True
    return False
