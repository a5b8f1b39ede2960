"""Which renders may share a process, and how what they give is taken apart."""

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.build import batch
from slipway.build.cases import RenderCase, cases_of
from slipway.build.render import Renderer, renderer_of
from slipway.core.model import ChartName
from slipway.tools.run import Command, Completed
from testing.monorepo import TEMPLATE, Monorepo, small
from testing.workspaces import builder_of

OUTPUT = """\
---
# Source: batch/charts/radarr/templates/all.yaml
kind: Service
---
# Source: batch/charts/sonarr/charts/common/templates/x.yaml
kind: ConfigMap
---
# Source: batch/charts/radarr/templates/all.yaml
kind: Deployment
"""


def cases(repo: Monorepo, folder: Path) -> list[RenderCase]:
    """Every render of the two services."""
    builder = builder_of(repo.root, folder)
    return [
        case for name in ("radarr", "sonarr") for case in cases_of(builder, builder.workspace.charts[ChartName(name)])
    ]


def members(repo: Monorepo, folder: Path) -> list[str]:
    """The services that may be rendered with others."""
    builder = builder_of(repo.root, folder)
    return [case.chart.name for case in cases(repo, folder) if batch.member_of(builder, case) is not None]


def test_the_output_is_taken_apart_by_member() -> None:
    assert batch.pieces(OUTPUT) == {
        "radarr": "---\n# Source: radarr/templates/all.yaml\nkind: Service\n"
        "---\n# Source: radarr/templates/all.yaml\nkind: Deployment\n",
        "sonarr": "---\n# Source: sonarr/charts/common/templates/x.yaml\nkind: ConfigMap\n",
    }


def test_what_cannot_be_taken_apart_is_not_kept() -> None:
    assert batch.pieces("a warning\n" + OUTPUT) == {}
    hook = OUTPUT.replace("kind: ConfigMap", "kind: ConfigMap\nmetadata: {annotations: {helm.sh/hook: pre-install}}")
    assert set(batch.pieces(hook)) == {"radarr"}
    assert set(batch.pieces(OUTPUT.replace("kind: Service", "by: batch/charts/radarr/x.tpl"))) == {"sonarr"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("charts/sonarr/templates/more.yaml", '{{ define "sonarr.x" }}{{ end }}\n'),
        ("charts/sonarr/templates/more.yaml", "name: {{ .Template.Name }}\n"),
        ("charts/sonarr/templates/more.yaml", "top: {{ .Chart.IsRoot }}\n"),
        ("charts/sonarr/templates/more.yaml", '{{ if hasKey .Values "global" }}x: 1{{ end }}\n'),
        ("charts/sonarr/templates/more.yaml", "all: {{ toYaml .Values | quote }}\n"),
        ("charts/sonarr/values.yaml", "text: null\n"),
        ("charts/sonarr/crds/x.yaml", "kind: CustomResourceDefinition\n"),
    ],
)
def test_a_service_that_may_notice_is_rendered_alone(tmp_path: Path, path: str, text: str) -> None:
    repo = small(tmp_path / "repo")
    assert members(repo, tmp_path / "build") == ["radarr", "sonarr"]
    repo.write(path, text)
    assert members(repo, tmp_path / "build") == ["radarr"]


def test_a_library_that_may_notice_keeps_every_service_alone(tmp_path: Path) -> None:
    repo = small(tmp_path / "repo")
    repo.library(template=TEMPLATE.replace(".Release.Namespace", ".Template.BasePath"))
    assert members(repo, tmp_path / "build") == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: |\n  one\n\n  two\nb: [1,\n 2]\n", "x:\n  a: |\n    one\n\n    two\n  b: [1,\n   2]\n\n"),
        (b"a: {b: null}\n", ""),
        (b"---\na: 1\n", ""),
        (b"- a\n", ""),
        (b"a: {{\n", ""),
        (b"a: '{{ .Template.Name }}'\n", ""),
    ],
)
def test_values_go_below_a_key_only_when_they_stay_the_same(content: bytes, expected: str) -> None:
    assert batch.nested("x", content) == expected


def test_a_chart_is_in_a_batch_once_and_never_alone(tmp_path: Path) -> None:
    repo = small(tmp_path / "repo")
    repo.write("charts/sonarr/ci/more-values.yaml", "text: more\n")
    builder = builder_of(repo.root, tmp_path / "build")
    found = [
        member for case in cases(repo, tmp_path / "build") if (member := batch.member_of(builder, case)) is not None
    ]
    assert [member.name for member in found] == ["radarr", "sonarr", "sonarr"]
    assert [[member.name for member in share] for share in batch.batches(found)] == [["radarr", "sonarr"]]


def test_a_batch_that_fails_leaves_everything_to_single_renders(tmp_path: Path) -> None:
    repo = small(tmp_path / "repo")
    asked: list[tuple[str, ...]] = []

    def refuse(command: Command) -> Completed:
        asked.append(command.argv)
        return Completed(argv=command.argv, code=1, stdout="", stderr="Error: no", seconds=0.0)

    builder = builder_of(repo.root, tmp_path / "build", refuse)
    builder = replace(builder, helm=replace(builder.helm, program=lambda: Path("helm")))
    renderer: Renderer = renderer_of(builder, helm_version="test", kube_version="1.37.0")
    mine = cases(repo, tmp_path / "build")
    for case in mine:
        case.request.chart.mkdir(parents=True)
    batch.warm(renderer, builder, mine, tmp_path / "scratch")
    assert len(asked) == 1
    assert not renderer.folder.exists()
    assert [made.error for made in renderer.render_all([case.request for case in mine])] == ["Error: no"] * 2
    assert len(asked) == 3
