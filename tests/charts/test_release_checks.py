"""The checks of a release: nothing is found here, and what the cluster would refuse is found before it does."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.core.errors import Problem
from slipway.core.model import ChartKind, ChartName
from slipway.release import checks
from slipway.workspace import digest, graph
from testing.product import product, product_context
from testing.workspaces import ROOT, builder_of

pytestmark = pytest.mark.helm


def checked(build: Path, umbrellas: Sequence[str], changes: dict[str, tuple[str, str]]) -> tuple[Problem, ...]:
    """What the checks of some umbrellas find after a text is replaced wherever the values of some charts have it."""
    context = product_context()
    builder = builder_of(ROOT, build, workspace=product())
    charts = dict(builder.workspace.charts)
    for name, (before, after) in changes.items():
        chart = charts[ChartName(name)]
        text = chart.files["values.yaml"].decode()
        assert before in text
        charts[chart.name] = replace(chart, files={**chart.files, "values.yaml": text.replace(before, after).encode()})
    workspace = replace(builder.workspace, charts=charts)
    builder = replace(builder, workspace=workspace, digests=digest.digest_all(workspace))
    names = [ChartName(name) for name in umbrellas]
    built, problems = builder.build(graph.closure(workspace, names))
    assert problems == ()
    return checks.test(context, builder, built, names)


def test_no_umbrella_has_a_problem_in_any_environment(tmp_path: Path) -> None:
    workspace = product()
    umbrellas = [name for name, chart in workspace.charts.items() if chart.kind is ChartKind.UMBRELLA]

    assert [str(problem) for problem in checked(tmp_path, umbrellas, {})] == []


def test_a_member_that_is_off_by_default_has_no_problem_when_it_is_on(tmp_path: Path) -> None:
    found = checked(tmp_path, ["infra"], {"infra": ("\n  enabled: false\n", "\n  enabled: true\n")})

    assert [str(problem) for problem in found] == []


def test_a_claim_beyond_the_limit_range_of_its_namespace_is_found_with_the_value_to_change(tmp_path: Path) -> None:
    found = checked(tmp_path, ["htpc"], {"baseline": ("max: {storage: ", "max: {storage: 65Mi} #")})

    assert {problem.where: problem.hint for problem in found}["htpc: PersistentVolumeClaim media"] == (
        "change media.persistence.media.size, or the maximum in baseline.extraObjects.limits.spec.limits"
    )


def test_an_address_that_two_namespaces_request_is_found(tmp_path: Path) -> None:
    balancer = (
        "service:\n  jellyfin:\n    type: LoadBalancer\n"
        '    annotations: {metallb.io/loadBalancerIPs: "{{ .Values.global.ingressAddress }}"}\n'
    )
    found = checked(tmp_path, ["infra", "htpc"], {"jellyfin": ("service:\n  jellyfin:\n", balancer)})

    conflicts = [problem for problem in found if problem.rule == "contract.address"]
    assert {problem.where for problem in conflicts} == {"htpc: Service jellyfin"}
    assert all("which Service infra/traefik has already" in problem.fact for problem in conflicts)


def test_a_service_whose_secret_a_person_makes_may_not_hold_back_others(tmp_path: Path) -> None:
    found = checked(tmp_path, ["infra"], {"grafana": ("    wave: 30\n    pod:", "    wave: 10\n    pod:")})

    assert {problem.where for problem in found if problem.rule == "secret.waiting"} == {"infra: Deployment grafana"}
