"""`inv seal --missing` and values that belong together: a secret and its hash, a private key, and the labels of a reader."""

import base64
import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from testing.monorepo import Monorepo
from testing.sealing import opened, two_namespaces
from tests.release.test_seal_missing import FOLDER, missing

pytestmark = pytest.mark.helm

PROVIDER = """\
text: hello
secrets:
  keys:
    keys: [signing]
    purpose: Signs tokens
    generate: ["signing:rsa"]
  users:
    keys: [users.yaml]
    purpose: Users
    hashes:
      users.yaml: {name: admin, key: password, text: "admin: '{hash}'"}
  admin:
    keys: [password]
    purpose: Password of the first user
    generate: [password]
  clients:
    keys: [reader]
    purpose: Hashes of clients
    hashes:
      reader: {namespace: htpc, name: reader-oidc, key: client-secret}
"""
READER = """\
text: hello
secrets:
  reader-oidc:
    keys: [client-secret]
    purpose: Client of the provider
    labels: {app.kubernetes.io/part-of: argocd}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    """A provider, and a client of it in another namespace."""
    return two_namespaces(tmp_path, PROVIDER, READER)


@pytest.fixture
def done(repo: Monorepo) -> subprocess.CompletedProcess[str]:
    """The first run."""
    return missing(repo)


def values(repo: Monorepo, tmp_path: Path, name: str) -> dict[str, bytes]:
    """A Secret, opened by the real program."""
    return opened((repo.root / FOLDER / f"{name}.yaml").read_bytes(), tmp_path / "key.yaml")


def belongs(hash_of: str, value: bytes) -> bool:
    """Whether a hash in passlib's format is that of a value."""
    _, scheme, rounds, salt, digest = hash_of.split("$")
    assert scheme == "pbkdf2-sha512"
    made = hashlib.pbkdf2_hmac("sha512", value, decoded(salt), int(rounds))
    return made == decoded(digest)


def decoded(text: str) -> bytes:
    return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4))


def test_a_secret_and_its_hash_are_generated_in_one_step(
    repo: Monorepo, tmp_path: Path, done: subprocess.CompletedProcess[str]
) -> None:
    assert done.returncode == 0, done.stderr
    secret = values(repo, tmp_path, "htpc/reader-oidc")["client-secret"]
    assert belongs(values(repo, tmp_path, "infra/clients")["reader"].decode(), secret)
    assert "generated: htpc/reader-oidc client-secret\n" in done.stdout


def test_the_text_around_a_hash_stays(repo: Monorepo, tmp_path: Path, done: subprocess.CompletedProcess[str]) -> None:
    password = values(repo, tmp_path, "infra/admin")["password"]
    text = values(repo, tmp_path, "infra/users")["users.yaml"].decode()

    assert text.startswith("admin: '$pbkdf2-sha512$")
    assert text.endswith("'")
    assert belongs(text.removeprefix("admin: '").removesuffix("'"), password)


def test_a_private_key_is_one(repo: Monorepo, tmp_path: Path, done: subprocess.CompletedProcess[str]) -> None:
    key = load_pem_private_key(values(repo, tmp_path, "infra/keys")["signing"], password=None)

    assert getattr(key, "key_size", 0) == 4096


def test_a_secret_has_the_labels_that_its_reader_looks_for(
    repo: Monorepo, done: subprocess.CompletedProcess[str]
) -> None:
    import yaml

    made = yaml.safe_load((repo.root / FOLDER / "htpc/reader-oidc.yaml").read_text())
    assert made["spec"]["template"]["metadata"]["labels"] == {"app.kubernetes.io/part-of": "argocd"}


@pytest.mark.parametrize("lost", ["infra/clients", "htpc/reader-oidc"])
def test_a_half_that_is_lost_is_generated_with_the_other_one(
    repo: Monorepo, tmp_path: Path, done: subprocess.CompletedProcess[str], lost: str
) -> None:
    kept = files(repo, but=("infra/clients", "htpc/reader-oidc"))
    before = values(repo, tmp_path, "htpc/reader-oidc")["client-secret"]
    (repo.root / FOLDER / f"{lost}.yaml").unlink()

    again = missing(repo, "--json")

    assert again.returncode == 0, again.stderr
    assert set(json.loads(again.stdout)["generated"]) == {"infra/clients", "htpc/reader-oidc"}
    after = values(repo, tmp_path, "htpc/reader-oidc")["client-secret"]
    assert after != before
    assert belongs(values(repo, tmp_path, "infra/clients")["reader"].decode(), after)
    assert files(repo, but=("infra/clients", "htpc/reader-oidc")) == kept


def files(repo: Monorepo, but: tuple[str, ...] = ()) -> Mapping[str, bytes]:
    folder = repo.root / FOLDER
    names = {path: path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml")}
    return {name: path.read_bytes() for path, name in names.items() if name not in but}


def test_a_second_run_changes_nothing(repo: Monorepo, done: subprocess.CompletedProcess[str]) -> None:
    before = files(repo)

    assert missing(repo).returncode == 0
    assert files(repo) == before
