"""The secrets of the real platform: each has a producer, and what is missing can be sealed by the command that is told."""

import re

import pytest

from slipway.build.cases import ALL_OFF
from slipway.core.model import ChartKind
from slipway.release.checks import declared_in
from slipway.secrets import inventory, producers
from slipway.secrets.value_sources import parse_flags
from testing.rendering import Context, charts

pytestmark = pytest.mark.helm

UMBRELLAS = [str(chart.name) for chart in charts() if chart.kind is ChartKind.UMBRELLA]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """This repository."""
    return Context(folder=tmp_path_factory.mktemp("build"))


def space(context: Context, umbrella: str, label: str) -> inventory.RenderedNamespace:
    """An umbrella's render with what its members declare."""
    case = context.case(umbrella, label)
    declared = declared_in(context.builder.workspace, case)
    return inventory.RenderedNamespace(name=umbrella, objects=context.rendered(case).objects, declared=declared)


@pytest.mark.parametrize("umbrella", UMBRELLAS)
def test_every_secret_of_the_platform_has_one_producer(context: Context, umbrella: str) -> None:
    labels = [case.label for case in context.cases(umbrella) if case.label != ALL_OFF]

    found = [
        str(problem)
        for label in labels
        for problem in producers.producer_problems(space(context, umbrella, label), {}, label)
    ]

    assert found == []


@pytest.mark.parametrize("umbrella", UMBRELLAS)
def test_what_is_missing_has_a_purpose_and_a_command_that_is_understood(context: Context, umbrella: str) -> None:
    entries = inventory.secret_entries("staging", [space(context, umbrella, "staging")], {})

    for entry in entries:
        if not entry.missing:
            assert entry.producer, entry.name
            continue
        assert entry.purpose, entry.name
        asked = parse_flags(
            re.findall(r"--key (\S+)", entry.command), [], re.findall(r"--generate (\S+)", entry.command)
        )
        assert {*asked.prompted, *asked.generated} == set(entry.missing)
