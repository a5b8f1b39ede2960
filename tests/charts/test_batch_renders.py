"""Services rendered many in one process: the same text as each gives by itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.build import batch
from slipway.build.cases import RenderCase
from slipway.build.render import Renderer
from slipway.core.model import ChartKind
from slipway.util import cache
from testing.rendering import Repository, charts

pytestmark = pytest.mark.helm


def kept(renderer: Renderer, case: RenderCase) -> str | None:
    """What the cache has for a render."""
    return cache.Cache(folder=renderer.folder).get(renderer.key(case.request))


def alone(renderer: Renderer, folder: Path, case: RenderCase) -> str:
    """The text of a single render."""
    single = replace(renderer, folder=folder)
    assert not single.render(case.request).error
    return kept(single, case) or ""


def test_every_service_renders_in_a_batch_as_alone(tmp_path: Path) -> None:
    repository = Repository(folder=tmp_path / "build")
    services = [str(chart.name) for chart in charts() if chart.kind is ChartKind.SERVICE]
    cases = [case for name in services for case in repository.cases(name)]
    renderer = replace(repository.renderer, folder=tmp_path / "batch")
    batch.warm(renderer, repository.builder, cases, tmp_path / "scratch")
    made = {(case.chart.name, case.label): text for case in cases if (text := kept(renderer, case)) is not None}
    # The others bring definitions, or say something that could be read as the end of a document.
    assert len({name for name, _ in made}) > len(services) / 2
    assert made == {
        (case.chart.name, case.label): alone(repository.renderer, tmp_path / "alone", case)
        for case in cases
        if (case.chart.name, case.label) in made
    }
