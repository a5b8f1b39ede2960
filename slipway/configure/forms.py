"""The forms of answers: what was typed, or is in a file of answers, as a value; raises `Refused` for anything else. Pure."""

from __future__ import annotations

from slipway.config.settings import FALSE, SETTINGS, TRUE
from slipway.config.values import Refused
from slipway.configure.model import Value
from slipway.lint.environment_routes import address_range

NONE = frozenset({"none", "-"})
"""What is typed for nothing, since Enter keeps what is there."""


def text(raw: object) -> str:
    """One line of text."""
    if isinstance(raw, bool | list | dict) or raw is None:
        raise Refused("not a text", "write it on one line")
    written = str(raw).strip()
    if not written or not written.isprintable():
        raise Refused("not a text", "write it on one line")
    return written


def optional(raw: object) -> str:
    """A text, or `none`."""
    if raw is None or str(raw).strip().lower() in NONE | {""}:
        return ""
    return text(raw)


def words(raw: object) -> tuple[str, ...]:
    """Words, separated by commas or spaces, or a list; `none` for no word at all."""
    listed = raw if isinstance(raw, list | tuple) else str(raw or "").replace(",", " ").split()
    found = tuple(dict.fromkeys(text(item) for item in listed))
    return () if len(found) == 1 and found[0].lower() in NONE else found


def yes_or_no(raw: object) -> bool:
    """Yes or no."""
    word = str(raw).strip().lower()
    if word not in TRUE | FALSE | {"y", "n"}:
        raise Refused("neither yes nor no", "answer yes or no")
    return word in TRUE | {"y"}


def address_span(raw: object) -> str:
    """Some addresses: FIRST-LAST, a network, or one address; or `none`."""
    written = optional(raw)
    if written and address_range(written) is None:
        raise Refused("no range of addresses", "use FIRST-LAST, such as 192.168.1.100-192.168.1.199, or none")
    return written


def mail(raw: object) -> str:
    """A mail address."""
    written = text(raw)
    name, at, domain = written.rpartition("@")
    if not at or not name or "." not in domain or " " in written:
        raise Refused("not a mail address", "use NAME@DOMAIN, such as me@example.org")
    return written


def optional_mail(raw: object) -> str:
    """A mail address, or `none`."""
    return mail(raw) if optional(raw) else ""


def server(raw: object) -> str:
    """HOST:PORT, or `none`."""
    written = optional(raw)
    host, colon, port = written.rpartition(":")
    if written and (not colon or not host or not port.isdigit() or " " in written or "/" in written):
        raise Refused("not HOST:PORT", "use HOST:PORT, such as mail.example.org:587, or none")
    return written


def folder(raw: object) -> str:
    """An absolute path."""
    written = text(raw)
    parts = written.split("/")
    if not written.startswith("/") or written == "/" or "" in parts[1:] or {".", ".."} & set(parts):
        raise Refused(
            "not an absolute path", "use a folder of the node such as /opt/homelab, without a slash at its end"
        )
    return written


def setting(key: str, raw: object) -> str:
    """A setting, as its own check has it."""
    written = text(raw)
    SETTINGS[key].read(written)
    return written


def environments(raw: object) -> Value:
    """Names of environments."""
    named = words(raw)
    SETTINGS["environments"].read(list(named))
    return named
