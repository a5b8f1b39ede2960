"""Addresses that a registry names: compared as origins, joined, and refused when they are none. Pure.

Source: RFC 3986 for the reference resolution and the case of hosts; RFC 9110 section 4.2.3 for default ports.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:.]+", re.ASCII)
KEPT = "!#$%&'()*+,/:;=?@[]~"
"""What a URL keeps besides letters, digits and `_.-`; the rest is percent-encoded, as browsers and Go do it."""


class BadAddress(ValueError):
    """A text that is no address of a web server."""


def checked(url: str) -> str:
    """An absolute HTTP address in one spelling: lower case host, no default port, no user, no fragment, ASCII only.

    Raises:
        BadAddress: it is none.
    """
    try:
        parts = urlsplit(url.strip(" \t"))
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadAddress(str(error)) from None
    if parts.scheme not in PORTS or HOST.fullmatch(host) is None or port == 0 or any(ord(sign) < 32 for sign in url):
        raise BadAddress("it is not an address of a web server")
    named = f"[{host}]" if ":" in host else host
    netloc = named if port in {None, PORTS[parts.scheme]} else f"{named}:{port}"
    return urlunsplit((parts.scheme, netloc, quote(parts.path, KEPT), quote(parts.query, KEPT), ""))


def origin(url: str) -> str:
    """`scheme://host[:port]`, the same text for every spelling of it.

    Raises:
        BadAddress: it is no address.
    """
    parts = urlsplit(checked(url))
    return f"{parts.scheme}://{parts.netloc}"


def spelled(url: str) -> str:
    """The origin of an address, or the text itself when it is none: then the first request fails."""
    try:
        return origin(url)
    except BadAddress:
        return url


def host_of(url: str) -> str:
    """The name of the host, without its port, of a checked address."""
    return urlsplit(url).hostname or ""


def joined(base: str, reference: str) -> str:
    """The absolute address of a reference that was read from a header of the answer of another address.

    Raises:
        BadAddress: it is no address.
    """
    try:
        target = urljoin(base, reference.strip(" \t"))
    except ValueError as error:
        raise BadAddress(str(error)) from None
    return checked(target)


def with_query(url: str, query: str) -> str:
    """The address with something more in its query."""
    return f"{url}{'&' if urlsplit(url).query else '?' if '?' not in url else ''}{query}"
