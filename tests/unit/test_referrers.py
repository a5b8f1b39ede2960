"""Signatures in registries with and without the referrers API, and keys that cannot be used."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from slipway.core.errors import RegistryError, WorkspaceError
from slipway.registry import referrers
from slipway.registry.client import Registry
from slipway.registry.manifest import INDEX_TYPE, Manifest, lists, referrers_tag, sha256
from slipway.signing import keys
from slipway.signing.bundle import BUNDLE_TYPE, envelope_of, statement_of
from testing.faulty import Answer, Seen, serving
from testing.signing import signature

SUBJECT = Manifest(body=b"{}", digest=sha256(b"{}"))
KEY = keys.generate()
ONE = signature(KEY, SUBJECT.digest)


@dataclass
class Stored:
    """A registry that keeps what it is sent."""

    api: bool
    guarded: bool = False
    content: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, seen: Seen) -> Answer:
        path = seen.path.partition("?")[0].removeprefix("/v2/charts/sonarr/")
        if path.startswith("referrers/"):
            if not self.api:
                return Answer(status=404, body=b"404 page not found")
            found = [json.loads(body) for body in self.content.values() if b'"subject"' in body]
            entries = [{"digest": sha256(json.dumps(one, separators=(",", ":")).encode())} for one in found]
            return Answer(body=json.dumps({"mediaType": INDEX_TYPE, "manifests": entries}).encode())
        if seen.method == "POST":
            return Answer(status=202, headers={"Location": "/v2/charts/sonarr/blobs/uploads/1"})
        if seen.method == "PUT":
            name = seen.path.rpartition("digest=")[2].replace("%3A", ":") if "digest=" in seen.path else path
            key = name.rpartition("/")[2]
            if self.guarded and lists(key) and key in self.content:
                return Answer(status=409, body=b'{"errors": [{"code": "DENIED", "message": "tag is immutable"}]}')
            self.content[key] = seen.body
            return Answer(status=201)
        found_body = self.content.get(path.rpartition("/")[2])
        missing = b'{"errors": [{"code": "NOT_FOUND"}]}'
        return Answer(status=404, body=missing) if found_body is None else Answer(body=found_body)


@pytest.mark.parametrize("api", [True, False])
def test_a_signature_is_found_with_and_without_the_api_and_the_tag_is_only_written_without_it(api: bool) -> None:
    store = Stored(api=api)
    with serving(store) as server:
        registry = Registry.open(server.config, {})
        referrers.attach(registry, "sonarr", SUBJECT, [ONE], lambda _: None)
        referrers.attach(registry, "sonarr", SUBJECT, [ONE], lambda _: None)

        assert list(referrers.attached(registry, "sonarr", SUBJECT.digest, BUNDLE_TYPE)) == [ONE.content]
        assert (referrers_tag(SUBJECT.digest) in store.content) is not api


def test_a_registry_that_guards_the_list_is_told_with_what_to_exclude() -> None:
    with serving(Stored(api=False, guarded=True)) as server:
        registry = Registry.open(server.config, {})
        referrers.attach(registry, "sonarr", SUBJECT, [ONE], lambda _: None)

        with pytest.raises(RegistryError, match="exclude the tags sha256-"):
            referrers.attach(registry, "sonarr", SUBJECT, [signature(keys.generate(), SUBJECT.digest)], lambda _: None)


def test_two_publishers_of_one_list_both_get_into_it() -> None:
    other, tag = signature(keys.generate(), SUBJECT.digest), referrers_tag(SUBJECT.digest)
    store = Stored(api=False)
    faster = json.dumps({"manifests": [referrers.descriptor_of(other, referrers.manifest_of(other, SUBJECT))]}).encode()

    def respond(seen: Seen) -> Answer:
        if seen.method == "PUT" and seen.path.endswith(tag) and tag not in store.content:
            store.content[tag] = faster
            return Answer(status=409, body=b'{"errors": [{"code": "DENIED", "message": "a tag never moves"}]}')
        return store(seen)

    with serving(respond) as server:
        referrers.attach(Registry.open(server.config, {}), "sonarr", SUBJECT, [ONE], lambda _: None)

    assert len(json.loads(store.content[tag])["manifests"]) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"dsseEnvelope": 1}', b'{"dsseEnvelope": {"payload": "%", "payloadType": "", "signatures": []}}',
     b'{"dsseEnvelope": {"payload": "e30=", "payloadType": "x", "signatures": [1]}}', b"[" * 100_000, b"\xff"],
)  # fmt: skip
def test_what_is_no_bundle_is_none_and_no_error(content: bytes) -> None:
    assert envelope_of(content) is None


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"{}", b'{"_type": "https://in-toto.io/Statement/v1"}',
                b'{"_type": "https://in-toto.io/Statement/v1", "subject": [1], "predicateType": "x"}',
                b'{"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"md5": "x"}}], "predicateType": "x"}']
)  # fmt: skip
def test_what_is_no_statement_is_none_and_no_error(payload: bytes) -> None:
    envelope = envelope_of(ONE.content)
    assert envelope is not None
    assert statement_of(envelope) is not None
    assert statement_of(type(envelope)(payload=payload, type=envelope.type, signatures=())) is None


def pem(key: ec.EllipticCurvePrivateKey, password: str = "") -> bytes:
    locked = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)


def public_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return keys.PublicKey(key=key.public_key()).pem


REFUSED_KEYS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "nothing": (lambda: b"", "", "is not a PEM private key"),
    "a public key": (lambda: KEY.public.pem, "", "is not a PEM private key"),
    "encrypted, no password": (lambda: KEY.pem("secret-word"), "", "is encrypted"),
    "encrypted, another password": (lambda: KEY.pem("secret-word"), "other-word", "is encrypted with another password"),
    "not encrypted, a password": (
        lambda: KEY.pem(""),
        "other-word",
        "is not encrypted, but SLIPWAY_SIGNING_PASSWORD is set",
    ),
    "another curve": (lambda: pem(ec.generate_private_key(ec.SECP384R1())), "", "is not an ECDSA key on P-256"),
    "cosign's own": (lambda: b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n", "", "only cosign reads"),
}


@pytest.mark.parametrize("case", REFUSED_KEYS)
def test_a_private_key_that_cannot_be_used_is_refused_without_showing_it(case: str) -> None:
    content, password, reason = REFUSED_KEYS[case]

    with pytest.raises(WorkspaceError, match=reason) as caught:
        keys.private_key(content(), password, "here")

    assert "-word" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_private_key_with_its_password_signs() -> None:
    again = keys.private_key(KEY.pem("secret-word"), "secret-word", "here")

    assert again.public.hint == KEY.public.hint
    assert "secret-word" not in repr(again)


def test_public_keys_are_the_present_one_and_those_before_it() -> None:
    old = keys.generate()
    found = keys.public_keys(KEY.public.pem + b"\n" + old.public.pem, "cosign.pub")
    envelope = envelope_of(signature(old, SUBJECT.digest).content)

    assert envelope is not None
    assert [one.hint for one in found] == [KEY.public.hint, old.public.hint]
    assert keys.signed_by(envelope, found)
    assert not keys.signed_by(envelope, found[:1])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "has no PEM public key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "is not a PEM public key"),
        (KEY.pem(""), "contains a private key"),
        (public_pem(ec.generate_private_key(ec.SECP384R1())), "not ECDSA on P-256"),
    ],
)
def test_a_file_without_a_usable_public_key_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=reason):
        keys.public_keys(content, "cosign.pub")
