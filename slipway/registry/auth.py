"""Authentication after a 401: Basic, or a Bearer token from the token service, as GHCR, Harbor and Docker Hub require.

The first challenge is remembered, so later requests carry their header at once. Tokens live in memory only, one for each
scope. Credentials are sent to the registry's own origin only.

Source: distribution spec, "Token Authentication Specification" and its OAuth2 extension.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from slipway.core.errors import Problem, RegistryError
from slipway.registry import urls
from slipway.registry.body import parsed
from slipway.registry.credentials import Credentials
from slipway.registry.errors import Denied, refusal
from slipway.registry.headers import challenges
from slipway.registry.http import Call, Reply, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a 401 asks for, as far as we can answer it."""

    bearer: bool
    realm: str = ""
    """Address of the token service, as it was sent."""
    service: str = ""
    scope: str = ""
    """What the registry wants a token for."""
    basic: bool = False
    """Basic is offered beside Bearer."""


class Session:
    """Requests to one registry in our name; safe to use from many threads."""

    def __init__(self, transport: Transport, origin: str, find: Callable[[], Credentials | None]) -> None:
        """Credentials are looked up only when the registry asks for them.

        Args:
            transport: sends requests.
            origin: `scheme://host:port` that may see our credentials.
            find: looks the credentials up; called at most once.
        """
        self.transport = transport
        self.origin = origin
        self._find = find
        self._guard = threading.Lock()
        self._found: tuple[Credentials | None] | None = None
        self._challenge: Challenge | None = None
        self._tokens: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Session({self.origin!r})"

    def send(self, call: Call, scope: str = "") -> Reply:
        """Send a request; a 401 is answered once.

        Args:
            call: the request, without Authorization.
            scope: what it needs, such as `repository:charts/sonarr:pull`.

        Returns:
            The reply; still a 401 without credentials or with rejected ones.

        Raises:
            RegistryError: no reply, or the token service refuses.
        """
        if call.origin != self.origin:
            return self.transport.send(call)
        try:
            reply = self._send(call, scope)
        except Denied:
            if (pushing := self._as_push(call, scope)) is None:
                raise
            return pushing
        if reply.status in {401, 403}:
            return self._as_push(call, scope) or reply
        return reply

    def _as_push(self, call: Call, scope: str) -> Reply | None:
        """A look-up that was refused, asked again as part of a push; None when that is refused as well.

        Some token services know a repository that does not exist yet only as one that is about to be pushed.
        """
        if not scope.endswith(":pull") or self.identity is None or not (self._challenge and self._challenge.bearer):
            return None
        try:
            reply = self._send(call, f"{scope},push")
        except Denied:
            return None
        return None if reply.status in {401, 403} else reply

    def _send(self, call: Call, scope: str) -> Reply:
        header = self._header(call, scope)
        reply = self.transport.send(with_header(call, header))
        if reply.status != 401 or reply.origin not in {"", self.origin} or (challenge := challenge_of(reply)) is None:
            return reply
        self._challenge = challenge
        wanted = scope
        if header is not None and self._tokens.get(scope) == header:
            self._tokens.pop(scope, None)  # expired, or for less than the registry wants
            wanted = both(scope, challenge.scope)
        answer = self._header(call, scope, wanted)
        if answer is None or answer == header:
            return reply
        return self.transport.send(with_header(call, answer))

    @property
    def identity(self) -> str | None:
        """Where the credentials in use came from; None when we are anonymous so far."""
        return self._found[0].source if self._found and self._found[0] else None

    def _credentials(self) -> Credentials | None:
        with self._guard:
            if self._found is None:
                self._found = (self._find(),)
            return self._found[0]

    def _header(self, call: Call, scope: str, wanted: str = "") -> str | None:
        challenge = self._challenge
        if challenge is None:
            return None
        credentials = self._credentials()
        basic = credentials.basic if credentials is not None and not credentials.is_token else None
        if not challenge.bearer:
            return basic
        if credentials is not None and credentials.bearer:
            return f"Bearer {credentials.password}"
        if scope not in self._tokens:
            try:
                token = self._fetch(challenge, credentials, wanted or scope, call)
            except RegistryError:
                if challenge.basic and basic is not None:
                    return basic  # the registry offers both, and its token service does not work
                raise
            self._tokens[scope] = f"Bearer {token}"
        return self._tokens[scope]

    def _fetch(self, challenge: Challenge, credentials: Credentials | None, scope: str, asked: Call) -> str:
        realm = self._realm(challenge, asked)
        call = token_call(replace(challenge, realm=realm), credentials, scope, asked.where)
        reply = self.transport.send(call)
        if reply.status != 200:
            raise refusal(self.transport.config, call, reply, identity=credentials.source if credentials else None)
        try:
            answer = parsed(reply.body)
            token = answer.get("token") or answer["access_token"] if isinstance(answer, dict) else None
        except (ValueError, KeyError):
            token = None
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
            raise RegistryError(
                Problem(
                    where=asked.where,
                    fact="the token service returned no token",
                    evidence=(call.label(reply.attempts),),
                    hint=f"check {urls.origin(realm)}{call.path}",
                )
            )
        return token

    def _realm(self, challenge: Challenge, asked: Call) -> str:
        """The address of the token service.

        Raises:
            RegistryError: it is no address, or would send a password in the clear.
        """
        try:
            realm = urls.checked(challenge.realm)
        except urls.BadAddress:
            raise RegistryError(
                Problem(
                    where=asked.where,
                    fact="names a token service with an address that is not valid",
                    evidence=(asked.label(1), f"WWW-Authenticate: Bearer realm={challenge.realm[:160]!r}"),
                    hint="correct the realm of the token service in the registry's settings",
                )
            ) from None
        if not realm.startswith("https:") and not self.origin.startswith("http:"):
            raise RegistryError(
                Problem(
                    where=asked.where,
                    fact="the token service uses plain HTTP, so no password is sent to it",
                    evidence=(f"realm {realm}",),
                    hint="set the realm of the registry's token service to https://",
                )
            )
        return realm


