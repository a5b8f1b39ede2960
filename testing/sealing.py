"""Keys and environments for tests that seal."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from pathlib import Path

from slipway.secrets import encryption, keys
from testing.monorepo import Monorepo, small

NOW = datetime.now(tz=UTC)


def with_controller(root: Path) -> Monorepo:
    """A monorepo whose only umbrella has the controller."""
    return small(root, services=("sealed-secrets", "sonarr"), umbrella="infra")


def with_key(repo: Monorepo, private: Path, environment: str = "staging", made: datetime = NOW) -> encryption.KeyPair:
    """Give an environment a certificate, and its private key as a file; smaller than a real one, for speed."""
    pair = pair_of(environment, made)
    repo.write(f"values/{environment}/sealed-secrets.pem", pair.certificate.pem.decode())
    private.write_bytes(keys.key_manifest(pair, "infra", "key"))
    return pair


@functools.cache
def pair_of(environment: str, made: datetime) -> encryption.KeyPair:
    """The key of an environment: the same one in every test of a process, because making one takes longer than using it."""
    return encryption.generate_key_pair(made, bits=2048)
