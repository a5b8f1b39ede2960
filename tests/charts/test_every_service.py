"""One contract for every service, with each of its values files, and for every member in every environment."""

import re
from pathlib import Path

import pytest

from slipway import policy
from slipway.build.cases import ALL_OFF, DEFAULTS
from slipway.build.differences import normalise
from slipway.core.model import ChartKind
from slipway.policy.sync_order import sync_order_problems
from slipway.release.checks import charts_in, members_of
from slipway.util.mapping import dig
from testing.rendering import Repository, charts
from testing.workspaces import ROOT

pytestmark = pytest.mark.helm

SERVICES = [chart for chart in charts() if chart.kind is ChartKind.SERVICE]
UMBRELLAS = [chart for chart in charts() if chart.kind is ChartKind.UMBRELLA]


def values_files() -> list[tuple[str, str]]:
    """(service, which values) of every render of a service."""
    found = []
    for chart in SERVICES:
        found.append((str(chart.name), DEFAULTS))
        found += [
            (str(chart.name), f"ci/{path.name}") for path in sorted((ROOT / chart.folder).glob("ci/*-values.yaml"))
        ]
    return found


@pytest.mark.parametrize(("service", "values"), values_files())
def test_a_service_satisfies_the_contract(repository: Repository, service: str, values: str) -> None:
    case = repository.case(service, values)
    found = [
        str(problem)
        for chart in charts_in(case, members_of(repository.builder.workspace, case), repository.rendered(case).objects)
        for problem in policy.contract_problems(chart)
    ]
    assert found == []


@pytest.mark.parametrize("umbrella", [str(chart.name) for chart in UMBRELLAS])
def test_every_member_satisfies_the_contract_in_every_environment(repository: Repository, umbrella: str) -> None:
    found = [
        str(problem)
        for case in repository.cases(umbrella)
        for chart in charts_in(case, members_of(repository.builder.workspace, case), repository.rendered(case).objects)
        for problem in policy.contract_problems(chart)
    ]
    assert found == []


@pytest.mark.parametrize("umbrella", [str(chart.name) for chart in UMBRELLAS])
def test_no_object_waits_for_a_later_sync_wave(repository: Repository, umbrella: str) -> None:
    found = [
        str(problem)
        for case in repository.cases(umbrella)
        for problem in sync_order_problems(repository.rendered(case).objects, umbrella, case.label)
    ]
    assert found == []


@pytest.mark.parametrize("umbrella", [str(chart.name) for chart in UMBRELLAS])
def test_an_umbrella_with_every_member_off_renders_nothing(repository: Repository, umbrella: str) -> None:
    assert repository.rendered(repository.case(umbrella, ALL_OFF)).objects == ()


@pytest.mark.parametrize("umbrella", [str(chart.name) for chart in UMBRELLAS])
def test_each_member_can_be_switched_off_alone(repository: Repository, umbrella: str) -> None:
    from dataclasses import replace

    case = repository.case(umbrella, DEFAULTS)
    everything = {item.identity for item in repository.rendered(case).objects}
    for member in repository.built[umbrella].chart.dependencies:
        request = replace(case.request, settings=(f"{member.key}.enabled=false",))
        done = repository.renderer.render(request)
        assert done.error == ""
        # helm calls definitions after the chart, and everything else after its alias.
        sources = (f"/charts/{member.key}/", f"/charts/{member.name}/crds/")
        mine = {
            item.identity
            for item in repository.rendered(case).objects
            if any(source in item.source for source in sources)
        }
        assert {item.identity for item in done.objects} == everything - mine


@pytest.mark.parametrize("service", [str(chart.name) for chart in SERVICES])
def test_two_renders_are_equal(repository: Repository, service: str, tmp_path: Path) -> None:
    from dataclasses import replace

    case = repository.case(service, DEFAULTS)
    again = replace(repository.renderer, folder=tmp_path).render(case.request)
    assert [item.text for item in again.objects] == [item.text for item in repository.rendered(case).objects]


@pytest.mark.parametrize("service", [str(chart.name) for chart in SERVICES])
def test_a_new_chart_version_changes_nothing_but_labels(repository: Repository, service: str, tmp_path: Path) -> None:
    import shutil
    from dataclasses import replace

    case = repository.case(service, DEFAULTS)
    copy = tmp_path / service
    shutil.copytree(case.request.chart, copy)
    chart = copy / "Chart.yaml"
    chart.write_text(re.sub(r"(?m)^version: .*$", "version: 98.76.54", chart.read_text()))
    after = replace(repository.renderer, folder=tmp_path).render(replace(case.request, chart=copy, digest="another"))
    before = repository.rendered(case)
    assert [normalise(item) for item in after.objects] == [normalise(item) for item in before.objects]
    for old, new in zip(before.objects, after.objects, strict=True):
        assert dig(old.data, "spec") == dig(new.data, "spec")
        assert old.name == new.name


@pytest.mark.parametrize("service", [str(chart.name) for chart in SERVICES])
def test_a_service_has_one_template_and_it_is_one_line(service: str) -> None:
    chart = next(chart for chart in SERVICES if chart.name == service)
    templates = {path: text for path, text in chart.files.items() if path.startswith("templates/")}
    more = [path for path in templates if path != "templates/all.yaml"]
    assert templates["templates/all.yaml"].decode() == '{{- include "common.all" . }}\n'
    for path in more:
        assert templates[path].lstrip().startswith(b"{{- /*"), f"{path} must say why it is needed, in its first comment"