def both(scope: str, wanted: str) -> str:
    """Our scope and those of a challenge that it does not include, separated by spaces."""
    scopes = [scope] if scope else []
    for one in wanted.split():
        name, _, actions = one.rpartition(":")
        have = {
            action for known in scopes if known.rpartition(":")[0] == name for action in known.split(":")[-1].split(",")
        }
        if not set(actions.split(",")) <= have:
            scopes.append(one)
    return " ".join(scopes)


def with_header(call: Call, header: str | None) -> Call:
    """The request with an Authorization header."""
    return replace(call, headers={**call.headers, "Authorization": header}) if header else call


def token_call(challenge: Challenge, credentials: Credentials | None, scope: str, where: str) -> Call:
    """The request for a token: GET with Basic, or the OAuth2 form for an identity token."""
    if credentials is not None and credentials.is_token:
        form = {
            "grant_type": "refresh_token",
            "client_id": "slipway",
            "service": challenge.service,
            "scope": scope,
            "refresh_token": credentials.password,
        }
        body = urlencode({key: value for key, value in form.items() if value}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Call(method="POST", url=challenge.realm, where=where, headers=headers, body=body, sealed=True)
    query = [("service", challenge.service)] if challenge.service else []
    query += [("scope", one) for one in scope.split()]
    url = urls.with_query(challenge.realm, urlencode(query)) if query else challenge.realm
    return with_header(Call(method="GET", url=url, where=where), credentials.basic if credentials else None)


def challenge_of(reply: Reply) -> Challenge | None:
    """The challenge that we can answer: Bearer before Basic; None when there is neither.

    One header, or several of them, may carry several challenges.
    """
    offered = challenges(reply.headers.get("www-authenticate", ""))
    basic = any(one.scheme == "basic" for one in offered)
    for one in offered:
        if one.scheme == "bearer" and one.get("realm"):
            return Challenge(
                bearer=True, realm=one.get("realm"), service=one.get("service"), scope=one.get("scope"), basic=basic
            )
    return Challenge(bearer=False) if basic else None
