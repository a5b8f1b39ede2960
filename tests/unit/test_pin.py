"""Reading pins, replacing a deploy folder, and promoting from one environment to the next."""

import os
from pathlib import Path

import pytest

from slipway.config import Config, RegistryConfig
from slipway.core.errors import WorkspaceError
from slipway.core.model import ChartName, Digest, Pin
from slipway.gitops import applications
from slipway.gitops.pins import current_pins, deploy_differences, promoted_pins, sweep, write_deploy_folder
from slipway.util import yaml
from slipway.workspace.pinned import PINS, deploy_folder


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        root=tmp_path,
        registry=RegistryConfig(host="registry.example.org", prefix="charts"),
        registry_folder=tmp_path / ".registry",
    )


def a_pin(name: str, version: str = "1.0.0") -> Pin:
    return Pin(
        name=ChartName(name), version=version, manifest=Digest("sha256:" + "1" * 64), input_digest=Digest("sha256:2")
    )


def put(config: Config, environment: str, *pins: Pin) -> None:
    document = applications.pins_document(config, environment, pins)
    write_deploy_folder(config, environment, {PINS: yaml.dump(document)})


def test_a_written_folder_holds_exactly_the_new_files(config: Config) -> None:
    write_deploy_folder(config, "staging", {"a.yaml": b"1", "b.yaml": b"2"})
    write_deploy_folder(config, "staging", {"b.yaml": b"3"})

    folder = deploy_folder(config, "staging")

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"b.yaml": b"3"}
    assert [path.name for path in folder.parent.iterdir()] == ["staging"]


def test_what_an_interrupted_write_left_is_swept_away(config: Config) -> None:
    (config.root / "deploy/.staging.new").mkdir(parents=True)
    (config.root / "deploy/.staging.new/half").write_bytes(b"x")

    write_deploy_folder(config, "staging", {"a.yaml": b"1"})

    assert sorted(path.name for path in (config.root / "deploy").iterdir()) == ["staging"]


def test_differences_name_what_is_missing_foreign_and_changed(config: Config) -> None:
    write_deploy_folder(config, "staging", {"a.yaml": b"1", "b.yaml": b"2"})

    found = deploy_differences(config, "staging", {"a.yaml": b"0", "c.yaml": b"3"})

    assert found == ("c.yaml is missing", "b.yaml is not one of its files", "a.yaml: other content")


def test_a_folder_that_was_never_written_is_reported(config: Config) -> None:
    assert deploy_differences(config, "staging", {}) == ("first pins",)


def test_production_takes_the_pins_of_staging(config: Config) -> None:
    put(config, "staging", a_pin("htpc", "1.1.0"), a_pin("infra"))

    assert promoted_pins(config, "production") == {"htpc": a_pin("htpc", "1.1.0"), "infra": a_pin("infra")}


def test_promoting_one_umbrella_keeps_the_others(config: Config) -> None:
    put(config, "staging", a_pin("htpc", "1.1.0"), a_pin("infra", "1.1.0"))
    put(config, "production", a_pin("htpc"), a_pin("infra"))

    promoted = promoted_pins(config, "production", [ChartName("htpc")])

    assert promoted == {"htpc": a_pin("htpc", "1.1.0"), "infra": a_pin("infra")}


def test_promotion_without_pins_names_the_command(config: Config) -> None:
    with pytest.raises(WorkspaceError) as error:
        promoted_pins(config, "production")

    assert str(error.value) == "deploy/staging/pins.yaml: has no pins\n    hint: ./inv release"


def test_the_first_environment_is_not_promoted_to(config: Config) -> None:
    with pytest.raises(WorkspaceError, match="staging takes its pins from the release"):
        promoted_pins(config, "staging")


def test_an_unknown_environment_is_named_with_the_known_ones(config: Config) -> None:
    with pytest.raises(WorkspaceError) as error:
        current_pins(config, "prod")

    assert str(error.value) == "--env: there is no environment 'prod'\n    hint: environments: staging, production"


def test_what_a_killed_task_left_is_swept_away_and_what_a_running_one_writes_is_not(config: Config) -> None:
    write_deploy_folder(config, "staging", {"a.yaml": b"1"})
    nobody, we = 2**22 + 1, os.getpid()
    left = [
        "deploy/.staging.new/pins.yaml", "deploy/.staging.old/pins.yaml", f"charts/sonarr/.Chart.yaml.{nobody}.tmp",
        f"charts/sonarr/.CHANGELOG.md.{nobody}.77.tmp", f"umbrella/htpc/.Chart.yaml.{nobody}.77.tmp",
        f"values/staging/sealed/.a.yaml.{nobody}.77.tmp",
    ]  # fmt: skip
    kept = [f"charts/sonarr/.Chart.yaml.{we}.77.tmp", "charts/sonarr/.notes.tmp", "charts/sonarr/values.yaml"]
    for path in (*left, *kept):
        (config.root / path).parent.mkdir(parents=True, exist_ok=True)
        (config.root / path).write_bytes(b"x")

    sweep(config)

    there = {path.relative_to(config.root).as_posix() for path in config.root.rglob("*") if path.is_file()}
    assert there == {*kept, "deploy/staging/a.yaml"}
