"""Authentication after a 401: Basic, or a Bearer token from the token service, as GHCR, Harbor and Docker Hub require.

The first challenge is remembered, so later requests carry their header at once. Tokens live in memory only, one for each
scope. Credentials are sent to the registry's own origin only.

Source: distribution spec, "Token Authentication Specification" and its OAuth2 extension.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from slipway.core.errors import Problem, RegistryError
from slipway.registry.credentials import Credentials
from slipway.registry.errors import refusal
from slipway.registry.http import Call, Reply, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """The challenge of a 401."""

    bearer: bool
    realm: str = ""
    """URL of the token service."""
    service: str = ""


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
        header = self._header(call, scope)
        reply = self.transport.send(with_header(call, header))
        if reply.status != 401 or (challenge := challenge_of(reply)) is None:
            return reply
        self._challenge = challenge
        if self._tokens.get(scope) == header:
            self._tokens.pop(scope, None)  # expired
        answer = self._header(call, scope)
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

    def _header(self, call: Call, scope: str) -> str | None:
        challenge = self._challenge
        if challenge is None:
            return None
        credentials = self._credentials()
        if not challenge.bearer:
            return credentials.basic if credentials else None
        if scope not in self._tokens:
            self._tokens[scope] = f"Bearer {self._fetch(challenge, credentials, scope, call.where)}"
        return self._tokens[scope]

    def _fetch(self, challenge: Challenge, credentials: Credentials | None, scope: str, where: str) -> str:
        if urlsplit(challenge.realm).scheme != "https" and not self.origin.startswith("http://"):
            raise RegistryError(
                Problem(
                    where=where,
                    fact="the token service uses plain HTTP, so no password is sent to it",
                    evidence=(f"realm {challenge.realm}",),
                    hint="set the realm of the registry's token service to https://",
                )
            )
        call = token_call(challenge, credentials, scope, where)
        reply = self.transport.send(call)
        if reply.status != 200:
            raise refusal(self.transport.config, call, reply, identity=credentials.source if credentials else None)
        try:
            answer = json.loads(reply.body)
            token = answer.get("token") or answer["access_token"]
        except (ValueError, KeyError, AttributeError):
            token = None
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
            raise RegistryError(
                Problem(
                    where=where,
                    fact="the token service returned no token",
                    evidence=(call.label(reply.attempts),),
                    hint=f"check {challenge.realm}",
                )
            )
        return token


def with_header(call: Call, header: str | None) -> Call:
    """The request with an Authorization header."""
    return replace(call, headers={**call.headers, "Authorization": header}) if header else call


def token_call(challenge: Challenge, credentials: Credentials | None, scope: str, where: str) -> Call:
    """The request for a token: GET with Basic, or the OAuth2 form for an identity token."""
    query = {key: value for key, value in (("service", challenge.service), ("scope", scope)) if value}
    if credentials is not None and credentials.is_token:
        form = {**query, "grant_type": "refresh_token", "client_id": "slipway", "refresh_token": credentials.password}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Call(method="POST", url=challenge.realm, where=where, headers=headers, body=urlencode(form).encode())
    joint = "&" if "?" in challenge.realm else "?"
    url = f"{challenge.realm}{joint}{urlencode(query)}" if query else challenge.realm
    return with_header(Call(method="GET", url=url, where=where), credentials.basic if credentials else None)


def challenge_of(reply: Reply) -> Challenge | None:
    """The challenge that we can answer: Bearer before Basic; None when there is neither.

    One header may carry several challenges, so each scheme is matched at the start of a word.
    """
    text = reply.headers.get("www-authenticate", "")
    if found := re.search(r"(?:^|,\s*)bearer\s+(.*)", text, re.IGNORECASE):
        fields = {key.lower(): value for key, value in re.findall(r'(\w+)="([^"]*)"', found[1])}
        if "realm" in fields:
            return Challenge(bearer=True, realm=fields["realm"], service=fields.get("service", ""))
    return Challenge(bearer=False) if re.search(r"(?:^|,\s*)basic\b", text, re.IGNORECASE) else None
