"""Services rendered many in one process: the same text as each gives by itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from slipway import batch, cache
from slipway.lint.renders import Case
from slipway.model import ChartKind
from slipway.render import Renderer
from testing.rendering import Yard, charts

pytestmark = pytest.mark.helm


def kept(renderer: Renderer, case: Case) -> str | None:
    """What the cache has for a render."""
    return cache.Cache(folder=renderer.folder).get(renderer.key(case.request))


def alone(renderer: Renderer, folder: Path, case: Case) -> str:
    """The text of a single render."""
    single = replace(renderer, folder=folder)
    assert not single.render(case.request).error
    return kept(single, case) or ""


def test_every_service_renders_in_a_batch_as_alone(tmp_path: Path) -> None:
    yard = Yard(folder=tmp_path / "build")
    services = [str(chart.name) for chart in charts() if chart.kind is ChartKind.SERVICE]
    cases = [case for name in services for case in yard.cases(name)]
    renderer = replace(yard.renderer, folder=tmp_path / "batch")
    batch.warm(renderer, yard.builder, cases, tmp_path / "scratch")
    made = {(case.chart.name, case.label): text for case in cases if (text := kept(renderer, case)) is not None}
    # The others bring definitions, or say something that could be read as the end of a document.
    assert len({name for name, _ in made}) > len(services) / 2
    assert made == {
        (case.chart.name, case.label): alone(yard.renderer, tmp_path / "alone", case)
        for case in cases
        if (case.chart.name, case.label) in made
    }
