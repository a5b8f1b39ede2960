"""`inv configure` in a clone as its user runs it: with a file of answers, at a terminal, and lint after it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from testing.configuring import ANSWERS
from testing.product import commit_product
from testing.terminals import at_terminal, environ_of
from testing.workspaces import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that nobody has configured."""
    root = tmp_path / "homelab"
    commit_product(root)
    return root


def inv(root: Path, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "invoke", *arguments]
    environ = environ_of(root)
    return subprocess.run(command, cwd=ROOT, env=environ, input=given, capture_output=True, text=True, check=False)


def answers_in(folder: Path, answers: object) -> str:
    path = folder / "answers.yaml"
    path.write_text(json.dumps(answers), encoding="utf-8")
    return str(path)


def contents(root: Path) -> dict[str, bytes]:
    places = [*(root / "values").rglob("*.yaml"), root / "pyproject.toml"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in places}


@pytest.mark.helm
def test_a_clone_with_one_environment_has_no_problem_and_is_not_written_twice(clone: Path, tmp_path: Path) -> None:
    answers = answers_in(tmp_path, {**ANSWERS, "services.htpc": ["jellyfin", "qbittorrent"]})
    before = contents(clone)

    shown = inv(clone, "configure", "--answers", answers, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert contents(clone) == before
    done = inv(clone, "configure", "--answers", answers)
    assert done.returncode == 0, done.stderr

    written = contents(clone)
    assert {path for path in written if path.startswith("values/")} == {
        "values/home/platform.yaml",
        "values/home/htpc.yaml",
    }
    assert (clone / "build/schemas/platform.json").is_file()
    assert "Nothing to write" in inv(clone, "configure", "--answers", answers).stdout
    assert contents(clone) == written
    linted = inv(clone, "lint", "--only", "htpc")
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_without_a_terminal_and_without_answers_nothing_is_asked(clone: Path) -> None:
    done = inv(clone, "configure", given="")

    assert (done.returncode, "hint: name a file: --answers FILE" in done.stderr) == (2, True)


def test_every_wrong_and_missing_answer_is_named_at_once_with_its_line(clone: Path, tmp_path: Path) -> None:
    before = contents(clone)
    path = tmp_path / "answers.yaml"
    path.write_text(
        "environments: [home]\ndomain: casa.example.net\nlan:\n  cidr: 10.7.1.0/16\ntimezon: UTC\n", encoding="utf-8"
    )

    done = inv(clone, "configure", "--answers", str(path))

    assert done.returncode == 1
    assert f"{path}:4: lan.cidr: '10.7.1.0/16' has host bits set" in done.stderr
    assert f"{path}:5: there is no question 'timezon'\n    hint: did you mean 'timezone'?" in done.stderr
    assert f"{path}: the answer `addressPool` is missing" in done.stderr
    assert contents(clone) == before


def test_at_a_terminal_a_wrong_answer_is_asked_again_and_enter_takes_what_is_offered(clone: Path) -> None:
    with at_terminal(environ_of(clone), "configure") as (person, process):
        dialogue = {
            "environments [staging, production]: ": "home",
            "repository-url: ": "https://github.com/me/homelab.git",
            "registry [oci://ghcr.io/me/charts]: ": "",
            "kube-version [1.37.0]: ": "",
            "domain: ": "home.example.org",
            "hint: enter a domain of yours": "casa.example.net",
            "tls.issuer [letsencrypt-staging]: ": "selfsigned",
            "timezone": "America/Lima",
            "lan.cidr": "10.7.0.0/16",
            "dhcp [none]: ": "10.7.255.0-10.7.255.255",
            "addressPool [10.7.255.224/28]: ": "",
            "overlaps the DHCP range": "10.7.9.0/28",
            "ingressAddress [10.7.9.5]: ": "",
            "storage.class [local-path-{{ .Release.Namespace }}]: ": "",
            "storage.folder [/opt/homelab]: ": "",
            "backup.enabled [no]: ": "",
            "sso.enabled [no]: ": "",
            "mail.server [none]: ": "",
            "services.htpc [": "jellyfin",
            "services.utils [": "",
            "Write this? [yes]: ": "",
        }
        for shown, typed in dialogue.items():
            person.reads(shown)
            person.types(typed)
        assert "Written:" in person.reads("git checkout")
        assert process.wait() == 0

    platform = yaml.safe_load((clone / "values/home/platform.yaml").read_text(encoding="utf-8"))
    assert (platform["domain"], platform["addressPool"], platform["ingressAddress"]) == (
        "casa.example.net", "10.7.9.0/28", "10.7.9.5",
    )  # fmt: skip
    off = yaml.safe_load((clone / "values/home/htpc.yaml").read_text(encoding="utf-8"))
    assert "jellyfin" not in off
    assert off["sonarr"] == {"enabled": False}


def test_a_terminal_that_ends_leaves_every_file_as_it_was(clone: Path) -> None:
    before = contents(clone)
    with at_terminal(environ_of(clone), "configure") as (person, process):
        person.reads("environments [")
        person.types("home")
        person.reads("repository-url")
        person.types("\x04")
        shown = person.reads("nothing is written")
        assert process.wait() == 2

    assert "Traceback" not in shown
    assert contents(clone) == before
