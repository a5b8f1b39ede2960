"""Answers → the files that follow from them, checked as lint checks them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from slipway.config import edit
from slipway.configure import facts
from slipway.configure.model import SETTINGS_FILE, Answers, Change, Home
from slipway.configure.questions import ENVIRONMENTS, questions_of
from slipway.core.errors import Problem, ProblemsFound
from slipway.core.model import Environment, ValuesFile, Workspace
from slipway.lint import static_checks
from slipway.util import yaml
from slipway.util.mapping import leaves, shown, spelled
from slipway.workspace.value_edits import with_modeline, without_marked

SCHEMAS = "../../build/schemas"
"""Where a file of an environment finds its schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What `configure` would write."""

    environment: str
    texts: Mapping[str, bytes | None]
    """Path → new content of every file that changes; None: it goes."""
    changes: tuple[str, ...]
    """One line for each value that changes, and each environment that goes."""


def plan_of(home: Home, answers: Answers, settings_text: str) -> Plan:
    """The files of these answers.

    Args:
        home: the environment that they are about.
        answers: of every question that applies.
        settings_text: of pyproject.toml.

    Raises:
        ProblemsFound: lint would refuse what they make.
        WorkspaceError: a file cannot be edited by a program.
    """
    changes = [
        change
        for question in (ENVIRONMENTS, *questions_of(home))
        if question.key in answers
        for change in question.changes(home, answers[question.key], answers)
    ]
    before = files_of(home.workspace)
    gone = [name for name in home.workspace.environments if name not in names_of(answers)]
    after = {
        **values_after(home, changes),
        **{path: None for name in gone for path in before if path.startswith(f"values/{name}/")},
    }
    settings = [change for change in changes if change.file == SETTINGS_FILE]
    new_settings = with_settings(settings_text, home, settings)
    texts = {path: text for path, text in after.items() if text != before.get(path)}
    require_sound(home.workspace, with_texts(home, {**before, **after}, names_of(answers)))
    lines = [
        line for path, text in texts.items() if text is not None for line in differences(path, before.get(path), text)
    ]
    lines += [f"values/{name}: removed" for name in gone]
    if new_settings != settings_text:
        texts[SETTINGS_FILE] = new_settings.encode()
        lines += settings_lines(home, settings)
    return Plan(environment=home.environment, texts=texts, changes=tuple(lines))


def names_of(answers: Answers) -> tuple[str, ...]:
    """The environments of the answers."""
    names = answers[ENVIRONMENTS.key]
    assert isinstance(names, tuple)
    return names


def files_of(workspace: Workspace) -> dict[str, bytes]:
    """Path → text of every values file."""
    return {
        file.path: file.text
        for environment in workspace.environments.values()
        for file in (environment.platform, *environment.namespaces.values())
    }


def values_after(home: Home, changes: Sequence[Change]) -> dict[str, bytes | None]:
    """The environment's files with the changes; one whose last value went goes too."""
    present = (file for file in home.present.namespaces.values() if yaml.parse(file.text, file.path).mapping)
    texts: dict[str, bytes] = {file.path: file.text for file in present}
    platform = [change for change in changes if change.file == home.platform]
    texts[home.platform] = facts.platform_text(home, platform)
    for change in changes:
        if change.file in {home.platform, SETTINGS_FILE}:
            continue
        text = texts.get(change.file, b"")
        texts[change.file] = without_marked(text, change.mark) if change.mark else facts.edited(text, change)
    return {path: with_schema(path, text) if yaml.parse(text, path).mapping else None for path, text in texts.items()}


def with_schema(path: str, text: bytes) -> bytes:
    """A file that names its schema for editors."""
    name = path.rpartition("/")[2].removesuffix(".yaml")
    return with_modeline(text, f"{SCHEMAS}/{name}.json")


def with_settings(text: str, home: Home, changes: Sequence[Change]) -> str:
    """pyproject.toml with the settings that differ."""
    wanted = {change.path[0]: change.value for change in changes}
    wanted = {key: value for key, value in wanted.items() if value != home.settings.get(key)}
    if not wanted:
        return text
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in wanted.items()]
    return edit.with_settings_of(text, "\n".join([edit.HEADER, *lines, ""]), tuple(wanted))


def settings_lines(home: Home, changes: Sequence[Change]) -> Iterator[str]:
    """A line for each setting that changes."""
    for change in changes:
        key, old = change.path[0], home.settings.get(change.path[0])
        if old != change.value:
            yield f"{SETTINGS_FILE}: {key}: {shown(old)} → {shown(change.value)}"


def differences(path: str, before: bytes | None, after: bytes) -> Iterator[str]:
    """A line for each value of a file that changes."""
    old = dict(leaves(yaml.parse(before or b"", path).mapping))
    new = dict(leaves(yaml.parse(after, path).mapping))
    for key in [*new, *(key for key in old if key not in new)]:
        if key not in old:
            yield f"{path}: {spelled(key)}: {shown(new[key])}"
        elif key not in new:
            yield f"{path}: {spelled(key)}: {shown(old[key])} → the default"
        elif old[key] != new[key]:
            yield f"{path}: {spelled(key)}: {shown(old[key])} → {shown(new[key])}"
    if before is not None and old == new:
        yield f"{path}: the schema for editors"


def with_texts(home: Home, texts: Mapping[str, bytes | None], names: Sequence[str]) -> Workspace:
    """The workspace with other values."""

    def environment(name: str) -> Environment:
        folder = f"values/{name}/"
        files = {
            path.removeprefix(folder).removesuffix(".yaml"): ValuesFile(path=path, text=text)
            for path, text in texts.items()
            if path.startswith(folder) and text is not None
        }
        present = home.of(name).present
        platform = files.pop("platform", present.platform)
        return replace(present, platform=platform, namespaces=files)

    workspace = home.workspace
    return Workspace(
        root=workspace.root, charts=workspace.charts, environments={name: environment(name) for name in names}
    )


def require_sound(before: Workspace, after: Workspace) -> None:
    """Refuse what lint would refuse, and did not refuse before.

    Raises:
        ProblemsFound: every such problem.
    """
    known = {(problem.rule, problem.fact) for problem in problems_of(before)}
    found = problems_of(after)
    if new := [problem for problem in found if (problem.rule, problem.fact) not in known]:
        raise ProblemsFound(new)


def problems_of(workspace: Workspace) -> tuple[Problem, ...]:
    """The problems of the umbrellas and of the workspace, found once."""
    results = workspace.results
    if problems_of not in results:
        results[problems_of] = static_checks.static_problems(workspace, [each.name for each in workspace.umbrellas])
    return cast("tuple[Problem, ...]", results[problems_of])
