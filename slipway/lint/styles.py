"""yamllint and yamale in this process, with the very files that ct reads: the same findings without 0.2 s for each file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, Workspace
from slipway.util.files import decode, read_text
from slipway.workspace.documents import parsed

if TYPE_CHECKING:
    from yamale.schema import Schema  # type: ignore[import-untyped]
    from yamllint.config import YamlLintConfig

FOLDER = ".ct"
SHIPPED = Path(__file__).resolve().parents[2] / FOLDER
"""The settings beside this package; a workspace may have its own."""


def config_folder(root: Path) -> Path:
    """Where ct.yaml, lintconf.yaml and chart_schema.yaml are."""
    return root / FOLDER if (root / FOLDER).is_dir() else SHIPPED


class Styles:
    """The style of a workspace's files; the settings are read once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.folder = config_folder(workspace.root)

    @cached_property
    def settings(self) -> YamlLintConfig:
        """yamllint's."""
        return lint_settings(read_text(self.folder / "lintconf.yaml", ".ct/lintconf.yaml"))

    @cached_property
    def fields(self) -> Schema:
        """yamale's schema of Chart.yaml."""
        return chart_fields(read_text(self.folder / "chart_schema.yaml", ".ct/chart_schema.yaml"))

    def environments(self) -> Iterator[Problem]:
        """The values of every environment."""
        for environment in self.workspace.environments.values():
            for file in (environment.platform, *environment.namespaces.values()):
                yield from self.style({file.path: file.text})

    def chart(self, chart: Chart) -> Iterator[Problem]:
        """What people write in a chart, and the fields of its Chart.yaml."""
        root = self.workspace.root
        top = root / chart.folder
        paths = (top / "Chart.yaml", top / "values.yaml", *sorted(top.glob("ci/*.yaml")))
        yield from self.style(
            {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()}
        )
        yield from self.fields_of(f"{chart.folder}/Chart.yaml", (top / "Chart.yaml").read_bytes())

    def style(self, files: Mapping[str, bytes]) -> Iterator[Problem]:
        """What yamllint says; syntax is left to our own parser, whose message is the same everywhere."""
        for path, content in files.items():
            try:
                parsed(content, path)
            except WorkspaceError as error:
                yield from error.problems
                continue
            for line, fact, rule in cosmetics(content, self.settings, path):
                hint = f"rule {rule} of .ct/lintconf.yaml"
                yield Problem(where=f"{path}:{line}", fact=f"yamllint: {fact}", hint=hint, rule="yaml.style")

    def fields_of(self, path: str, text: bytes) -> Iterator[Problem]:
        """What yamale says about a Chart.yaml."""
        document = parsed(text, path)
        for message in self.fields.validate(document.data, path, True).errors:
            field, _, said = message.partition(": ")
            keys = re.sub(r"[\[\]]", "", field).split(".")
            yield Problem(
                where=document.at(*keys),
                fact=f"{field}: {said}",
                hint="the fields are in .ct/chart_schema.yaml",
                rule="chart.fields",
            )


@lru_cache(maxsize=8)
def lint_settings(text: str) -> YamlLintConfig:
    """yamllint's configuration of a text."""
    from yamllint.config import YamlLintConfig

    return YamlLintConfig(text)


@lru_cache(maxsize=8)
def chart_fields(text: str) -> Schema:
    """yamale's schema of a text."""
    import yamale

    return yamale.make_schema(content=text)


@lru_cache(maxsize=2048)
def cosmetics(content: bytes, settings: YamlLintConfig, path: str) -> tuple[tuple[int, str, str], ...]:
    """Line, description and rule of everything that yamllint reports about a file."""
    from yamllint import linter

    found = linter.get_cosmetic_problems(decode(content, path), settings, path)
    return tuple((each.line, str(each.desc), str(each.rule)) for each in found)
