"""Lists of a registry, page by page: each page names the next one in its Link header.

Source: OCI distribution specification 1.1, Listing Tags; RFC 8288.
"""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

from slipway.core.errors import Problem, RegistryError
from slipway.registry import urls
from slipway.registry.auth import Session
from slipway.registry.body import parsed
from slipway.registry.errors import is_registry_answer, nonsense, refusal
from slipway.registry.headers import next_link
from slipway.registry.http import Call
from slipway.registry.transport import address_hint

PAGE = 1000
"""Names that we ask for at once; a registry may give fewer."""
MAX_PAGES = 1000


def names(session: Session, call: Call, scope: str, key: str) -> tuple[str, ...]:
    """Every name of a list, each once; none when the registry knows no such list.

    Args:
        session: sends the requests.
        call: asks for the first page.
        scope: what a token is for.
        key: where the names are in a page.

    Raises:
        RegistryError: a page cannot be read, or the pages have no end.
    """
    found: dict[str, None] = {}
    asked: set[str] = set()
    config = session.transport.config
    while True:
        asked.add(call.url)
        reply = session.send(call, scope)
        if reply.status == 404 and is_registry_answer(reply):
            return tuple(found)
        if reply.status != 200:
            raise refusal(config, call, reply, identity=session.identity)
        try:
            found.update((name, None) for name in names_in(reply.body, key))
        except ValueError:
            raise nonsense(config, call, reply, f"answers with something that is not a list of {key}") from None
        onward = next_link(reply.headers.get("link", ""))
        if onward is None:
            return tuple(found)
        call = Call(method="GET", url=page_of(session, call, onward), where=call.where)
        if call.url in asked or len(asked) >= MAX_PAGES:
            raise nonsense(config, call, reply, f"lists {key} without end")


def names_in(body: bytes, key: str) -> list[str]:
    """The names of one page.

    Raises:
        ValueError: it is not a list of names.
    """
    data = parsed(body)
    listed = data.get(key, ...) if isinstance(data, dict) else ...
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ValueError("not a list of names")
    return listed


def page_of(session: Session, call: Call, onward: str) -> str:
    """The address of the next page; on the registry itself when a proxy before it hides its scheme or port.

    Raises:
        RegistryError: it is no address, or at another host.
    """
    with contextlib.suppress(ValueError):
        parts = urlsplit(onward)
        if parts.hostname is not None and parts.hostname == urls.host_of(call.url):
            onward = parts._replace(scheme="", netloc="").geturl()
    target = session.transport.locate(call, onward, "Link")
    if urls.origin(target) != call.origin:
        raise RegistryError(
            Problem(
                where=call.where,
                fact=f"continues a list at another host, {urls.origin(target)}",
                evidence=(call.label(1),),
                hint=address_hint(session.transport.config),
            )
        )
    return target
