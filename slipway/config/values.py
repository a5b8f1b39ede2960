"""What the value of a setting may be: one function for each form, which returns the value or raises `Refused`. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from slipway.config.model import HUB_NAMES

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""A DNS label. Source: RFC 1123, as Kubernetes reads it for namespaces."""
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)
TOOL_VERSION = re.compile(rf"v{VERSION.pattern}(-[0-9A-Za-z.-]+)?", re.ASCII)
HOST = re.compile(
    r"(?P<name>[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(:(?P<port>[0-9]+))?"
)
COMPONENT = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*")
"""A part of a repository's name. Source: OCI Distribution Specification 1.1, Pulling manifests."""
SCP = re.compile(r"([A-Za-z0-9._-]+@)?(?P<host>[A-Za-z0-9.-]+):(?!//)(?P<path>[^\s:]+)")
"""`git@host:path`, the short form of git's SSH address."""
FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
"""A path below the repository without hidden parts."""
MAX_SECONDS = 3600.0
MAX_ATTEMPTS = 100
USE_VARIABLES = "remove them, and set SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD"


class Refused(Exception):
    """A value that is not allowed.

    Attributes:
        fact: what is wrong, after `is`; it never shows a password.
        hint: what is allowed.
        secret: whether the value must not be shown.
    """

    def __init__(self, fact: str, hint: str, *, secret: bool = False) -> None:
        self.fact, self.hint, self.secret = fact, hint, secret
        super().__init__(fact)


