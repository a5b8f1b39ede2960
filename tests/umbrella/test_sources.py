"""What is checked is what Argo CD makes of the package, and what helm makes of the files that people wrote."""

import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from slipway.build.render import parse
from slipway.core.model import ChartKind, ChartName
from slipway.tools.helm import Helm, template_args
from slipway.tools.run import run_process
from slipway.workspace.environments import file_name
from testing.product import product
from testing.rendering import KUBE_VERSION, Repository, charts
from testing.sources import sources_of, values_of
from testing.workspaces import assemble, program

pytestmark = pytest.mark.helm

ENVIRONMENTS = sorted(product().environments)
UMBRELLAS = [str(chart.name) for chart in charts() if chart.kind is ChartKind.UMBRELLA]

TRICKY = """\
app:
  controllers:
    app:
      image: "6063e25"
  extra:
    strings:
      kind: ConfigMap
      apiVersion: v1
      metadata: {name: strings}
      data:
        A_SHA: "6063e25"
        A_EXP: "1e3"
        A_YES: "y"
        A_NO: 'n'
        A_ZERO: "08"
        A_OCT: "0o17"
        A_FRAC: "-.5"
        A_PLUS: "1e+5"
        A_HEX: '0x1f'
        A_UNDER: '1_000'
        A_SCREEN: 'a
          b'
        B_TIME: 12:30
        B_PORTS: 2222:22
        B_MAC: 52:54:00:44:49:56
        B_DATE: 2026-11-29
        B_STAMP: 2026-11-29T12:00:00Z
        OP: =
        MERGE: <<
        "y": key
        "1": key
        "0x1f": key
      numbers: [1e3, 1.10, 1.0, 08, 010, 0o17, -0x1f, 1_000, +.5, 1e21, -0.0, 9007199254740992, y, Off, ~, "~"]
      merged: {<<: {a: 1, b: 2}, b: 3}
      shared: [&a {x: [1, "2"]}, *a]
      text: |
        --- not a document
        12:30
"""
"""Values that readers of YAML take for different things when they are written again."""


def template(chart: Path, name: str, values: Sequence[Path], home: Path, *more: str) -> str:
    """What helm makes of a chart: with the templates' names, in helm's order."""
    run = Helm(run=run_process, program=lambda: program("helm"), home=home)
    args = template_args(chart, release=name, namespace=name, kube_version=KUBE_VERSION, values=values)
    return run(*args, *more).stdout


def two_renders(repository: Repository, name: str, environment: str, folder: Path) -> tuple[str, str]:
    """Of the package as Argo CD unpacks it, and of the sources.

    The sources' schemas name files beside them, which helm does not read: what is packaged has them inside.
    """
    built = repository.built[ChartName(name)]
    with tarfile.open(built.archive.path) as archive:
        archive.extractall(folder, filter="data")
    workspace = repository.builder.workspace
    files = values_of(workspace.environments[environment], built.chart, folder / "values")
    sources = sources_of(workspace, built.chart, folder / "sources")
    return (
        template(folder / name, name, [folder / name / file_name(environment)], folder / "home"),
        template(sources, name, files, folder / "home", "--skip-schema-validation"),
    )


@pytest.mark.parametrize("umbrella", UMBRELLAS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_package_of_an_umbrella_renders_as_its_sources_do(
    repository: Repository, umbrella: str, environment: str, tmp_path: Path
) -> None:
    packaged, written = two_renders(repository, umbrella, environment, tmp_path)

    assert packaged == written
    checked = repository.rendered(repository.case(umbrella, environment)).objects
    assert [item.text for item in checked] == [item.text for item in parse(packaged)]


def test_values_that_readers_take_for_different_things_arrive_as_helm_reads_them(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    root = assemble(tmp_path / "nothing", tmp_path / "repo")
    (root / "values/staging/home.yaml").write_text(TRICKY, encoding="utf-8")
    repository = Repository(folder=tmp_path / "build", root=root)

    packaged, written = two_renders(repository, "home", "staging", tmp_path / "renders")

    assert packaged == written
    assert "A_SHA: 6063e25" not in packaged
    assert 'B_TIME: "12:30"' in packaged
