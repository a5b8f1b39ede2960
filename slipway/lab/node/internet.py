"""The internet of a node's home: certificate authorities, the DNS provider of its domain, resolvers, backups. Pure.

The pods find there what the charts name: hosts by their names, resolvers by their addresses, all of them with certificates
of an authority that the images trust.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from slipway.lab.node.home import RESOLVERS, WEB
from slipway.lab.place import NODE, Place

NAME = "internet"
"""Program, component, machine and folder."""
SETTINGS = "settings.json"
LETS_ENCRYPT = "acme-v02.api.letsencrypt.org"
SHORT_LIVED = "acme.short-lived.example"
"""An authority whose certificates are due for renewal soon: cert-manager renews at two thirds, and a challenge takes more than
a minute."""
DAY_S = 86400
AUTHORITIES: Mapping[str, int] = {
    LETS_ENCRYPT: 90 * DAY_S,
    "acme-staging-v02.api.letsencrypt.org": 90 * DAY_S,
    SHORT_LIVED: 300,
}
"""Host → seconds that its certificates are valid; Let's Encrypt's as it had them in 2026."""
API = "api.cloudflare.com"
TOKEN_KEY = "api-token"  # noqa: S105 - a key of Secrets, not what is in them
"""In the Secrets of cert-manager and external-dns."""


BACKUPS = "backups.example"
REPOSITORY_KEY, PASSWORD_KEY = "RESTIC_REPOSITORY", "RESTIC_PASSWORD"
"""In the Secrets of backups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Internet:
    """Its files in the folder of a lab."""

    folder: Path

    @classmethod
    def of(cls, place: Place) -> Internet:
        """That of a lab."""
        return cls(folder=place.folder / NODE / NAME)

    @property
    def settings(self) -> Path:
        """What its program reads."""
        return self.folder / SETTINGS

    @property
    def authority(self) -> Path:
        """Certificate that signed those of all hosts."""
        return self.folder / "ca.crt"

    @property
    def certificate(self) -> Path:
        """Of all hosts."""
        return self.folder / "server.crt"

    @property
    def key(self) -> Path:
        """Of `certificate`."""
        return self.folder / "server.key"

    @property
    def trusted(self) -> Path:
        """What images trust: `authority`, and the root of Let's Encrypt, which its program makes at its start."""
        return self.folder / "trusted.crt"

    def root(self, host: str) -> Path:
        """Root of an authority, which its program writes at its start."""
        return self.folder / f"{host}.crt"

    @property
    def token(self) -> str:
        """What the DNS provider takes from those who may write."""
        return str(json.loads(self.settings.read_text(encoding="utf-8"))["token"])

    @property
    def known(self) -> Mapping[str, str]:
        """Key of a Secret → what a server here takes. All namespaces share a repository, and so its password."""
        return {TOKEN_KEY: self.token, REPOSITORY_KEY: f"rest:https://{BACKUPS}/", PASSWORD_KEY: self.token}

    def text(self, domain: str, token: str) -> str:
        """The settings.

        Args:
            domain: of the home; a zone of its own at the provider.
            token: of the API.
        """
        return json.dumps(asdict(Settings(
            web=str(WEB),
            resolvers=[str(address) for address in RESOLVERS],
            certificate=str(self.certificate),
            key=str(self.key),
            authorities=dict(AUTHORITIES),
            trusted=[str(self.authority), str(self.root(LETS_ENCRYPT))],
            bundle=str(self.trusted),
            roots=str(self.folder),
            api=API,
            zone=domain,
            token=token,
            backups=BACKUPS,
            repositories=str(self.folder / "repositories"),
        )), indent=2)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """As `tools/lab/node/internet/main.go` reads them."""

    web: str
    resolvers: list[str]
    certificate: str
    key: str
    authorities: dict[str, int]
    trusted: list[str]
    bundle: str
    roots: str
    api: str
    zone: str
    token: str
    backups: str
    repositories: str


def hosts() -> tuple[str, ...]:
    """Every name that its program serves."""
    return (API, BACKUPS, *AUTHORITIES)
