"""Keys and environments for tests that seal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from slipway.secrets import envelope, keys
from testing.monorepo import Monorepo, small

NOW = datetime.now(tz=UTC)


def with_controller(root: Path) -> Monorepo:
    """A monorepo whose only umbrella has the controller."""
    return small(root, services=("sealed-secrets", "sonarr"), umbrella="infra")


def with_key(repo: Monorepo, private: Path, environment: str = "staging", made: datetime = NOW) -> envelope.KeyPair:
    """Give an environment a certificate, and its private key as a file; smaller than a real one, for speed."""
    pair = envelope.new_pair(made, bits=2048)
    repo.write(f"values/{environment}/sealed-secrets.pem", pair.certificate.pem.decode())
    private.write_bytes(keys.key_manifest(pair, "infra", "key"))
    return pair
