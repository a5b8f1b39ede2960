"""Keys that have the hash of another Secret's key: a program that checks a password gets the hash, whoever signs in the password.

The other Secret is sealed, so nobody can read it here: a password and its hash are generated together.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from slipway.secrets.sealed_secret import NamespacedName
from slipway.util.mapping import dig

PLACE = "{hash}"
"""What the hash replaces in a text."""
ROUNDS = 310_000
SALT_BYTES = 16
"""Source: Authelia 4.39, internal/configuration/schema/const.go, the defaults of PBKDF2 with SHA-512."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashOf:
    """The key of another Secret, and the text around its hash."""

    source: NamespacedName
    key: str
    text: str = PLACE


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedKey:
    """A key with a hash, and the key that it is the hash of; both are generated at once."""

    target: NamespacedName
    key: str
    of: HashOf


def declared_hashes(entry: Mapping[str, object], namespace: str) -> dict[str, HashOf]:
    """Key → what it is the hash of, from an entry under `secrets:` of a chart of a namespace."""
    return {
        str(key): HashOf(
            source=NamespacedName(namespace=str(spec.get("namespace") or namespace), name=str(spec.get("name"))),
            key=str(spec.get("key")),
            text=str(spec.get("text") or PLACE),
        )
        for key, spec in dig(entry, "hashes").items()
        if isinstance(spec, Mapping)
    }


def hashed_keys(hashes: Mapping[NamespacedName, Mapping[str, HashOf]]) -> Iterator[HashedKey]:
    """Every key with a hash, by the Secret that has it."""
    for target, keys in hashes.items():
        yield from (HashedKey(target=target, key=key, of=of) for key, of in keys.items())


def to_generate(keys: Iterable[HashedKey], missing: Mapping[NamespacedName, Iterable[str]]) -> tuple[HashedKey, ...]:
    """The keys of which the hash, or what it is the hash of, is missing.

    Args:
        keys: every one.
        missing: Secret → its missing keys.
    """
    absent = {(target, key) for target, names in missing.items() for key in names}
    return tuple(item for item in keys if {(item.target, item.key), (item.of.source, item.of.key)} & absent)


def hashed(value: bytes, of: HashOf) -> bytes:
    """The text with the PBKDF2 hash of a value, with a salt of its own, in the format of passlib."""
    salt = os.urandom(SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", value, salt, ROUNDS)
    parts = (encoded(salt), encoded(derived))
    return of.text.replace(PLACE, f"$pbkdf2-sha512${ROUNDS}${parts[0]}${parts[1]}").encode()


def encoded(data: bytes) -> str:
    """Base64 with `.` for `+` and without padding. Source: passlib, `ab64_encode`."""
    return base64.b64encode(data).decode("ascii").rstrip("=").replace("+", ".")
