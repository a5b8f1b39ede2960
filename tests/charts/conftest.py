"""Small charts around the real library, rendered by helm; and the charts of this repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from slipway.build.render import Renderer
from slipway.tools.helm import Helm
from slipway.tools.run import run_process
from testing.charts import ChartFactory, Rendering
from testing.fixtures import repository
from testing.rendering import KUBE_VERSION
from testing.workspaces import program

__all__ = ["repository"]

Render = Callable[..., Rendering]
Refuse = Callable[..., str]


@pytest.fixture(scope="session")
def charts(tmp_path_factory: pytest.TempPathFactory) -> ChartFactory:
    """Makes and renders charts."""
    folder = tmp_path_factory.mktemp("charts")
    helm = Helm(run=run_process, program=lambda: program("helm"), home=folder / "helm")
    renderer = Renderer(helm=helm, helm_version="test", kube_version=KUBE_VERSION, folder=folder / "cache")
    return ChartFactory(folder=folder, renderer=renderer)


@pytest.fixture
def render(charts: ChartFactory) -> Render:
    """Render the minimal service, or another chart, with these values over its own."""

    def run(
        values: str = "", *, chart: Path | None = None, release: str = "home", namespace: str = "apps"
    ) -> Rendering:
        objects, error = charts.run(chart or charts.chart(), values, release, namespace)
        assert not error, error
        return objects

    return run


@pytest.fixture
def refuse(charts: ChartFactory) -> Refuse:
    """Helm's error when it refuses to render the minimal service, or another chart, with these values."""

    def run(values: str = "", *, chart: Path | None = None, release: str = "home", namespace: str = "apps") -> str:
        _, error = charts.run(chart or charts.chart(), values, release, namespace)
        assert error, "helm rendered it"
        return error

    return run
