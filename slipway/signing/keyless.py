"""Signatures without a key: cosign signs as the workflow that it runs in, and sigstore's public log keeps the proof.

It needs GitHub Actions, its permission `id-token: write`, and the network; cosign does all of it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from slipway.context import Context
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Digest
from slipway.registry.body import parsed
from slipway.registry.credentials import find
from slipway.registry.manifest import Manifest
from slipway.registry.publish import Hook
from slipway.signing.bundle import SIGNATURE, Statement
from slipway.signing.signer import Found, Predicates
from slipway.tools.cosign import Certificate, Cosign, attest_args, sign_args, verify_args
from slipway.tools.run import tail

TOKEN_REQUEST = "ACTIONS_ID_TOKEN_REQUEST_URL"  # noqa: S105 - the name of the variable
"""GitHub sets it for a job that may ask for its identity."""


@dataclass(frozen=True, kw_only=True)
class Keyless:
    """The identity of a workflow."""

    context: Context = field(repr=False)
    certificate: Certificate

    @classmethod
    def of(cls, context: Context) -> Keyless:
        """For a checkout.

        Raises:
            WorkspaceError: the identity that signs is not set.
        """
        settings = context.config.signing
        if not settings.identity:
            hint = "https://github.com/OWNER/REPOSITORY/.github/workflows/release.yml@refs/heads/main"
            fact = "[tool.slipway] signing is 'keyless', and signing-identity is not set"
            raise WorkspaceError(Problem(where="pyproject.toml", fact=fact, hint=f"signing-identity = '{hint}'"))
        return cls(context=context, certificate=Certificate(identity=settings.identity, issuer=settings.issuer))

    def found(self, name: str, digest: Digest) -> Found:
        """As `Signer.found`."""
        with self._cosign() as cosign:
            done = cosign(*verify_args(self._reference(name, digest), self.certificate.flags), ok_codes=None)
        if done.code:
            return Found(refused=tail(done.stderr, 1))
        try:
            return Found(statements=tuple(statements_of(done.stdout, digest)))
        except ValueError:
            return Found(refused=("cosign verifies it, but its answer is no JSON",))

    def prepare(self) -> None:
        """As `Signer.prepare`."""
        if not self.context.environ.get(TOKEN_REQUEST):
            fact = "signing is 'keyless', and this is no workflow that may ask for its identity"
            hint = "release in GitHub Actions with `permissions: id-token: write`, or set signing = 'key'"
            raise WorkspaceError(Problem(where="signing", fact=fact, hint=hint))

    def sign(self, name: str, subject: Manifest, predicates: Predicates, effect: Hook) -> None:
        """As `Signer.sign`."""
        self.prepare()
        reference = self._reference(name, subject.digest)
        with self._cosign() as cosign:
            for kind, predicate in predicates.items():
                if kind == SIGNATURE:
                    cosign(*sign_args(reference))
                else:
                    file = cosign.home / "predicate.json"
                    file.write_text(json.dumps(predicate), encoding="utf-8")
                    cosign(*attest_args(reference, kind, file))
                effect(f"{name} {subject.digest}: {kind}")

    def _reference(self, name: str, digest: Digest) -> str:
        return f"{self.context.registry.where(name)}@{digest}"

    @contextmanager
    def _cosign(self) -> Iterator[Cosign]:
        """cosign with a login file that lives as long as it runs."""
        context, settings = self.context, self.context.config.registry
        known = find(settings.host, context.environ, context.run)
        context.config.build.mkdir(parents=True, exist_ok=True)
        home = Path(tempfile.mkdtemp(prefix=".cosign-", dir=context.config.build))
        try:
            yield Cosign(
                run=context.run,
                program=lambda: context.toolbox.path("cosign"),
                home=home,
                plain_http=settings.plain_http,
                ca_file=settings.ca_file,
                login=(settings.host, known.username, known.password) if known else None,
            )
        finally:
            shutil.rmtree(home, ignore_errors=True)


def statements_of(output: str, digest: Digest) -> Iterator[Statement]:
    """What cosign has verified. Source: cosign v3.1.3 cmd/cosign/cli/verify/verify.go, transformOutput."""
    listed = parsed(output)
    for entry in listed if isinstance(listed, list) else ():
        critical = entry.get("critical") if isinstance(entry, dict) else None
        if isinstance(critical, dict):
            yield Statement(subjects=(digest,), predicate_type=str(critical.get("type")), predicate={})
