"""Key pairs, signatures and the real cosign, for tests of what is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.context import Context
from slipway.core.model import ChartName, Digest
from slipway.registry import referrers
from slipway.registry.client import Registry
from slipway.registry.referrers import Artifact
from slipway.signing.bundle import PAYLOAD_TYPE, SIGNATURE, artifact, signed_text, statement
from slipway.signing.keys import PrivateKey, generate
from slipway.signing.signer import manifest_there
from slipway.tools.cosign import Cosign, verify_args
from slipway.tools.run import run_process
from testing.world import World


def signing_world(world: World, folder: Path) -> PrivateKey:
    """Switch signing on in a monorepo, with a new pair; the private key is in a file of `folder`."""
    pair = generate()
    folder.mkdir(exist_ok=True)
    private_file(folder).write_bytes(pair.pem(""))
    world.repo.configure(signing="key", signing_key_file=str(private_file(folder)))
    (world.repo.root / "cosign.pub").write_bytes(pair.public.pem)
    return pair


def private_file(folder: Path) -> Path:
    """Where `signing_world` puts the private key."""
    return folder / "signing.pem"


def signature(
    key: PrivateKey, subject: Digest, kind: str = SIGNATURE, predicate: Mapping[str, object] | None = None
) -> Artifact:
    """A signed statement about a manifest."""
    payload = statement(subject, kind, predicate or {})
    return artifact(payload, kind, key.sign(signed_text(PAYLOAD_TYPE, payload)), key.public.hint)


def attach(registry: Registry, name: str, digest: Digest, *artifacts: Artifact) -> None:
    """Attach bundles to a manifest, whatever they say."""
    referrers.attach(registry, name, manifest_there(registry, name, digest), artifacts, lambda _: None)


def key_flags(public_key: Path) -> tuple[str, ...]:
    """A key in place of a certificate, without the public log: nothing is asked but the registry."""
    return ("--key", str(public_key), "--insecure-ignore-tlog=true")


def attestation_args(reference: str, kind: str, trust: tuple[str, ...]) -> tuple[str, ...]:
    """The statements of one type that verify."""
    return ("verify-attestation", "--type", kind, *trust, reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The real cosign, and a public key."""

    cosign: Cosign
    key: Path

    @classmethod
    def of(cls, context: Context, program: Path, key: Path, home: Path) -> Judge:
        """For the registry of a checkout."""
        plain = context.config.registry.plain_http
        return cls(cosign=Cosign(run=run_process, program=lambda: program, home=home, plain_http=plain), key=key)

    def accepts(self, registry: Registry, name: str | ChartName, digest: Digest) -> bool:
        """`cosign verify`."""
        return self.why_not(registry, name, digest) == ""

    def why_not(self, registry: Registry, name: str | ChartName, digest: Digest) -> str:
        """What `cosign verify` says against a manifest; nothing when it verifies."""
        arguments = verify_args(f"{registry.where(name)}@{digest}", key_flags(self.key))
        done = self.cosign(*arguments, ok_codes=None)
        return done.stderr if done.code else ""

    def attests(self, registry: Registry, name: str, digest: Digest, kind: str) -> str:
        """What `cosign verify-attestation` prints for one type of statement."""
        arguments = attestation_args(f"{registry.where(name)}@{digest}", kind, key_flags(self.key))
        return self.cosign(*arguments).stdout
