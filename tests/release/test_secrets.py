"""`inv secrets` and `inv seal` hand in hand: what is missing, the command for it, and nothing missing afterwards."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.cli.release import unsealed
from slipway.context import open_context
from testing.monorepo import ROOT, Monorepo
from testing.sealing import declare_secrets, with_controller, with_key

pytestmark = pytest.mark.helm

SECRETS = """\
text: hello
secrets:
  login:
    keys: [user, password]
    purpose: Account of the demonstration
    generate: [password]
"""


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    """One service that reads one secret."""
    repo = with_controller(tmp_path / "repo")
    declare_secrets(repo)
    repo.write("charts/sonarr/values.yaml", SECRETS)
    return repo


def inv(repo: Monorepo, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "invoke", *arguments]
    environ = {**os.environ, "SLIPWAY_ROOT": str(repo.root)}
    return subprocess.run(command, cwd=ROOT, env=environ, input=given, capture_output=True, text=True, check=False)


def test_what_is_missing_is_sealed_by_the_command_that_is_told(repo: Monorepo, tmp_path: Path) -> None:
    asked = inv(repo, "secrets", "--check")

    assert asked.returncode == 1
    assert "1 of 1 secret is missing in staging" in asked.stdout
    assert "./inv seal --fetch-cert --env staging" in asked.stdout
    assert "staging: infra/login: nobody provides user, password" in asked.stderr
    (hint,) = [line for line in asked.stderr.splitlines() if "hint:" in line]
    command = shlex.split(hint.partition("./inv ")[2])
    assert command[-4:] == ["--key", "user", "--generate", "password"]

    with_key(repo, tmp_path / "key.yaml")
    sealed = inv(repo, *command, given="admin\n")
    assert sealed.returncode == 0, sealed.stderr

    again = inv(repo, "secrets", "--check")
    assert again.returncode == 0, again.stderr
    assert "Nothing is missing in staging." in again.stdout
    (entry,) = json.loads(inv(repo, "secrets", "--json").stdout)["secrets"]
    assert (entry["producer"], entry["missing"], entry["charts"]) == ("SealedSecret", [], ["sonarr"])
    assert entry["readers"] == ["Deployment sonarr, app: USER", "Deployment sonarr, app: PASSWORD"]


def test_each_environment_has_secrets_of_its_own(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    place = ("--namespace", "infra", "--name", "login", "--generate", "user", "--generate", "password")
    assert inv(repo, "seal", *place).returncode == 0

    assert inv(repo, "secrets", "--check", "--env", "staging").returncode == 0
    assert inv(repo, "secrets", "--check", "--env", "production").returncode == 1
    assert inv(repo, "secrets", "--env", "production").returncode == 0
    elsewhere = inv(repo, "seal", "--env", "production", *place)
    assert "values/production/sealed-secrets.pem: is missing" in elsewhere.stderr


def test_a_chart_that_needs_none_has_none(repo: Monorepo) -> None:
    assert json.loads(inv(repo, "secrets", "--only", "sealed-secrets", "--json").stdout)["secrets"] == []
    assert len(json.loads(inv(repo, "secrets", "--only", "sonarr", "--json").stdout)["secrets"]) == 1
    assert inv(repo, "secrets", "--env", "nowhere").returncode == 2


def test_a_difference_of_revisions_names_the_keys_that_were_sealed_anew(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    place = ("seal", "--namespace", "infra", "--name", "login")
    assert inv(repo, *place, "--generate", "user", "--generate", "password").returncode == 0
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        subprocess.run(["git", *identity, *command], cwd=repo.root, check=True)
    assert "sealed secrets" not in inv(repo, "diff", "--base", "HEAD").stdout

    assert inv(repo, *place, "--generate", "password").returncode == 0

    message = inv(repo, "diff", "--base", "HEAD").stdout
    assert "sealed secrets in staging: HEAD → working tree" in message
    assert "changed: SealedSecret login" in message
    assert [line.strip().split(":")[0] for line in message.splitlines() if ": sealed " in line] == [
        "-    password",
        "+    password",
        "user",
    ]


def test_a_release_says_how_many_secrets_its_pods_will_wait_for(repo: Monorepo, tmp_path: Path) -> None:
    def note() -> tuple[str, ...]:
        return unsealed(open_context(repo.root, os.environ, quiet=True), "staging")

    missing = "1 required secret is not sealed in staging, and pods wait for it: ./inv secrets --env staging"
    assert note() == (f"Missing: {missing}",)

    with_key(repo, tmp_path / "key.yaml")
    place = ("--namespace", "infra", "--name", "login", "--generate", "user", "--generate", "password")
    assert inv(repo, "seal", *place).returncode == 0
    assert note() == ()