def number_of(value: object, fact: str, hint: str, least: float, most: float) -> float:
    """A finite number in a range, both ends included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(fact, hint)
    if not (math.isfinite(value) and least <= value <= most):
        raise Refused(fact, hint)
    return float(value)


def port(value: object) -> int:
    """A TCP port."""
    return int(number_of(value, "not a port number", "use 1 to 65535", 1, 65535))


def attempts(value: object) -> int:
    """How often a request is tried."""
    return int(number_of(value, "not a number of attempts", f"use 1 to {MAX_ATTEMPTS}", 1, MAX_ATTEMPTS))


def seconds(value: object) -> float:
    """A time limit."""
    return number_of(value, "not a number of seconds", f"use 0.01 to {MAX_SECONDS:.0f}, such as 10", 0.01, MAX_SECONDS)


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Refused("neither true nor false", "use true or false")
    return value


def one_of(choices: Sequence[str], value: object) -> str:
    """A word of a closed list."""
    listed = " or ".join(repr(str(choice)) for choice in choices)
    if value not in choices:
        raise Refused(f"not {listed}", f"use {listed}")
    return str(value)


def label(value: object) -> str:
    """A DNS label, such as the name of a namespace."""
    text = str(value)
    if LABEL.fullmatch(text) is None:
        raise Refused(
            "not a DNS label",
            "use at most 63 lower case letters, digits and dashes, with a letter or digit at both ends",
        )
    return text


def labels(value: object) -> tuple[str, ...]:
    """A list of different DNS labels; it may be empty."""
    names = value if isinstance(value, list) else []
    for name in names:
        try:
            label(name if isinstance(name, str) else "")
        except Refused as error:
            raise Refused(f"not a list of DNS labels: {name!r} is none", error.hint) from error
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Refused(f"not a list of different names: {twice[0]!r} is duplicated", "name each environment once")
    return tuple(names)


def domain(value: object) -> str:
    """A DNS name in lower case, as the prefix of an annotation."""
    if len(str(value)) > 253 or not all(LABEL.fullmatch(part) for part in str(value).split(".")):
        raise Refused("not a DNS name", "use a domain of yours, such as charts.example.org")
    return str(value)


def folders(value: object) -> tuple[str, ...]:
    """A list of different folders of the repository, at least one."""
    names = value if isinstance(value, list) else []
    for name in names:
        if not isinstance(name, str) or FOLDER.fullmatch(name) is None:
            raise Refused(f"not a list of folders: {name!r} is none", "use paths below the repository, such as charts")
    if not names or len(set(names)) < len(names):
        raise Refused("not a list of different folders", "name each folder once, such as ['charts']")
    return tuple(names)


def version(value: object) -> str:
    """A version of Kubernetes."""
    if VERSION.fullmatch(str(value)) is None:
        raise Refused("not a version of Kubernetes", "use MAJOR.MINOR.PATCH, such as 1.37.0")
    return str(value)


def versions(value: object) -> dict[str, str]:
    """Program → version."""
    pinned = value if isinstance(value, dict) else {}
    for name, one in pinned.items():
        if not isinstance(one, str) or TOOL_VERSION.fullmatch(one) is None:
            raise Refused(f"not a table of versions: {name} is {one!r}", "use vMAJOR.MINOR.PATCH, such as v4.3.1")
    return dict(pinned)


def text(value: object) -> str:
    """A text that is not empty and has no control characters."""
    if not str(value).strip() or not str(value).isprintable():
        raise Refused("not a text without line breaks and control characters", "write it, or remove the setting")
    return str(value)


def cluster(value: object) -> str:
    """The address of an API server."""
    fact, hint = "not the address of an API server", "use https://HOST[:PORT], such as https://kubernetes.default.svc"
    return address(value, fact, hint, ("https", "http"))


def git_address(value: object) -> str:
    """The address of a git repository, as Argo CD accepts it."""
    fact, hint = "not the address of a git repository", "use https://HOST/PATH, ssh://HOST/PATH or git@HOST:PATH"
    if SCP.fullmatch(str(value)) is not None:
        return str(value)
    return address(value, fact, hint, ("https", "http", "ssh", "git", "file"))


def address(value: object, fact: str, hint: str, schemes: Sequence[str]) -> str:
    """A URL with one of some schemes, without a password."""
    written = str(value)
    try:
        parts = urlsplit(written)
        with_port = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        raise Refused(fact, hint, secret="@" in written) from None
    if "@" in parts.netloc and (parts.scheme != "ssh" or parts.password is not None):
        raise Refused(
            "an address with a user or password",
            "remove them; Argo CD reads credentials from a repository Secret",
            secret=True,
        )
    unprintable = not written.isprintable() or " " in written
    named = bool(parts.hostname) or (parts.scheme == "file" and parts.path.startswith("/"))
    if parts.scheme not in schemes or unprintable or not named or not with_port or parts.query or parts.fragment:
        raise Refused(fact, hint, secret="@" in written)
    return written


def registry(value: object) -> tuple[str, str]:
    """Host, in lower case, and path of `[oci://]HOST[:PORT][/PATH]`."""
    written = str(value)
    fact, hint = "not a registry", "use oci://HOST[:PORT]/PATH, or embedded"
    if "@" in written.removeprefix("oci://").partition("/")[0] or ("://" in written and "@" in written):
        raise Refused("an address with a user or password", USE_VARIABLES, secret=True)
    if "@" in written:
        raise Refused(
            "an address with a digest", "use the parent of the charts, without a tag and a digest", secret=True
        )
    host, _, path = written.removeprefix("oci://").removesuffix("/").partition("/")
    found = HOST.fullmatch(host.lower())
    if "://" in path or found is None or not 0 < int(found["port"] or 1) < 65536:
        raise Refused(fact, hint)
    for part in path.split("/") if path else ():
        name, colon, _ = part.partition(":")
        if colon and COMPONENT.fullmatch(name):
            raise Refused("an address with a tag", "use the parent of the charts, without a tag")
        if COMPONENT.fullmatch(part) is None and COMPONENT.fullmatch(part.lower()) is not None:
            raise Refused("not in lower case", f"did you mean {f'{host.lower()}/{path.lower()}'!r}?")
        if COMPONENT.fullmatch(part) is None:
            raise Refused(fact, hint)
    if host.lower() in HUB_NAMES and (not path or "/" in path):
        raise Refused("not a registry: at Docker Hub a repository is USER/NAME", "use oci://docker.io/USER")
    return host.lower(), path


def login_faults(value: str, *, user: bool) -> Iterator[tuple[str, str]]:
    """What is wrong with a user or a password, and how it comes right."""
    if value.rstrip("\r\n") != value and value.rstrip("\r\n").isprintable():
        yield (
            "ends in a line break",
            "read it without one: export NAME=\"$(cat FILE)\", or printf '%s' in place of echo",
        )
    elif not value.isprintable():
        yield "has a control character", "set it to the text alone"
    if user and ":" in value:
        yield "has a colon, which no registry can take", "set the user without its password"
