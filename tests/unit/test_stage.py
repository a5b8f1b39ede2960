"""Staged copies: complete, self-contained, and reproducible."""

import json
from pathlib import Path

from slipway import stage, yamls
from slipway.model import INPUT_DIGEST, ChartKind, Digest, Workspace
from testing.workspaces import assemble, load

BASE = "oci://registry.test/charts"


def base(tmp_path: Path) -> Workspace:
    (tmp_path / "nothing").mkdir()
    return load(assemble(tmp_path / "nothing", tmp_path / "repo"))


def staged(made: Workspace, name: str) -> dict[str, bytes]:
    return stage.files_of(made, made.charts[name], Digest("sha256:d"), BASE)  # type: ignore[index]


def test_dependencies_come_from_the_registry_and_the_digest_is_an_annotation(tmp_path: Path) -> None:
    metadata = yamls.parse(staged(base(tmp_path), "home")["Chart.yaml"], "Chart.yaml").mapping
    assert {entry["repository"] for entry in metadata["dependencies"]} == {BASE}  # type: ignore[attr-defined]
    assert {entry["condition"] for entry in metadata["dependencies"]} == {"app.enabled", "web.enabled"}  # type: ignore[attr-defined]
    assert metadata["annotations"] == {INPUT_DIGEST: "sha256:d"}


def test_a_service_schema_refers_to_nothing_outside_itself(tmp_path: Path) -> None:
    schema = json.loads(staged(base(tmp_path), "app")["values.schema.json"])
    assert schema["additionalProperties"] is False
    assert set(schema["definitions"]) == {"controller", "global", "network", "route"}
    assert '"$ref": "#/definitions/global"' in json.dumps(schema)
    assert ".json" not in json.dumps(schema).replace("json-schema.org", "")


def test_an_umbrella_schema_admits_its_members_and_no_other_key(tmp_path: Path) -> None:
    schema = json.loads(staged(base(tmp_path), "home")["values.schema.json"])
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) >= {"app", "web", "global"}


def test_the_environments_travel_in_the_umbrella_and_the_lock_has_no_time(tmp_path: Path) -> None:
    files = staged(base(tmp_path), "home")
    assert "values-staging.yaml" in files
    lock = yamls.parse(files["Chart.lock"], "Chart.lock").mapping
    assert lock["generated"] == stage.GENERATED
    assert str(lock["digest"]).startswith("sha256:")
    assert "Chart.lock" not in staged(base_library(tmp_path), "common")


def base_library(tmp_path: Path) -> Workspace:
    return load(tmp_path / "repo")


def test_a_copy_replaces_an_earlier_one_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "stage" / "app"
    archive = tmp_path / "common-1.0.0.tgz"
    archive.write_bytes(b"packed")
    stage.write(folder, {"Chart.yaml": b"one", "templates/old.yaml": b""}, {"common-1.0.0.tgz": archive})
    stage.write(folder, {"Chart.yaml": b"two"}, {})
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*")] == ["Chart.yaml"]
    assert [path.name for path in folder.parent.iterdir()] == ["app"]


def test_staging_reads_the_chart_and_changes_nothing(tmp_path: Path) -> None:
    made = base(tmp_path)
    before = {path: path.read_bytes() for path in (tmp_path / "repo").rglob("*") if path.is_file()}
    for chart in made.charts.values():
        assert staged(made, chart.name)
    assert {path: path.read_bytes() for path in (tmp_path / "repo").rglob("*") if path.is_file()} == before
    assert made.of_kind(ChartKind.LIBRARY)
