"""What every environment would get, one file for each object: the reviewer's view of the cluster.

Chart versions are forced to 0.0.0 and checksums are hidden, so a release alone touches no file.
`./inv test --tier umbrella --update` rewrites them.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from slipway.build.differences import normalise
from slipway.build.render import Object
from slipway.core.model import ChartKind
from slipway.lint.kubeconform import Manifests
from slipway.util import yaml
from slipway.util.mapping import dig
from testing.product import product
from testing.rendering import Repository, charts
from testing.schemas import schema_messages

pytestmark = pytest.mark.helm

ENVIRONMENTS = sorted(product().environments)
GOLDEN = Path(__file__).parent / "golden"
UMBRELLAS = [str(chart.name) for chart in charts() if chart.kind is ChartKind.UMBRELLA]


def file_of(item: Object) -> str:
    """Name of an object's golden file."""
    return f"{item.kind}-{item.name}.yaml"


def committed_files(repository: Repository) -> dict[str, str]:
    """Text → path of every file that a chart has below `files/`."""
    paths = sorted(repository.root.glob("charts/*/files/**/*"))
    return {
        path.read_text(encoding="utf-8"): path.relative_to(repository.root).as_posix()
        for path in paths
        if path.is_file()
    }


def brief(made: dict[str, object], files: Mapping[str, str]) -> dict[str, object]:
    """An object with `<path>` in place of what is committed as it is."""
    if made["kind"] != "ConfigMap":
        return made
    data = {key: f"<{files[text]}>" if text in files else text for key, text in dig(made, "data").items()}
    return {**made, "data": data}


def wanted(repository: Repository, umbrella: str, environment: str) -> dict[str, str]:
    """File name → text. Definitions are left out: they are committed as they are, and checked by `./inv crds --check`."""
    rendered = repository.rendered(repository.case(umbrella, environment)).objects
    objects = [item for item in rendered if item.kind != "CustomResourceDefinition"]
    files = committed_files(repository)
    made = {file_of(item): yaml.text_of(brief(normalise(item), files)) for item in objects}
    assert len(made) == len(objects), "two objects share a file name"
    return made


@pytest.mark.parametrize("umbrella", UMBRELLAS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_object_is_as_its_golden_file_says(
    repository: Repository, umbrella: str, environment: str, update: bool
) -> None:
    folder = GOLDEN / environment / umbrella
    files = wanted(repository, umbrella, environment)
    if update:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.yaml"):
            path.unlink()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    there = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*"))}
    assert sorted(there) == sorted(files), "objects appeared or went: ./inv test --tier umbrella --update"
    for name, text in files.items():
        assert there[name] == text


def test_no_golden_folder_is_left_over() -> None:
    there = {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.glob("*/*")}
    assert there == {f"{environment}/{umbrella}" for environment in ENVIRONMENTS for umbrella in UMBRELLAS}


def test_every_golden_file_is_valid_for_the_api_server(tmp_path: Path) -> None:
    from slipway.build import render

    cases = [
        Manifests(
            chart=folder.name,
            folders={},
            label=folder.parent.name,
            objects=render.parse("---\n".join(texts_of(folder))),
        )
        for folder in sorted(GOLDEN.glob("*/*"))
    ]
    assert schema_messages(cases, tmp_path) == []


def texts_of(folder: Path) -> list[str]:
    """The golden files of an umbrella."""
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))]


def test_golden_files_hold_neither_versions_nor_checksums_of_today() -> None:
    for path in GOLDEN.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if "helm.sh/chart:" in line or line.strip().startswith("checksum/")]
        assert all(line.endswith(("-0.0.0", "<checksum>")) for line in lines), path
