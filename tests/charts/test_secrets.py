"""The secrets of the real platform: each has a producer, and what is missing can be sealed by the command that is told."""

import re

import pytest

from slipway.build.cases import ALL_OFF
from slipway.core.model import ChartKind
from slipway.release.checks import members_of
from slipway.secrets import inventory, producers
from slipway.secrets.value_sources import parse_flags
from testing.rendering import Repository, charts

pytestmark = pytest.mark.helm

UMBRELLAS = [str(chart.name) for chart in charts() if chart.kind is ChartKind.UMBRELLA]


def space(repository: Repository, umbrella: str, label: str) -> inventory.RenderedNamespace:
    """An umbrella's render with what its members declare."""
    case = repository.case(umbrella, label)
    declared = tuple(inventory.declared_secrets(members_of(repository.builder.workspace, case)))
    return inventory.RenderedNamespace(name=umbrella, objects=repository.rendered(case).objects, declared=declared)


@pytest.mark.parametrize("umbrella", UMBRELLAS)
def test_every_secret_of_the_platform_has_one_producer(repository: Repository, umbrella: str) -> None:
    labels = [case.label for case in repository.cases(umbrella) if case.label != ALL_OFF]

    found = [
        str(problem)
        for label in labels
        for problem in producers.producer_problems(space(repository, umbrella, label), {}, label)
    ]

    assert found == []


@pytest.mark.parametrize("umbrella", UMBRELLAS)
def test_what_is_missing_has_a_purpose_and_a_command_that_is_understood(repository: Repository, umbrella: str) -> None:
    entries = inventory.secret_entries("staging", [space(repository, umbrella, "staging")], {})

    for entry in entries:
        if not entry.missing:
            assert entry.producer, entry.name
            continue
        assert entry.purpose, entry.name
        asked = parse_flags(
            re.findall(r"--key (\S+)", entry.command), [], re.findall(r"--generate (\S+)", entry.command)
        )
        assert {*asked.prompted, *asked.generated} == set(entry.missing)
