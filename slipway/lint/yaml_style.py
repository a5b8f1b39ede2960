"""yamllint and yamale in this process, with ct's settings: the findings of `ct lint` without 0.2 s for each file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartName
from slipway.core.profile import HOMELAB, Profile
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check, workspace_check
from slipway.toolchain.shipped import sources
from slipway.util.files import decode, read_text
from slipway.workspace.documents import parsed

if TYPE_CHECKING:
    from yamale.schema import Schema  # type: ignore[import-untyped]
    from yamllint.config import YamlLintConfig

STYLE = Rule("yaml.style", "yamllint finds nothing, with the settings of .ct/lintconf.yaml.")
FIELDS = Rule("chart.fields", "Chart.yaml has the fields of .ct/chart_schema.yaml and no other.")

FOLDER = ".ct"
FILES = ("ct.yaml", "lintconf.yaml", "chart_schema.yaml")
SHIPPED = sources() / FOLDER
"""The settings of this repository; a workspace may have its own."""


def config_folder(root: Path, profile: Profile = HOMELAB) -> Path:
    """The folder with ct.yaml, lintconf.yaml and chart_schema.yaml: of the workspace, when it has all of them.

    Settings of another monorepo are for its own runs of ct, which look into git and build dependencies.
    """
    own = root / FOLDER
    return own if profile.vocabulary and all((own / name).is_file() for name in FILES) else SHIPPED


class CtSettings:
    """The settings of yamllint and yamale, read once."""

    def __init__(self, context: LintContext) -> None:
        self.folder = config_folder(context.workspace.root, context.workspace.profile)

    @cached_property
    def yamllint(self) -> YamlLintConfig:
        """lintconf.yaml."""
        return yamllint_config(read_text(self.folder / "lintconf.yaml", ".ct/lintconf.yaml"))

    @cached_property
    def chart_schema(self) -> Schema:
        """chart_schema.yaml."""
        return yamale_schema(read_text(self.folder / "chart_schema.yaml", ".ct/chart_schema.yaml"))


@workspace_check(STYLE)
def environment_style(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    for environment in context.workspace.environments.values():
        files = (environment.platform, *environment.namespaces.values())
        yield from yamllint_problems(context.once(CtSettings), {file.path: file.text for file in files})


@chart_check()
def chart_syntax(context: LintContext, chart: Chart) -> Iterator[Problem]:
    """YAML files of a chart that not every reader takes for the same; the style of them is another question."""
    for path, content in written_files(context, chart).items():
        try:
            parsed(content, path)
        except WorkspaceError as error:
            yield from error.problems


@chart_check(STYLE)
def chart_style(context: LintContext, chart: Chart) -> Iterator[Problem]:
    yield from yamllint_problems(context.once(CtSettings), written_files(context, chart))


def written_files(context: LintContext, chart: Chart) -> dict[str, bytes]:
    """Path → content of the YAML files of a chart that people write."""
    root = context.workspace.root
    folder = root / chart.folder
    paths = (folder / "Chart.yaml", folder / "values.yaml", *sorted(folder.glob("ci/*.yaml")))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()}


@chart_check(FIELDS)
def chart_fields(context: LintContext, chart: Chart) -> Iterator[Problem]:
    path = f"{chart.folder}/Chart.yaml"
    document = parsed((context.workspace.root / path).read_bytes(), path)
    for message in context.once(CtSettings).chart_schema.validate(document.data, path, True).errors:
        field, _, reason = message.partition(": ")
        keys = re.sub(r"[\[\]]", "", field).split(".")
        hint = "the fields are in .ct/chart_schema.yaml"
        yield FIELDS.problem(where=document.at(*keys), fact=f"{field}: {reason}", hint=hint)


def yamllint_problems(settings: CtSettings, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Findings of yamllint; syntax errors come from our own parser, whose messages are the same everywhere."""
    for path, content in files.items():
        try:
            parsed(content, path)
        except WorkspaceError as error:
            yield from error.problems
            continue
        for line, fact, rule in cosmetic_problems(content, settings.yamllint, path):
            hint = f"rule {rule} of .ct/lintconf.yaml"
            yield STYLE.problem(where=f"{path}:{line}", fact=f"yamllint: {fact}", hint=hint)


@lru_cache(maxsize=8)
def yamllint_config(text: str) -> YamlLintConfig:
    """A parsed lintconf.yaml."""
    from yamllint.config import YamlLintConfig

    return YamlLintConfig(text)


@lru_cache(maxsize=8)
def yamale_schema(text: str) -> Schema:
    """A parsed chart_schema.yaml."""
    import yamale

    return yamale.make_schema(content=text)


@lru_cache(maxsize=2048)
def cosmetic_problems(content: bytes, settings: YamlLintConfig, path: str) -> tuple[tuple[int, str, str], ...]:
    """Line, description and rule of each finding of yamllint."""
    from yamllint import linter

    found = linter.get_cosmetic_problems(decode(content, path), settings, path)
    return tuple((each.line, str(each.desc), str(each.rule)) for each in found)
