"""What a plain scalar of YAML means to Helm and kubectl, and which text must be quoted for every reader. Pure.

A port of `resolve` of go.yaml.in/yaml/v2 2.4.4, which `sigs.k8s.io/yaml` 1.6 reads with, and of the numbers that
encoding/json makes of its result.
"""

from __future__ import annotations

import math
import re

MAX_EXACT = 2**53
"""Helm holds numbers as float64: a greater integer may become another one."""

INT64 = 2**63
UINT64 = 2**64

BOOLS = {
    word: value
    for value, words in ((True, ("y", "yes", "true", "on")), (False, ("n", "no", "false", "off")))
    for lower in words
    for word in (lower, lower.capitalize(), lower.upper())
}
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
NOT_FINITE = frozenset(f"{sign}.{word}" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF")) | frozenset(
    {".nan", ".NaN", ".NAN"}
)

FIRST = frozenset("yYnNtTfFoO~+-.0123456789")
"""First characters of what may be more than text."""

INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[bB](?P<binary>[01]+)|0[oO](?P<octal>[0-7]+)|0[xX](?P<hex>[0-9a-fA-F]+)"
    r"|0(?P<old>[0-7]+)|(?P<decimal>0|[1-9][0-9]*))"
)
BASES = {"binary": 2, "octal": 8, "hex": 16, "old": 8, "decimal": 10}
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

ELSEWHERE = re.compile(
    r"<<|=|[-+]?0o?[0-9_]+|[-+]?[0-9][0-9_]*(:[0-9]+)+(\.[0-9_]*)?"
    r"|[-+]?([0-9][0-9_]*\.[0-9_]*|\.?[0-9][0-9_]*)([eE][-+]?[0-9]+)?"
    r"|[-+]?0[bBxX][0-9a-fA-F_]+|[-+]?\.(inf|Inf|INF|nan|NaN|NAN)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?"
)
"""Text that YAML 1.1 or the core schema of YAML 1.2 may take for a number, a time, a merge or the default value."""


class Unreadable(ValueError):
    """A scalar that Helm refuses, or that is a number for Helm alone."""

    def __init__(self, fact: str) -> None:
        super().__init__(fact)
        self.fact = fact


def resolved(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar.

    A float without a fraction is an integer, as in the JSON that Helm makes of it.

    Raises:
        Unreadable: it is no number of JSON, or one that only Helm sees.
    """
    if text in NULLS:
        return None
    if text[0] not in FIRST:
        return text
    if text in NOT_FINITE:
        raise Unreadable("is not a number that Helm accepts")
    return BOOLS[text] if text in BOOLS else numeric(text)


def numeric(text: str) -> str | int | float:
    """The number that a text means, or the text.

    Raises:
        Unreadable: see `resolved`.
    """
    plain = text.replace("_", "")
    if (whole := integer(plain)) is not None:
        return whole
    if not FLOAT.fullmatch(plain) or not math.isfinite(float(plain)):
        return text
    if text[0] == "." and plain != text:
        raise Unreadable("is a number for Helm, and text for others")
    return floating(plain)


def integer(text: str) -> int | None:
    """An integer of 64 bits: decimal, or with a prefix for its base; a leading zero means octal."""
    found = INTEGER.fullmatch(text)
    if found is None:
        return None
    base = str(found.lastgroup)
    value = int(found[base], BASES[base])
    if found["sign"]:
        value = -value if found["sign"] == "-" else value
        return value if -INT64 <= value < INT64 else None
    return value if value < UINT64 else None


def floating(text: str) -> int | float:
    """A float as JSON has it."""
    value = float(text)
    exact = value.is_integer() and abs(value) <= MAX_EXACT and (value != 0 or math.copysign(1, value) > 0)
    return int(value) if exact else value


def inexact(text: str, value: object) -> bool:
    """Whether an integer becomes another number where Helm holds it as float64."""
    return isinstance(value, (int, float)) and abs(value) > MAX_EXACT and not set(text) & set(".eE")


def key_of(text: str) -> str | None:
    """The key that a plain scalar is read as; None when that is not the same text, or depends on the reader."""
    if text in NULLS or text in NOT_FINITE:
        return None
    if text[0] not in FIRST:
        return None if text == "=" else text
    if text in BOOLS:
        return text if text in ("true", "false") else None
    plain = text.replace("_", "")
    if (whole := integer(plain)) is not None:
        return text if str(whole) == text and -INT64 <= whole < INT64 else None
    return None if FLOAT.fullmatch(plain) else text


def needs_quotes(text: str) -> bool:
    """Whether a reader of YAML 1.1, of YAML 1.2 or Go's takes the text for something else."""
    if text in NULLS or text in BOOLS:
        return True
    return text[0] in "+-.0123456789=<" and (
        ELSEWHERE.fullmatch(text) is not None
        or integer(text.replace("_", "")) is not None
        or FLOAT.fullmatch(text.replace("_", "")) is not None
    )
