"""`inv seal` as its user runs it, and the real kubeseal opening what it wrote."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from slipway.secrets import encryption, keys, sealed_secret
from slipway.secrets.sealed_secret import NamespacedName, Scope, SealedSecret
from testing.monorepo import ROOT, Monorepo
from testing.sealing import NOW, opened, with_controller, with_key
from testing.terminals import at_terminal, environ_of
from testing.workspaces import program

SECRET = "correct horse battery staple"
TARGET = NamespacedName(namespace="infra", name="grafana-admin")
FILE = "values/staging/sealed/infra/grafana-admin.yaml"

WATCHED = """
import os, sys
asked, prefix = open(sys.argv[1], "w", buffering=1), sys.argv[2]
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
def watch(event, details):
    if event in {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.system"}:
        print("started", details[0], file=asked)
    elif event == "os.putenv":
        print("variable", details, file=asked)
    elif event == "open" and isinstance(details[2], int) and details[2] & WRITES:
        if str(details[0]).startswith(prefix):
            print("wrote", details[0], file=asked)
sys.addaudithook(watch)
from invoke.main import program
program.run(["inv", *sys.argv[3:]])
"""
"""Runs a task and notes each process that it starts, each variable that it sets and each file below a folder that it
opens for writing."""


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    return with_controller(tmp_path / "repo")


def refused(sealed: bytes, key: Path) -> str:
    """Why the real program does not open it."""
    command = [program("kubeseal"), "--recovery-unseal", "--recovery-private-key", key]
    done = subprocess.run(command, input=sealed, capture_output=True, text=False, check=False)
    assert done.returncode
    return done.stderr.decode()


def sealed(
    pair: encryption.KeyPair, values: dict[str, bytes], scope: Scope, target: NamespacedName = TARGET
) -> SealedSecret:
    made = {key: encryption.encrypt(pair.certificate, value, target, scope) for key, value in values.items()}
    return SealedSecret(target=target, scope=scope, values=made)


@pytest.mark.parametrize("bits", [2048, 4096])
@pytest.mark.parametrize("scope", list(Scope))
def test_the_real_program_opens_what_was_sealed(scope: Scope, bits: int, tmp_path: Path) -> None:
    pair = encryption.generate_key_pair(NOW, bits=bits)
    (tmp_path / "key.yaml").write_bytes(keys.key_manifest(pair, "infra", "key"))
    values = {"text": "pässword\n".encode(), "binary": bytes(range(256)) * 500, "one": b"x"}

    assert opened(sealed_secret.dump(sealed(pair, values, scope)), tmp_path / "key.yaml") == values


@pytest.mark.parametrize(
    ("scope", "moved", "opens"),
    [
        (Scope.STRICT, NamespacedName(namespace="infra", name="other"), False),
        (Scope.STRICT, NamespacedName(namespace="htpc", name="grafana-admin"), False),
        (Scope.NAMESPACE, NamespacedName(namespace="infra", name="other"), True),
        (Scope.NAMESPACE, NamespacedName(namespace="htpc", name="grafana-admin"), False),
        (Scope.CLUSTER, NamespacedName(namespace="htpc", name="other"), True),
    ],
)
def test_the_real_program_opens_it_nowhere_but_where_its_scope_allows(
    scope: Scope, moved: NamespacedName, opens: bool, tmp_path: Path
) -> None:
    pair = encryption.generate_key_pair(NOW, bits=2048)
    (tmp_path / "key.yaml").write_bytes(keys.key_manifest(pair, "infra", "key"))
    there = sealed_secret.dump(SealedSecret(target=moved, scope=scope, values=sealed(pair, {"a": b"b"}, scope).values))

    if opens:
        assert opened(there, tmp_path / "key.yaml") == {"a": b"b"}
    else:
        assert "no key could decrypt" in refused(there, tmp_path / "key.yaml")


def test_another_key_does_not_open_it(tmp_path: Path) -> None:
    pair, other = encryption.generate_key_pair(NOW, bits=2048), encryption.generate_key_pair(NOW, bits=2048)
    (tmp_path / "key.yaml").write_bytes(keys.key_manifest(other, "infra", "key"))

    message = refused(sealed_secret.dump(sealed(pair, {"a": b"b"}, Scope.STRICT)), tmp_path / "key.yaml")

    assert "no key could decrypt" in message


def test_what_the_real_program_sealed_takes_another_key_of_ours(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": TARGET.name, "namespace": TARGET.namespace},
        "data": {"user": base64.b64encode(b"admin").decode()},
    }
    cert = repo.root / "values/staging/sealed-secrets.pem"
    theirs = subprocess.run(
        [program("kubeseal"), "--cert", cert, "--format", "yaml"],
        input=json.dumps(secret).encode(),
        capture_output=True,
        check=True,
    )
    repo.write(FILE, theirs.stdout.decode())

    done = inv(repo, "seal", "--namespace", "infra", "--name", "grafana-admin", "--key", "password", given=SECRET)

    assert done.returncode == 0, done.stderr
    assert opened((repo.root / FILE).read_bytes(), tmp_path / "key.yaml") == {
        "user": b"admin",
        "password": SECRET.encode(),
    }


# The task


def environ(repo: Monorepo) -> dict[str, str]:
    return environ_of(repo.root)


def inv(repo: Monorepo, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "invoke", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environ(repo), input=given, capture_output=True, text=True, check=False
    )


def test_a_key_that_was_made_offline_opens_what_is_sealed_with_it(repo: Monorepo, tmp_path: Path) -> None:
    key = tmp_path / "key.yaml"
    made = inv(repo, "seal", "--new-key", "--out", str(key))
    assert made.returncode == 0, made.stderr
    (tmp_path / "id").write_bytes(b"\0\1\2")

    done = inv(
        repo, "seal", "--namespace", "infra", "--name", "grafana-admin", "--key", "password",
        "--from-file", f"id={tmp_path}/id", "--generate", "token:64", given=f"{SECRET}\n",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    values = opened((repo.root / FILE).read_bytes(), key)
    assert (values["password"], values["id"], len(values["token"])) == (SECRET.encode(), b"\0\1\2", 64)
    assert values["token"].decode() not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    # The private key is where it was asked for, and nowhere else.
    private = yaml.safe_load(key.read_text())["data"]["tls.key"]
    others = [path for path in tmp_path.rglob("*") if path.is_file() and path != key]
    assert not [path for path in others if private.encode() in path.read_bytes()]


def test_sealing_starts_no_process_sets_no_variable_and_writes_the_one_file(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    flags = ("seal", "--namespace", "infra", "--name", "grafana-admin", "--key", "password")
    command = [sys.executable, "-c", WATCHED, str(tmp_path / "events"), str(tmp_path / "repo"), *flags]

    done = subprocess.run(
        command, cwd=ROOT, env=environ(repo), input=SECRET, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    events = (tmp_path / "events").read_text()
    assert "started" not in events
    assert "variable" not in events
    folder, name = (repo.root / FILE).parent, (repo.root / FILE).name
    (wrote,) = [Path(line.removeprefix("wrote ")) for line in events.splitlines()]
    assert (wrote.parent, wrote.name.startswith(f".{name}.")) == (folder, True)
    assert [path.name for path in folder.iterdir()] == [name]
    held = [path for path in repo.root.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert held == []
    assert opened((repo.root / FILE).read_bytes(), tmp_path / "key.yaml") == {"password": SECRET.encode()}


def test_what_is_typed_is_not_shown(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    flags = ("seal", "--namespace", "infra", "--name", "grafana-admin", "--key", "password")

    with at_terminal(environ(repo), *flags) as (person, process):
        shown = person.reads("password: ")
        person.types(SECRET)
        shown += person.reads("Argo CD follows the commit")
        assert process.wait() == 0

    assert SECRET not in shown
    assert opened((repo.root / FILE).read_bytes(), tmp_path / "key.yaml") == {"password": SECRET.encode()}


def test_a_refusal_repeats_nothing_of_a_secret(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    place = ("--namespace", "infra", "--name", "grafana-admin")
    repo.write(FILE, "apiVersion: v1\nkind: Secret\n")

    broken = inv(repo, "seal", *place, "--key", "password", given=SECRET)
    as_argument = inv(repo, "seal", *place, "--key", f"password={SECRET}")
    beside_a_key = inv(repo, "seal", *place, "--key", "password", "word-of-a-secret")

    assert beside_a_key.returncode != 0
    for done, code in ((broken, 2), (as_argument, 2)):
        assert done.returncode == code
        assert SECRET not in done.stdout + done.stderr
    assert "is not a SealedSecret" in broken.stderr
