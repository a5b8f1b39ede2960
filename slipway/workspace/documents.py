"""The values files of a workspace as YAML, each text parsed once."""

from __future__ import annotations

import functools

from slipway.core.model import Chart, Environment
from slipway.util import yaml


@functools.lru_cache(maxsize=2048)
def parsed(text: bytes, where: str) -> yaml.Document:
    """A document that nobody may change: every caller with the same text shares it.

    Raises:
        WorkspaceError: see `yaml.parse`.
    """
    return yaml.parse(text, where)


def chart_document(chart: Chart) -> yaml.Document:
    """A chart's values.yaml; empty when it has none.

    Raises:
        WorkspaceError: it is not YAML.
    """
    return parsed(chart.files.get("values.yaml", b""), f"{chart.folder}/values.yaml")


def platform_document(environment: Environment) -> yaml.Document:
    """An environment's platform.yaml.

    Raises:
        WorkspaceError: it is not YAML.
    """
    return parsed(environment.platform.text, environment.platform.path)


def namespace_document(environment: Environment, umbrella: str) -> yaml.Document | None:
    """An environment's file for an umbrella, if it has one.

    Raises:
        WorkspaceError: it is not YAML.
    """
    file = environment.namespaces.get(umbrella)
    return None if file is None else parsed(file.text, file.path)
