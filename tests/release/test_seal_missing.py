"""`inv seal --missing` as its user runs it: what is generated, what is asked for, and what is left after each way to end it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from testing.monorepo import ROOT, Monorepo
from testing.sealing import opened, two_namespaces
from testing.terminals import Person, at_terminal, environ_of

pytestmark = pytest.mark.helm

TOKEN = "correct horse battery staple"
REPOSITORY, PASSWORD, ACCOUNT = "s3:https://s3.example.org/home", "three blind mice", "one grey owl"
BACKUPS = """\
  restic:
    keys: [RESTIC_PASSWORD, RESTIC_REPOSITORY]
    purpose: Repository and password of the backups
"""
SONARR = f"""\
text: hello
secrets:
  login:
    keys: [user, password]
    purpose: Account of the demonstration
    generate: ["password:64"]
{BACKUPS}"""
RADARR = f"""\
text: hello
secrets:
  token:
    keys: [token]
    purpose: Token of the demonstration
  notices:
    keys: [telegram, smtp]
    purpose: Credentials of receivers
    spare: true
{BACKUPS}"""
FOLDER = "values/staging/sealed"


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    """Two namespaces: secrets that can be generated, that a person knows, that are optional, and one that both share."""
    return two_namespaces(tmp_path, SONARR, RADARR)


def missing(repo: Monorepo, *flags: str) -> subprocess.CompletedProcess[str]:
    """Without a terminal."""
    command = [sys.executable, "-m", "invoke", "seal", "--missing", *flags]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environ_of(repo.root),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def sealed(repo: Monorepo, tmp_path: Path) -> Mapping[str, dict[str, bytes]]:
    """Every Secret that was sealed, opened by the real program."""
    folder = repo.root / FOLDER
    return {
        path.relative_to(folder).with_suffix("").as_posix(): opened(path.read_bytes(), tmp_path / "key.yaml")
        for path in sorted(folder.rglob("*.yaml"))
    }


def answer_the_repository(person: Person) -> None:
    """The first question: its Secret has the account of the storage, too, because of the address."""
    person.answers("RESTIC_PASSWORD: ", PASSWORD)
    person.answers("RESTIC_REPOSITORY: ", REPOSITORY)
    person.answers("AWS_ACCESS_KEY_ID: ", "homelab")
    person.answers("AWS_SECRET_ACCESS_KEY: ", ACCOUNT)


def test_without_a_terminal_it_generates_what_can_be_and_names_the_command_for_the_rest(
    repo: Monorepo, tmp_path: Path
) -> None:
    done = missing(repo)

    assert done.returncode == 1
    found = sealed(repo, tmp_path)
    assert {name: set(values) for name, values in found.items()} == {"infra/login": {"password"}}
    assert len(found["infra/login"]["password"]) == 64
    assert "staging: infra/login: nobody provides user\n" in done.stderr
    assert "hint: ./inv seal --env staging --namespace infra --name login --key user\n" in done.stderr
    assert "hint: ./inv seal --env staging --namespace htpc --name token --key token\n" in done.stderr
    assert "htpc/notices" not in done.stderr
    assert (
        "1 optional secret is not sealed:\n    ./inv seal --env staging --namespace htpc --name notices" in done.stdout
    )

    files = {path: path.read_bytes() for path in (repo.root / FOLDER).rglob("*.yaml")}
    assert missing(repo).returncode == 1
    assert {path: path.read_bytes() for path in (repo.root / FOLDER).rglob("*.yaml")} == files


def test_a_terminal_is_asked_once_for_each_value_and_shows_none_of_them(repo: Monorepo, tmp_path: Path) -> None:
    with at_terminal(environ_of(repo.root), "seal", "--missing") as (person, process):
        answer_the_repository(person)
        person.answers("\ntoken: ", TOKEN)
        person.answers("user: ", "admin")
        person.answers("(optional): Credentials of receivers.\r\nSeal it now? [y/N] ", "n")
        person.rest()
        assert process.wait() == 0

    shown = person.shown
    assert not [value for value in (TOKEN, REPOSITORY, PASSWORD, ACCOUNT) if value in shown]
    assert "htpc/restic, infra/restic: Repository and password of the backups." in shown
    assert "No required secret is missing in staging." in shown
    backups = {
        "RESTIC_PASSWORD": PASSWORD.encode(),
        "RESTIC_REPOSITORY": REPOSITORY.encode(),
        "AWS_ACCESS_KEY_ID": b"homelab",
        "AWS_SECRET_ACCESS_KEY": ACCOUNT.encode(),
    }
    found = sealed(repo, tmp_path)
    assert (found["htpc/restic"], found["infra/restic"]) == (backups, backups)
    assert found["htpc/token"] == {"token": TOKEN.encode()}
    assert set(found["infra/login"]) == {"user", "password"}
    assert "htpc/notices" not in found


def test_an_optional_secret_is_sealed_with_the_keys_that_have_a_value(repo: Monorepo, tmp_path: Path) -> None:
    with at_terminal(environ_of(repo.root), "seal", "--missing") as (person, process):
        for key in ("RESTIC_PASSWORD", "RESTIC_REPOSITORY", "token", "user"):
            person.answers(f"\n{key}: ")
        person.answers("Seal it now? [y/N] ", "y")
        person.answers("telegram: ", TOKEN)
        person.answers("smtp: ")
        person.rest()
        assert process.wait() == 1

    found = sealed(repo, tmp_path)
    assert found.keys() == {"htpc/notices", "infra/login"}
    assert found["htpc/notices"] == {"telegram": TOKEN.encode()}
    assert "./inv seal --env staging --namespace htpc --name restic --key RESTIC_PASSWORD" in person.shown


def test_a_killed_run_keeps_what_was_sealed_and_the_next_one_asks_for_the_rest(repo: Monorepo, tmp_path: Path) -> None:
    with at_terminal(environ_of(repo.root), "seal", "--missing") as (person, process):
        answer_the_repository(person)
        # The next question shows that the answer is sealed, in both namespaces.
        person.reads("\ntoken: ")
        process.kill()
    kept = sealed(repo, tmp_path)
    assert kept.keys() == {"htpc/restic", "infra/login", "infra/restic"}

    with at_terminal(environ_of(repo.root), "seal", "--missing") as (person, process):
        person.answers("\ntoken: ", TOKEN)
        person.answers("user: ", "admin")
        person.answers("Seal it now? [y/N] ")
        person.rest()
        assert process.wait() == 0

    assert "RESTIC" not in person.shown
    found = sealed(repo, tmp_path)
    assert found == {
        **kept,
        "htpc/token": {"token": TOKEN.encode()},
        "infra/login": {**kept["infra/login"], "user": b"admin"},
    }


def test_a_closed_terminal_leaves_the_rest_for_later(repo: Monorepo, tmp_path: Path) -> None:
    with at_terminal(environ_of(repo.root), "seal", "--missing") as (person, process):
        answer_the_repository(person)
        person.reads("\ntoken: ")
        os.write(person.screen, b"\x04")
        person.rest()
        assert process.wait() == 1

    assert "Traceback" not in person.shown
    assert "staging: htpc/token: nobody provides token" in person.shown
    assert sealed(repo, tmp_path).keys() == {"htpc/restic", "infra/login", "infra/restic"}


def test_a_dry_run_lists_what_would_be_done_and_writes_nothing(repo: Monorepo) -> None:
    done = missing(repo, "--dry-run")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "would be generated: infra/login password",
        "would be asked for: htpc/restic, infra/restic RESTIC_PASSWORD, RESTIC_REPOSITORY",
        "would be asked for: htpc/token token",
        "would be asked for: infra/login user",
        "would be asked for: htpc/notices telegram, smtp (optional)",
    ]
    assert not (repo.root / FOLDER).exists()
    value = json.loads(missing(repo, "--dry-run", "--json").stdout)
    assert value["generated"] == {"infra/login": ["password"]}


def test_a_value_is_sealed_under_the_scope_that_the_file_has(repo: Monorepo, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "invoke", "seal", "--namespace", "infra", "--name", "login", "--key", "user"]
    scope = ["--scope", "namespace-wide"]
    subprocess.run(
        [*command, *scope], cwd=ROOT, env=environ_of(repo.root), input=b"admin", check=True, capture_output=True
    )

    assert "infra/login" not in missing(repo).stderr

    assert set(sealed(repo, tmp_path)["infra/login"]) == {"user", "password"}


def test_without_a_certificate_nothing_is_sealed(repo: Monorepo) -> None:
    (repo.root / "values/staging/sealed-secrets.pem").unlink()

    done = missing(repo)

    assert done.returncode == 2
    assert "values/staging/sealed-secrets.pem: is missing: there is nothing to seal with" in done.stderr
    assert "./inv seal --fetch-cert --env staging" in missing(repo, "--dry-run").stdout


@pytest.mark.parametrize(
    ("flags", "fact"),
    [
        (("--missing", "--name", "login"), "does not go with --name"),
        (("--name", "login", "--namespace", "infra", "--generate", "password", "--dry-run"), "is only for --missing"),
    ],
)
def test_flags_of_a_single_secret_are_refused(flags: tuple[str, ...], fact: str, repo: Monorepo) -> None:
    command = [sys.executable, "-m", "invoke", "seal", *flags]
    done = subprocess.run(command, cwd=ROOT, env=environ_of(repo.root), capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert fact in done.stderr
    assert not (repo.root / FOLDER).exists()
