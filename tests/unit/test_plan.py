"""The plan: what would happen and why, and nothing once it has happened."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.core.errors import AlreadyPublished
from slipway.core.model import ChartKind, ChartName, Digest, Published, Workspace
from slipway.release import plan
from slipway.release.plan import Action, Plan
from slipway.workspace import digest, graph
from testing.memory import chart, layered, workspace

Registry = dict[tuple[str, str], Published]


def published(made: Workspace, registry: Registry) -> dict[ChartName, Published | None]:
    """What a registry has under the present versions."""
    return {name: registry.get((name, chart.version)) for name, chart in made.charts.items()}


def planned(made: Workspace, registry: Registry, only: tuple[ChartName, ...] = ()) -> Plan:
    return plan.make(made, digest.digest_all(made), published(made, registry), only)


def executed(made: Plan, registry: Registry) -> Registry:
    """The registry after the plan was carried out."""
    new = {
        (step.chart, step.version): Published(
            name=step.chart, version=step.version, manifest=Digest("sha256:m"), input_digest=step.input_digest
        )
        for step in made.having(Action.PUBLISH)
    }
    return {**registry, **new}


@given(st.integers(1, 6), st.integers(0, 3), st.data())
def test_after_a_plan_is_carried_out_the_next_one_is_empty(services: int, umbrellas: int, data: st.DataObject) -> None:
    made = layered(services, umbrellas)
    done = data.draw(st.sets(st.sampled_from(sorted(made.charts))))
    registry = executed(planned(made, {}, graph.closure(made, tuple(done))), {}) if done else {}
    first = planned(made, registry)
    assert planned(made, executed(first, registry)).empty


@given(st.integers(1, 6), st.integers(0, 3), st.data())
def test_a_run_that_is_cut_off_anywhere_is_finished_by_the_next(
    services: int, umbrellas: int, data: st.DataObject
) -> None:
    made = layered(services, umbrellas)
    whole = planned(made, {})
    cut = data.draw(st.integers(0, len(whole.charts)))
    half = executed(replace(whole, charts=whole.charts[:cut]), {})
    rest = planned(made, half)
    assert not rest.having(Action.CONFLICT)
    assert executed(rest, half) == executed(whole, {})


@given(st.integers(1, 6), st.data())
def test_changed_content_under_an_old_version_is_a_conflict_for_it_and_its_dependents(
    services: int, data: st.DataObject
) -> None:
    made = layered(services, 1)
    registry = executed(planned(made, {}), {})
    name = data.draw(st.sampled_from(sorted(made.charts)))
    changed = replace(made.charts[name], files={"values.yaml": b"other: 1\n"})
    after = replace(made, charts={**made.charts, name: changed})
    made_plan = planned(after, registry)
    conflicts = {step.chart for step in made_plan.having(Action.CONFLICT)}
    assert conflicts == {name, *graph.dependents(made, [name])}
    with pytest.raises(AlreadyPublished, match=f"inv version --only {name}"):
        plan.refuse_conflicts(after, made_plan)


def test_a_conflict_names_both_digests_and_the_chart_that_caused_it() -> None:
    made = layered(1, 1)
    registry = executed(planned(made, {}), {})
    changed = replace(made.charts[ChartName("service-0")], files={"values.yaml": b"other: 1\n"})
    after = replace(made, charts={**made.charts, changed.name: changed})
    with pytest.raises(AlreadyPublished) as caught:
        plan.refuse_conflicts(after, planned(after, registry))
    service, umbrella = caught.value.problems
    old, new = registry["service-0", "1.0.0"].input_digest, digest.digest_all(after)[changed.name]
    assert str(service) == (
        "charts/service-0/Chart.yaml:3: version 1.0.0 is already published with different content\n"
        f"    registry {old}\n"
        f"    here     {new}\n"
        "    hint: ./inv version --only service-0"
    )
    assert umbrella.evidence[-1] == "because of service-0"
    assert umbrella.hint == ""


def test_a_chart_that_someone_else_published_is_a_conflict() -> None:
    made = layered(1, 0)
    strange = Published(name=ChartName("common"), version="1.0.0", manifest=Digest("sha256:x"), input_digest=None)
    with pytest.raises(AlreadyPublished, match="no input digest"):
        plan.refuse_conflicts(made, planned(made, {("common", "1.0.0"): strange}))


def test_a_chain_leads_from_an_umbrella_to_what_moved_by_itself() -> None:
    made = layered(2, 1)
    chains = plan.chain(planned(made, {}), ChartName("umbrella-0"))
    assert [[step.chart for step in chain] for chain in chains] == [
        ["umbrella-0", "service-0", "common"],
        ["umbrella-0", "service-1", "common"],
    ]


def test_only_limits_the_plan_and_pins_are_those_of_umbrellas_that_are_there() -> None:
    made = layered(2, 1)
    only = graph.closure(made, (ChartName("service-1"),))
    assert [item.chart for item in planned(made, {}, only).charts] == ["common", "service-1"]
    assert plan.pins_of(made, planned(made, {})) == {}
    pins = plan.pins_of(made, planned(made, executed(planned(made, {}), {})))
    assert {name: pin.reference for name, pin in pins.items()} == {"umbrella-0": "1.0.0@sha256:m"}


@pytest.mark.parametrize(
    ("version", "published", "above"),
    [
        ("1.0.5", ("1.0.0", "1.1.0"), "1.1.0"),
        ("1.1.1", ("1.0.0", "1.1.0"), ""),
        ("1.9.0", ("1.10.0",), "1.10.0"),
        ("2.0.0-rc.2", ("2.0.0-rc.10",), "2.0.0-rc.10"),
        ("2.0.0", ("2.0.0-rc.10",), ""),
        ("2.0.0-rc.1", ("2.0.0",), "2.0.0"),
        ("1.0.1", ("1.0.0", "1.1.0-rc.1"), "1.1.0-rc.1"),
        ("1.0.0", (), ""),
        ("1.0.0", ("latest", "v9", "9.9"), ""),
    ],
)
def test_a_version_lower_than_a_published_one_is_a_conflict(
    version: str, published: tuple[str, ...], above: str
) -> None:
    made = workspace(chart("common", ChartKind.LIBRARY, version=version))
    planned_now = plan.make(made, digest.digest_all(made), {}, versions={ChartName("common"): published})

    (item,) = planned_now.charts

    assert item.above == above
    assert item.action is (Action.CONFLICT if above else Action.PUBLISH)
    if above:
        with pytest.raises(AlreadyPublished) as caught:
            plan.refuse_conflicts(made, planned_now)
        assert str(caught.value) == (
            f"charts/common/Chart.yaml:3: {version} is lower than the published {above}\n"
            "    hint: ./inv version --only common"
        )


def test_a_version_that_is_published_may_be_lower_than_another_one() -> None:
    made = layered(1, 0)
    planned_now = planned(made, executed(planned(made, {}), {}))

    assert all(item.action is Action.KEEP and not item.above for item in planned_now.charts)


def test_content_that_is_not_what_its_annotation_says_is_a_conflict_with_what_differs() -> None:
    made = layered(1, 0)
    registry = executed(planned(made, {}), {})
    registry["common", "1.0.0"] = replace(registry["common", "1.0.0"], differs=("templates/_all.tpl differs",))

    with pytest.raises(AlreadyPublished) as caught:
        plan.refuse_conflicts(made, planned(made, registry))

    (problem,) = caught.value.problems
    assert problem.evidence == (
        "registry sha256:m",
        f"here     {digest.digest_all(made)[ChartName('common')]}",
        "its annotation names the content that is here, but:",
        "  templates/_all.tpl differs",
    )
