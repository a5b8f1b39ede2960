"""Where the services of an environment are reached, and how the first person logs in. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from slipway.docs.source import resources
from slipway.docs.source.platform import Member, Platform
from slipway.lint.notes import FIRST_LOGIN, section_of
from slipway.util.mapping import dig

NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A route of a member, and the first login behind it."""

    member: Member
    host: str
    """With references to facts, as the chart has it."""
    path: str
    internal: bool
    """Whether it accepts clients of the home network only."""
    first: str
    """Markdown in one line."""

    @property
    def address(self) -> str:
        """The URL in the environment."""
        host = resources.fill(self.host, dig(self.member.values, "global"))
        return f"https://{host}{self.path}"


def logins(platform: Platform) -> Iterator[Login]:
    """Every enabled route of an environment."""
    for member in platform.members:
        for _, route in resources.routes(member.values):
            internal = str(route.get("access", "internal")) == "internal"
            path = str(route.get("path", "/"))
            yield Login(
                member=member,
                host=str(route.get("host", "")),
                path="" if path == "/" else path,
                internal=internal,
                first=first_login(member) or f"{NONE}{': the home network only' if internal else ''}",
            )


def first_login(member: Member) -> str:
    """The section of the chart's notes, in one line."""
    lines = section_of(member.entry.chart, FIRST_LOGIN).splitlines()
    return " ".join(line.removeprefix("- ").strip() for line in lines if line.strip())
