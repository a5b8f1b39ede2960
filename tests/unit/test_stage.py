"""Staged copies: complete, self-contained, and reproducible."""

import json
from pathlib import Path

import pytest

from slipway.build import stage
from slipway.core.model import INPUT_DIGEST, ChartKind, Digest, Workspace
from slipway.util import yaml
from testing.workspaces import assemble, load

BASE = "oci://registry.test/charts"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The base of all fixtures; nobody writes to it."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "nothing").mkdir()
    return load(assemble(folder / "nothing", folder / "repo"))


def staged(made: Workspace, name: str) -> dict[str, bytes]:
    return stage.files_of(made, made.charts[name], Digest("sha256:d"), BASE)  # type: ignore[index]


def test_dependencies_come_from_the_registry_and_the_digest_is_an_annotation(base: Workspace) -> None:
    metadata = yaml.parse(staged(base, "home")["Chart.yaml"], "Chart.yaml").mapping
    assert {entry["repository"] for entry in metadata["dependencies"]} == {BASE}  # type: ignore[attr-defined]
    assert {entry["condition"] for entry in metadata["dependencies"]} == {"app.enabled", "web.enabled"}  # type: ignore[attr-defined]
    assert metadata["annotations"] == {INPUT_DIGEST: "sha256:d"}


def test_a_service_schema_refers_to_nothing_outside_itself(base: Workspace) -> None:
    schema = json.loads(staged(base, "app")["values.schema.json"])
    assert schema["additionalProperties"] is False
    assert set(schema["definitions"]) == {"controller", "global", "network", "route"}
    assert '"$ref": "#/definitions/global"' in json.dumps(schema)
    assert ".json" not in json.dumps(schema).replace("json-schema.org", "")


def test_an_umbrella_schema_admits_its_members_and_no_other_key(base: Workspace) -> None:
    schema = json.loads(staged(base, "home")["values.schema.json"])
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) >= {"app", "web", "global"}


def test_the_environments_travel_in_the_umbrella_and_the_lock_has_no_time(base: Workspace) -> None:
    files = staged(base, "home")
    assert "values-staging.yaml" in files
    lock = yaml.parse(files["Chart.lock"], "Chart.lock").mapping
    assert lock["generated"] == stage.GENERATED
    assert str(lock["digest"]).startswith("sha256:")
    assert "Chart.lock" not in staged(base, "common")


def test_a_copy_replaces_an_earlier_one_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "stage" / "app"
    stage.write(folder, {"Chart.yaml": b"one", "templates/old.yaml": b""}, {"common-1.0.0.tgz": b"packed"})
    stage.write(folder, {"Chart.yaml": b"two"}, {})
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*")] == ["Chart.yaml"]
    assert [path.name for path in folder.parent.iterdir()] == ["app"]


def test_staging_reads_the_chart_and_changes_nothing(base: Workspace) -> None:
    before = {path: path.read_bytes() for path in base.root.rglob("*") if path.is_file()}
    for chart in base.charts.values():
        assert staged(base, chart.name)
    assert {path: path.read_bytes() for path in base.root.rglob("*") if path.is_file()} == before
    assert base.of_kind(ChartKind.LIBRARY)
