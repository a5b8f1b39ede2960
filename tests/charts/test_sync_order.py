"""The checks of a release refuse an address pool that comes in a later sync wave than the Service that waits for it."""

from dataclasses import replace
from pathlib import Path

import pytest

from slipway.core.model import ChartName
from slipway.release import checks
from slipway.workspace import digest, graph
from testing.product import product, product_context
from testing.workspaces import ROOT, builder_of

pytestmark = pytest.mark.helm

INFRA, METALLB = ChartName("infra"), ChartName("metallb")


def test_the_checks_refuse_a_pool_that_comes_after_the_service_that_waits_for_it(tmp_path: Path) -> None:
    context = product_context()
    builder = builder_of(ROOT, tmp_path, workspace=product())
    charts = builder.workspace.charts
    text = charts[METALLB].files["values.yaml"]
    assert b'sync-wave: "15"' in text
    files = {**charts[METALLB].files, "values.yaml": text.replace(b'sync-wave: "15"', b'sync-wave: "25"')}
    workspace = replace(builder.workspace, charts={**charts, METALLB: replace(charts[METALLB], files=files)})
    builder = replace(builder, workspace=workspace, digests=digest.digest_all(workspace))
    built, problems = builder.build(graph.closure(workspace, [INFRA]))
    assert problems == ()

    found = checks.test(context, builder, built, [INFRA])

    assert {problem.where for problem in found if problem.rule == "contract.sync-order"} == {"infra: Service traefik"}
