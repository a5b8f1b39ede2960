"""What the headers of an answer say: challenges, links, and how long to wait. Pure, and total: any text has a result.

Source: RFC 9110 section 11.6.1 (challenges) and 10.2.3 (Retry-After), RFC 8288 section 3 (Link). Registries leave out quotes
that the grammar demands, so a value without quotes ends at a comma or a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

MAX_RETRY_AFTER_S = 30.0
"""Upper limit for a `Retry-After`, per attempt."""

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - a word of the grammar
QUOTED = r'"((?:[^"\\]|\\.)*)"'
PARAMETER = re.compile(rf"\s*({TOKEN})\s*=\s*(?:{QUOTED}|([^\s,;\"]*))\s*", re.ASCII | re.DOTALL)
SCHEME = re.compile(rf"\s*({TOKEN})(?=[\s,]|$)", re.ASCII)
TOKEN68 = re.compile(r"\s*[0-9A-Za-z._~+/-]+=*\s*(?=,|$)", re.ASCII)
TARGET = re.compile(r"[\s,]*<([^<>]*)>")
LINK_PARAMETER = re.compile(rf"\s*;\s*({TOKEN})\s*(?:=\s*(?:{QUOTED}|([^\s,;\"]*)))?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One way to log in that a 401 offers."""

    scheme: str
    """In lower case: `basic`, `bearer` or another one."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""

    def get(self, name: str) -> str:
        """A parameter; empty when it is not there."""
        return self.parameters.get(name, "")


def challenges(text: str) -> tuple[Challenge, ...]:
    """Every challenge of one or more WWW-Authenticate headers, joined by commas; what cannot be read is left out."""
    found: list[Challenge] = []
    position = 0
    while position < len(text):
        scheme = SCHEME.match(text, position)
        if scheme is None:
            position = after_comma(text, position)
            continue
        position = scheme.end()
        if (token := TOKEN68.match(text, position)) is not None:
            position = token.end()
        parameters: dict[str, str] = {}
        while (one := PARAMETER.match(text, position)) is not None:
            parameters.setdefault(one[1].lower(), unquoted(one[2]) if one[2] is not None else one[3])
            position = one.end()
            if not text.startswith(",", position) or PARAMETER.match(text, position + 1) is None:
                break
            position += 1
        found.append(Challenge(scheme=scheme[1].lower(), parameters=parameters))
        position = after_comma(text, position)
    return tuple(found)


def after_comma(text: str, position: int) -> int:
    """Where the next item of a list begins."""
    comma = text.find(",", position)
    return len(text) if comma < 0 else comma + 1


def unquoted(text: str) -> str:
    """The content of a quoted string."""
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def links(text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The target and the parameters of each link of one or more Link headers, joined by commas."""
    position = 0
    while (target := TARGET.match(text, position)) is not None:
        position = target.end()
        parameters: dict[str, str] = {}
        while (one := LINK_PARAMETER.match(text, position)) is not None:
            parameters.setdefault(one[1].lower(), unquoted(one[2]) if one[2] is not None else one[3] or "")
            position = one.end()
        yield target[1], parameters
        position = after_comma(text, position)


def next_link(text: str) -> str | None:
    """The target of the link to the next page; None when there is none."""
    for target, parameters in links(text):
        if "next" in parameters.get("rel", "").lower().split():
            return target
    return None


def retry_after_s(text: str, date: str, now: datetime) -> float:
    """Seconds of a Retry-After, at most MAX_RETRY_AFTER_S; 0 for a text that is no time.

    Args:
        text: the header: seconds, or a date.
        date: the Date of the same answer, so that our clock does not matter; it may be empty.
        now: what a date is compared with when the answer has none.
    """
    text = text.strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
        return min(float(text[:12]), MAX_RETRY_AFTER_S)
    end = date_of(text)
    if end is None:
        return 0.0
    return min(max((end - (date_of(date) or now)).total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def date_of(text: str) -> datetime | None:
    """A date of HTTP; None for any other text."""
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except Exception:  # noqa: BLE001 - the parser of the library raises what its input makes it
        return None
