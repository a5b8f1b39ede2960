"""The versions that the environments run: the pins of `deploy/`, compared with the workspace. Pure, without a registry.

A pin has the version of an umbrella and the digest of its inputs. If the digest equals the workspace's, the members run at the
versions in Chart.yaml; otherwise their versions are known to the package only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.core.model import ChartName
from slipway.docs.markdown import EMPTY, code
from slipway.docs.source.parsing import ParsedChart, ParsedWorkspace
from slipway.workspace.digest import digest_all


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedUmbrella:
    """The pin of an umbrella in an environment."""

    version: str
    matches_workspace: bool
    """Whether it was built from the inputs in the workspace."""


PinnedVersions = Mapping[str, Mapping[ChartName, PinnedUmbrella]]
"""Environment → umbrella → its pin."""


def state(parsed: ParsedWorkspace) -> PinnedVersions:
    """The pins of every environment.

    Raises:
        WorkspaceError: see `digest_all`.
    """
    digests = digest_all(parsed.workspace) if any(parsed.pins.values()) else {}
    return {
        environment: {
            name: PinnedUmbrella(version=pin.version, matches_workspace=digests.get(name) == pin.input_digest)
            for name, pin in parsed.pins.get(environment, {}).items()
        }
        for environment in parsed.workspace.environments
    }


def umbrella(pin: PinnedUmbrella | None) -> str:
    """A table cell with the pinned version of an umbrella."""
    if pin is None:
        return EMPTY
    return code(pin.version) if pin.matches_workspace else f"{code(pin.version)}, changed in git since"


def rows(pinned: PinnedVersions, entry: ParsedChart) -> Iterator[tuple[str, str]]:
    """Table rows of a service: environment and the versions that it runs."""
    for environment, pins in pinned.items():
        versions = [text for name in entry.umbrellas if (text := member(pins.get(ChartName(name)), name, entry))]
        if versions:
            yield f"Pinned in {environment}", ", ".join(versions)


def member(pin: PinnedUmbrella | None, umbrella_name: str, entry: ParsedChart) -> str:
    """The version of a member of a pinned umbrella, if it is known."""
    if pin is None:
        return ""
    where = f"{umbrella_name} {pin.version}"
    return f"{code(entry.chart.version)} in {where}" if pin.matches_workspace else f"the version packaged in {where}"


def card(pinned: PinnedVersions, entry: ParsedChart) -> str:
    """For a card of the chart index: the chart's version, and the environments that run it."""
    environments = [
        name
        for name, pins in pinned.items()
        if any((pin := pins.get(ChartName(one))) is not None and pin.matches_workspace for one in entry.umbrellas)
    ]
    return f"chart {entry.chart.version}, {'pinned in ' + ' and '.join(environments) if environments else 'not pinned'}"
