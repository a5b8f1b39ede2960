"""pins.yaml, read: the record of what an environment runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from slipway.config import Config
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import ChartName, Digest, Pin
from slipway.util import yaml
from slipway.util.files import read_bytes

PINS = "pins.yaml"
"""Its name below `deploy/<environment>/`."""


def deploy_folder(config: Config, environment: str) -> Path:
    """`deploy/<environment>`."""
    return config.root / "deploy" / environment


def read_pins(config: Config, environment: str) -> tuple[str, dict[ChartName, Pin]]:
    """The registry and the pins of an environment; none when nothing was ever pinned.

    Raises:
        WorkspaceError: the file is not one of ours.
    """
    path, where = deploy_folder(config, environment) / PINS, f"deploy/{environment}/{PINS}"
    return parse_pins(read_bytes(path, where), where) if path.is_file() else ("", {})


def pins_here(config: Config, environment: str) -> dict[ChartName, Pin]:
    """The pins of an environment that name manifests of the configured registry.

    A file that cannot be understood has none: a release writes it anew, and must not fail because of it.
    """
    try:
        registry, pins = read_pins(config, environment)
    except WorkspaceError:
        return {}
    return pins if registry == config.registry.base else {}


def parse_pins(text: bytes, where: str) -> tuple[str, dict[ChartName, Pin]]:
    """pins.yaml → (registry, pins).

    Raises:
        WorkspaceError: the file is not one of ours.
    """
    document = yaml.parse(text, where)
    umbrellas: Any = document.mapping.get("umbrellas")
    pins: dict[ChartName, Pin] = {}
    try:
        for name, entry in umbrellas.items():
            pins[ChartName(name)] = Pin(
                name=ChartName(name),
                version=str(entry["version"]),
                manifest=Digest(str(entry["manifest"])),
                input_digest=Digest(str(entry["input"])),
            )
    except (AttributeError, KeyError, TypeError) as error:
        raise WorkspaceError(
            Problem(where=where, fact="is not a pins file", evidence=(repr(error),), hint="./inv pin writes it anew")
        ) from error
    return str(document.mapping.get("registry", "")), pins
