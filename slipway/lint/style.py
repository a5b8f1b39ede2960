"""yamllint and yamale, in process and with the very files that chart-testing uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slipway.errors import Problem
from slipway.model import Chart, Workspace

SETTINGS = Path(__file__).parent / "ct"
LINT_CONF = SETTINGS / "lintconf.yaml"
CHART_SCHEMA = SETTINGS / "chart_schema.yaml"


def check(workspace: Workspace, charts: tuple[Chart, ...]) -> Iterator[Problem]:
    """Every finding in Chart.yaml, values.yaml and ci/*-values.yaml of the charts, and in the environments' values."""
    for chart in charts:
        folder = workspace.root / chart.folder
        for path in (folder / "Chart.yaml", folder / "values.yaml", *sorted(folder.glob("ci/*-values.yaml"))):
            if path.is_file():
                yield from yamllint(path.relative_to(workspace.root).as_posix(), path.read_bytes())
        yield from yamale(workspace.root / chart.folder / "Chart.yaml", f"{chart.folder}/Chart.yaml")
    for environment in workspace.environments.values():
        for file in (environment.platform, *environment.namespaces.values()):
            yield from yamllint(file.path, file.text)


def yamllint(where: str, content: bytes) -> Iterator[Problem]:
    """What yamllint finds in one file."""
    from yamllint import linter
    from yamllint.config import YamlLintConfig

    settings = YamlLintConfig(file=str(LINT_CONF))
    for found in linter.run(content.decode("utf-8", "replace"), settings):
        if found.level == "error" and found.rule is not None:
            yield Problem(where=f"{where}:{found.line}", fact=f"{found.desc} ({found.rule})", rule="yaml.style")


def yamale(path: Path, where: str) -> Iterator[Problem]:
    """What chart-testing's schema of Chart.yaml refuses."""
    import yamale as library

    schema = library.make_schema(str(CHART_SCHEMA), parser="ruamel")
    data = library.make_data(str(path), parser="ruamel")
    for result in library.validate(schema, data, strict=True, _raise_error=False):
        for error in result.errors:
            yield Problem(where=where, fact=str(error), rule="chart.yamale")
