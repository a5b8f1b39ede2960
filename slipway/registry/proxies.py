"""Which proxy a request goes through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY by the rules of Go, as helm has them. Pure.

The user and password of a proxy's address are sent to the proxy and never shown.

Source: golang.org/x/net/http/httpproxy.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
NAMES = {"http": ("HTTP_PROXY", "http_proxy"), "https": ("HTTPS_PROXY", "https_proxy")}
NO_PROXY = ("NO_PROXY", "no_proxy")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """One proxy."""

    variable: str
    """The variable that names it."""
    scheme: str
    host: str
    port: int
    authorization: str = field(default="", repr=False)
    """Value of the Proxy-Authorization header; empty without a user."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port} of {self.variable}"


class BadProxy(ValueError):
    """A variable that names no proxy; the message is the variable's name."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies of an environment."""

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def of(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy on the way to a server; None for none.

        Raises:
            BadProxy: the variable has no address of a proxy.
        """
        variable = next((name for name in NAMES[scheme] if self.environ.get(name)), None)
        if variable is None or (scheme == "http" and self.environ.get("REQUEST_METHOD")):
            return None  # a CGI program has the header `Proxy` of its caller in HTTP_PROXY
        excluded = next((self.environ[name] for name in NO_PROXY if self.environ.get(name)), "")
        return None if bypassed(host, port, excluded) else proxy_of(variable, self.environ[variable])


def proxy_of(variable: str, text: str) -> Proxy:
    """The proxy of an address, which may be a host and port alone.

    Raises:
        BadProxy: it is none.
    """
    try:
        parts = urlsplit(text.strip())
        if not parts.scheme or not parts.netloc:
            parts = urlsplit(f"http://{text.strip()}")
        host, port = parts.hostname, PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError:
        raise BadProxy(variable) from None
    if not host or not port or not host.isprintable() or " " in host:
        raise BadProxy(variable)
    return Proxy(variable=variable, scheme=parts.scheme, host=host, port=port, authorization=authorization_of(parts))


def authorization_of(parts: SplitResult) -> str:
    """The header that logs in to a proxy."""
    if parts.username is None and parts.password is None:
        return ""
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"


def is_loopback(host: str) -> bool:
    """Whether a host, with a port or not, is this machine."""
    name, _ = split_port(host.strip().lower())
    address = ip_of(name)
    return name == "localhost" or (address is not None and address.is_loopback)


def bypassed(host: str, port: int, excluded: str) -> bool:
    """Whether no proxy is used for a server.

    Args:
        host: its name or IP address.
        port: its port.
        excluded: the value of NO_PROXY.
    """
    host = host.strip().lower()
    address = ip_of(host)
    return is_loopback(host) or any(matches(entry, host, port, address) for entry in excluded.lower().split(","))


def matches(entry: str, host: str, port: int, address: Address | None) -> bool:
    """Whether one entry of NO_PROXY is about a server: `*`, a network, an IP address or a domain, each with a port or not."""
    entry = entry.strip()
    if entry in {"", "*"}:
        return entry == "*"
    if (network := network_of(entry)) is not None:
        return address is not None and address in network
    name, only = split_port(entry)
    if only not in {"", str(port)} or not name:
        return False
    if (listed := ip_of(name)) is not None:
        return address == listed
    if address is not None:
        return False
    name = name.removeprefix("*") if name.startswith("*.") else name
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def split_port(entry: str) -> tuple[str, str]:
    """Host and port; the port is empty when there is none. An IPv6 address has a port only behind brackets."""
    if entry.startswith("["):
        host, _, port = entry[1:].partition("]")
        return (host, port.removeprefix(":")) if port.startswith(":") else (entry, "")
    if entry.count(":") == 1:
        host, _, port = entry.partition(":")
        return host, port
    return entry, ""


def network_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """A network in CIDR notation."""
    base, slash, bits = text.partition("/")
    if not slash or not (bits.isascii() and bits.isdigit()) or ip_of(base) is None:
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def ip_of(text: str) -> Address | None:
    """An IP address; an IPv4 address in IPv6 form is the IPv4 address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
