"""The charts of this repository, built and rendered once for all tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from slipway.build import render
from slipway.build.builder import Builder, Built
from slipway.build.cases import RenderCase, cases_of
from slipway.build.render import Rendered
from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartName
from slipway.workspace import graph
from testing.product import product
from testing.workspaces import ROOT, builder_of

KUBE_VERSION = "1.37.0"


def charts() -> tuple[Chart, ...]:
    """The charts of this repository, in release order; none while there is none, so that tests can be collected."""
    workspace = product()
    return tuple(workspace.charts[name] for name in graph.order(workspace))


@dataclass(frozen=True, kw_only=True)
class Repository:
    """This repository, staged, packed and rendered below one folder."""

    folder: Path
    root: Path = ROOT

    @cached_property
    def builder(self) -> Builder:
        """Builds the charts."""
        return builder_of(self.root, self.folder, workspace=product() if self.root == ROOT else None)

    @cached_property
    def everything(self) -> tuple[Mapping[ChartName, Built], tuple[Problem, ...]]:
        """Every chart that can be built, and why the others cannot."""
        return self.builder.build(graph.order(self.builder.workspace))

    @property
    def built(self) -> Mapping[ChartName, Built]:
        """Every chart."""
        built, problems = self.everything
        assert not problems, "\n".join(map(str, problems))
        return built

    @cached_property
    def renderer(self) -> render.Renderer:
        """Renders them."""
        return render.renderer_of(self.builder, helm_version="test", kube_version=KUBE_VERSION)

    def cases(self, name: str) -> tuple[RenderCase, ...]:
        """Every render of a chart."""
        return cases_of(self.builder, self.built[ChartName(name)].chart)

    def case(self, name: str, label: str) -> RenderCase:
        """One render of a chart."""
        return next(case for case in self.cases(name) if case.label == label)

    def rendered(self, case: RenderCase) -> Rendered:
        """A render that must succeed."""
        done = self.renderer.render(case.request)
        assert not done.error, done.error
        return done
