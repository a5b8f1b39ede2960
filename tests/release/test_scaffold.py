"""A new chart among the real ones: it renders, every check passes from the start, and it is released with its umbrella."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from slipway.context import Context, open_context
from slipway.core.model import ChartName
from slipway.registry import embedded
from slipway.registry.publish import publish_all
from slipway.release import checks
from slipway.scaffold import chart
from slipway.versioning import bump, version
from slipway.workspace import graph
from testing.faulty import unused_port
from testing.product import copy_product

pytestmark = [pytest.mark.helm, pytest.mark.registry]

DAY = date(2026, 11, 23)
NAME = ChartName("audiobooks")
IMAGE = "ghcr.io/example/audiobooks:2.30.0"


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """A copy of this repository with a registry of its own."""
    names = ("charts", "umbrella", "values", ".ct", "pyproject.toml", "LICENSE")
    root = copy_product(tmp_path / "repo", *names)
    opened = open_context(root, {**os.environ, "SLIPWAY_REGISTRY_PORT": str(unused_port())}, quiet=True)
    yield opened
    embedded.daemon_of(opened.config).stop()


def scaffolded(context: Context, **options: str) -> Context:
    given = {"service": NAME, "umbrella": "htpc", "image": IMAGE, "port": "8080", **options}
    chart.create(context.workspace, chart.facts_of(context.workspace, **given), DAY)
    return context.reload()


@pytest.mark.parametrize(
    "options",
    [
        {"health": "/health", "data": "/config:5Gi,/metadata:20Gi", "image": f"{IMAGE}@sha256:{'0' * 64}"},
        {"health": "tcp"},
    ],
    ids=["with volumes and a digest", "only what is required"],
)
def test_a_new_chart_passes_lint_and_contract_as_it_is_born(context: Context, options: dict[str, str]) -> None:
    after = scaffolded(context, **options)

    assert graph.check(after.workspace) == ()
    names = graph.closure(after.workspace, [NAME])
    builder = after.builder()
    built, problems = builder.build(names)
    assert problems == ()
    assert checks.lint(after, builder, built, names) == ()
    assert checks.test(after, builder, built, names) == ()


def test_its_umbrella_renders_it_and_rises_by_a_minor(context: Context) -> None:
    built, problems = context.builder().build(graph.order(context.workspace))
    assert problems == ()
    levels = graph.levels(context.workspace)
    publish_all(context.registry, [[built[name].archive for name in level] for level in levels])

    after = scaffolded(context, data="/config:5Gi")
    bumps = version.effective(after.config.root, bump.bumps_of(after, (), ""), DAY)

    assert [(one.chart, one.level.value) for one in bumps] == [("htpc", "minor")]
    message = [item.description for item in bumps[0].evidence]
    assert "member audiobooks 1.0.0 added" in message
    assert any(line.startswith("5 objects added") and "Deployment audiobooks" in line for line in message)
    version.apply(after.config.root, bumps, DAY)
    assert graph.check(after.reload().workspace) == ()
    assert "## [1.1.0] - 2026-11-23" in (after.config.root / "umbrella/htpc/CHANGELOG.md").read_text(encoding="utf-8")
