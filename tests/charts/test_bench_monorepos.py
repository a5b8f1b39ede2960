"""What `./inv bench` generates: releasable, or a benchmark would measure nothing."""

import os
from pathlib import Path

import pytest

from slipway.context import open_context
from slipway.release import checks
from slipway.workspace import graph
from testing.monorepo import large

pytestmark = pytest.mark.helm


def test_a_generated_monorepo_has_no_problem(tmp_path: Path) -> None:
    repo = large(tmp_path / "repo", services=4, per_umbrella=2)
    context = open_context(repo.root, os.environ, quiet=True)

    assert [str(problem) for problem in checks.everything(context, tuple(graph.order(context.workspace)))] == []
