"""The checks of a release refuse a claim that the LimitRange of its namespace does not allow, and name the value."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.context import open_context
from slipway.core.model import ChartName
from slipway.release import checks
from slipway.workspace import digest, graph
from testing.workspaces import ROOT, builder_of

pytestmark = pytest.mark.helm

HTPC, BASELINE = ChartName("htpc"), ChartName("baseline")


def test_the_checks_refuse_a_claim_beyond_the_limit_range_of_its_namespace(tmp_path: Path) -> None:
    context = open_context(ROOT, os.environ, quiet=True)
    builder = builder_of(ROOT, tmp_path)
    charts = builder.workspace.charts
    text = charts[BASELINE].files["values.yaml"]
    assert text.count(b"max: {storage: ") == 1
    files = {**charts[BASELINE].files, "values.yaml": text.replace(b"max: {storage: ", b"max: {storage: 65Mi} #")}
    workspace = replace(builder.workspace, charts={**charts, BASELINE: replace(charts[BASELINE], files=files)})
    builder = replace(builder, workspace=workspace, digests=digest.digest_all(workspace))
    built, problems = builder.build(graph.closure(workspace, [HTPC]))
    assert problems == ()

    found = {problem.where: problem.hint for problem in checks.test(context, builder, built, [HTPC])}

    assert found["htpc: PersistentVolumeClaim media"] == (
        "change media.persistence.media.size, or the maximum in baseline.extraObjects.limits.spec.limits"
    )
