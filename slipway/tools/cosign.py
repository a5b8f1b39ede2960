"""cosign: argument vectors are pure functions, methods run them.

A password reaches it in a login file of its own, never as an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slipway.tools.login import login_file
from slipway.tools.run import Command, Completed, Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the certificate of a keyless signature must say."""

    identity: str
    issuer: str

    @property
    def flags(self) -> tuple[str, ...]:
        """As arguments."""
        return ("--certificate-identity", self.identity, "--certificate-oidc-issuer", self.issuer)


def verify_args(reference: str, trust: tuple[str, ...]) -> tuple[str, ...]:
    """Every statement about a manifest that verifies, as JSON."""
    return ("verify", "--output", "json", *trust, reference)


def sign_args(reference: str) -> tuple[str, ...]:
    """Sign as the workflow that this runs in."""
    return ("sign", "--yes", reference)


def attest_args(reference: str, kind: str, predicate: Path) -> tuple[str, ...]:
    """The same, with something to say."""
    return ("attest", "--yes", "--type", kind, "--predicate", str(predicate), reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosign:
    """The pinned cosign, for one registry."""

    run: Runner
    program: Callable[[], Path]
    home: Path
    """Folder for its login file and its caches."""
    plain_http: bool = False
    ca_file: Path | None = None
    login: tuple[str, str, str] | None = field(default=None, repr=False)
    """Host, user and password; None leaves it to the login files of the user."""

    def __call__(self, *args: str, ok_codes: frozenset[int] | None = frozenset({0})) -> Completed:
        """Run cosign with these arguments, and how to reach the registry.

        Raises:
            ToolMissing: cosign is missing.
            ToolFailed: it ended with a code outside `ok_codes`.
        """
        reach = ("--allow-http-registry",) if self.plain_http else ()
        trust = ("--registry-cacert", str(self.ca_file)) if self.ca_file is not None else ()
        argv = (str(self.program()), args[0], *reach, *trust, *args[1:])
        return self.run(Command(argv=argv, env=self.environment(), ok_codes=ok_codes))

    def environment(self) -> Mapping[str, str]:
        """Its caches below `home`, and the login file."""
        found = {"TUF_ROOT": str(self.home / "sigstore")}
        if self.login is not None:
            file = login_file(self.home / "docker", *self.login)
            found["DOCKER_CONFIG"] = str(file.parent)
        return found
