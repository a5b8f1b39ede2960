"""yamllint and yamale in this process, with the very files that ct reads: the same findings without 0.2 s for each file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from slipway import yamls
from slipway.errors import Problem, WorkspaceError
from slipway.model import Chart, ChartName, Workspace

FOLDER = ".ct"
SHIPPED = Path(__file__).resolve().parents[2] / FOLDER
"""The settings beside this package; a workspace may have its own."""


def config_folder(root: Path) -> Path:
    """Where ct.yaml, lintconf.yaml and chart_schema.yaml are."""
    return root / FOLDER if (root / FOLDER).is_dir() else SHIPPED


def check(workspace: Workspace, names: Sequence[ChartName]) -> Iterator[Problem]:
    """The YAML files of these charts and of every environment."""
    for name in names:
        yield from check_chart(workspace, workspace.charts[name])
    files = {
        file.path: file.text
        for environment in workspace.environments.values()
        for file in (environment.platform, *environment.namespaces.values())
    }
    yield from check_style(files, config_folder(workspace.root) / "lintconf.yaml")


def check_chart(workspace: Workspace, chart: Chart) -> Iterator[Problem]:
    """Style of what people write in a chart, and the fields of its Chart.yaml."""
    top, settings = workspace.root / chart.folder, config_folder(workspace.root)
    paths = (top / "Chart.yaml", top / "values.yaml", *sorted(top.glob("ci/*.yaml")))
    files = {path.relative_to(workspace.root).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    yield from check_style(files, settings / "lintconf.yaml")
    yield from check_fields(files, settings / "chart_schema.yaml")


def check_style(files: Mapping[str, bytes], config: Path) -> Iterator[Problem]:
    """What yamllint says; syntax is left to our own parser, whose message is the same everywhere."""
    from yamllint import linter
    from yamllint.config import YamlLintConfig

    settings = YamlLintConfig(file=str(config))
    for path, text in files.items():
        for found in linter.run(text, settings, path):
            if found.rule is not None:
                yield Problem(
                    where=f"{path}:{found.line}",
                    fact=f"yamllint: {found.desc}",
                    hint=f"rule {found.rule} of .ct/lintconf.yaml",
                    rule="yaml.style",
                )


def check_fields(files: Mapping[str, bytes], schema_file: Path) -> Iterator[Problem]:
    """What yamale says about each Chart.yaml."""
    import yamale

    schema = yamale.make_schema(str(schema_file))
    for path, text in files.items():
        if not path.endswith("/Chart.yaml"):
            continue
        try:
            document = yamls.parse(text, path)
        except WorkspaceError:
            continue  # the workspace's own finding
        result = schema.validate(document.data, path, True)
        for message in result.errors:
            field, _, said = message.partition(": ")
            keys = re.sub(r"[\[\]]", "", field).split(".")
            yield Problem(
                where=document.at(*keys),
                fact=f"{field}: {said}",
                hint="the fields are in .ct/chart_schema.yaml",
                rule="chart.fields",
            )
