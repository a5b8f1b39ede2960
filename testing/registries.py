"""How the registries of the table behave, and the odd answers that registries and proxies were seen to give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from slipway.docs.source.registries import KnownRegistry
from testing.registry_stub import Behaviour, Guard

BEARER = 'Bearer realm="{realm}",service="{host}",scope="repository:user/image:pull"'
CHALLENGES = {"Bearer": BEARER, "Basic": 'Basic realm="Registry"'}
NO_WORDS = Guard(status=403, code="DENIED", message="requested access to the resource is denied")


def behaviour_of(known: KnownRegistry) -> Behaviour:
    """A registry of the table, with immutable tags where it has them."""
    said = known.refusal
    guard = None
    if "cannot guard" not in known.immutable:
        guard = NO_WORDS
    if said is not None:
        guard = Guard(status=said.status, code=said.code, message=said.message, detail=said.detail)
    return Behaviour(
        challenges=tuple(CHALLENGES[login] for login in known.logins),
        redirects=("GET", "HEAD") if known.redirects else (),
        needs_repository=known.created_first,
        guard=guard,
    )


LOGGED_IN = Behaviour(challenges=(CHALLENGES["Basic"],))

ODD: Mapping[str, Behaviour] = {
    "Bearer, then Basic in a second header": Behaviour(challenges=(BEARER, CHALLENGES["Basic"])),
    "Bearer and Basic in one header": Behaviour(challenges=(f"{BEARER}, {CHALLENGES['Basic']}",)),
    "Basic and Bearer in one header": Behaviour(challenges=(f"{CHALLENGES['Basic']}, {BEARER}",)),
    "parameters without quotes": Behaviour(challenges=("Bearer realm={realm},service={host}",)),
    "spaces around the parameters": Behaviour(challenges=('bearer  Realm = "{realm}" , SERVICE="{host}"',)),
    "a token service that does not exist beside Basic": Behaviour(
        challenges=('Bearer realm="{origin}/nothing"', CHALLENGES["Basic"])
    ),
    "a login that is negotiated beside Basic": Behaviour(challenges=("Negotiate", CHALLENGES["Basic"])),
    "an absolute Location": replace(LOGGED_IN, location="{origin}{path}"),
    "capitals in the host of the Location": replace(LOGGED_IN, location="HTTP://LOCALHOST:{port}{path}"),
    "a Location with a query": replace(LOGGED_IN, location="{path}?_state=a%2Fb%3D%3D&x="),
    "storage at another host": replace(LOGGED_IN, redirects=("GET", "HEAD")),
    "storage at another host that refuses HEAD": replace(LOGGED_IN, redirects=("GET", "HEAD"), refuses_head=True),
    "storage at another host for GET alone": replace(LOGGED_IN, redirects=("GET",)),
    "uploads that answer 200": replace(LOGGED_IN, uploaded=200),
    "uploads that answer 202": replace(LOGGED_IN, uploaded=202),
    "uploads that answer 204": replace(LOGGED_IN, uploaded=204),
    "manifests that answer 200": replace(LOGGED_IN, stored=200),
    "manifests that answer 202": replace(LOGGED_IN, stored=202),
    "no Docker-Content-Digest": replace(LOGGED_IN, names_digests=False),
    "manifests under tags alone": replace(LOGGED_IN, by_digest=False),
    "a link without quotes": replace(LOGGED_IN, page=1, link="<{url}>; rel=next"),
    "a link in capitals": replace(LOGGED_IN, page=1, link='<{url}>; REL="Next"'),
    "a link after another one": replace(LOGGED_IN, page=1, link='</v2/a?b=1,2>; rel="first", <{url}>; rel="next"'),
    "a link with more parameters": replace(LOGGED_IN, page=1, link='<{url}>; title="a; rel=\\"no\\""; rel="prev next"'),
    "a link to the same host without its port": replace(LOGGED_IN, page=1, link='<http://{host}{url}>; rel="next"'),
    "tokens that are refused before a repository exists": Behaviour(challenges=(BEARER,), hides_new=True),
}
"""What is odd → a registry that does it; every one of them is published to."""
