"""In-toto statements in sigstore bundles, as cosign v3 writes and reads them. Pure: it knows bytes, and no keys.

A statement says something about a manifest by its digest; a DSSE envelope carries the statement and signatures over it;
a bundle carries the envelope, and names the key.

Source: in-toto attestation framework v1; secure-systems-lab/dsse v1.0.2 protocol.md; sigstore protobuf-specs v0.5.1
sigstore_bundle.proto; cosign v3.1.3 pkg/types/predicate.go.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field

from slipway.core.model import Digest
from slipway.registry.body import parsed
from slipway.registry.referrers import Artifact
from slipway.util.go_json import encode

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
SIGNATURE = "https://sigstore.dev/cosign/sign/v1"
"""Type of the statement that is a signature: it says nothing but the digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A signed statement as it was found; nothing in it is true before a signature was verified."""

    payload: bytes = field(repr=False)
    type: str
    signatures: tuple[bytes, ...] = field(repr=False)

    @property
    def signed(self) -> bytes:
        """What the signatures cover."""
        return signed_text(self.type, self.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an envelope says."""

    subjects: tuple[Digest, ...]
    predicate_type: str
    predicate: Mapping[str, object] = field(repr=False)


def signed_text(kind: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def statement(subject: Digest, predicate_type: str, predicate: Mapping[str, object]) -> bytes:
    """The statement about one manifest."""
    algorithm, _, value = subject.partition(":")
    return encode(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"digest": {algorithm: value}}],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )


def artifact(payload: bytes, predicate_type: str, signature: bytes, hint: str) -> Artifact:
    """The bundle of a signed statement, ready to be attached.

    Args:
        payload: the statement.
        predicate_type: of the statement, for who lists bundles without reading them.
        signature: over `signed_text`.
        hint: names the public key.
    """
    content = {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {"publicKey": {"hint": hint}},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode("ascii"),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": base64.b64encode(signature).decode("ascii")}],
        },
    }
    annotations = {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": predicate_type,
    }
    return Artifact(type=BUNDLE_TYPE, content=encode(content), annotations=annotations)


def envelope_of(content: bytes) -> Envelope | None:
    """The envelope of a bundle; None when it is no bundle with one."""
    try:
        data = parsed(content)
        found = data["dsseEnvelope"] if isinstance(data, dict) else None
        if not isinstance(found, dict):
            return None
        return Envelope(
            payload=base64.b64decode(str(found["payload"]), validate=True),
            type=str(found["payloadType"]),
            signatures=tuple(base64.b64decode(str(one["sig"]), validate=True) for one in found["signatures"]),
        )
    except (ValueError, KeyError, TypeError, binascii.Error):
        return None


def statement_of(envelope: Envelope) -> Statement | None:
    """What an envelope says; None when it is no statement of ours to read."""
    try:
        data = parsed(envelope.payload)
        if envelope.type != PAYLOAD_TYPE or not isinstance(data, dict) or data["_type"] != STATEMENT_TYPE:
            return None
        predicate = data.get("predicate")
        return Statement(
            subjects=tuple(Digest(f"sha256:{one['digest']['sha256']}") for one in data["subject"]),
            predicate_type=str(data["predicateType"]),
            predicate=predicate if isinstance(predicate, dict) else {},
        )
    except (ValueError, KeyError, TypeError):
        return None
