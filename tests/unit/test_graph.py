"""The order of release, dependents and closures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.core.errors import WorkspaceError
from slipway.core.model import ChartKind, Workspace
from slipway.workspace import graph
from testing.memory import chart, layered, workspace


@st.composite
def workspaces(draw: st.DrawFn) -> Workspace:
    """Layered monorepos; umbrellas share services as they like."""
    services = draw(st.integers(1, 8))
    umbrellas = draw(st.integers(0, 4))
    members = {
        index: draw(st.lists(st.integers(0, services - 1), unique=True, max_size=services))
        for index in range(umbrellas)
    }
    return layered(services, umbrellas, members)


@given(workspaces())
def test_every_chart_comes_after_what_it_vendors(made: Workspace) -> None:
    order = graph.order(made)
    assert sorted(order) == sorted(made.charts)
    for name in order:
        assert all(order.index(dep.name) < order.index(name) for dep in made.charts[name].dependencies)


@given(workspaces(), st.randoms())
def test_the_order_does_not_depend_on_the_order_of_files(made: Workspace, random: object) -> None:
    names = list(made.charts)
    random.shuffle(names)  # type: ignore[attr-defined]
    shuffled = workspace(*(made.charts[name] for name in names))
    assert graph.order(shuffled) == graph.order(made)


@given(workspaces())
def test_a_level_vendors_nothing_of_itself_and_kinds_never_mix(made: Workspace) -> None:
    for level in graph.levels(made):
        assert len({made.charts[name].kind for name in level}) == 1
        assert not any(dep.name in level for name in level for dep in made.charts[name].dependencies)


@given(workspaces(), st.data())
def test_dependents_and_closure_are_each_other_turned_round(made: Workspace, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(made.charts)))
    above = graph.dependents(made, [name])
    assert name not in above
    for other in made.charts:
        assert (other in above) == (name in graph.closure(made, [other]) and other != name)


def test_a_circle_is_named_from_its_first_chart_on() -> None:
    made = workspace(
        chart("b", needs=[("c", "1.0.0")]), chart("c", needs=[("a", "1.0.0")]), chart("a", needs=[("b", "1.0.0")])
    )
    with pytest.raises(WorkspaceError, match="form a cycle: a → b → c → a"):
        graph.order(made)


@pytest.mark.parametrize("version", ["1.0.0", "0.1.2", "1.0.0-rc.1", "10.20.30-alpha-1.2"])
def test_a_semantic_version_is_accepted(version: str) -> None:
    assert graph.SEMVER.fullmatch(version)


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0+1", "01.0.0", "1.0.0-01", "1.0.0-", "^1.0.0", ""])
def test_anything_else_is_not(version: str) -> None:
    assert not graph.SEMVER.fullmatch(version)


def test_an_umbrella_may_not_vendor_an_umbrella() -> None:
    made = workspace(chart("a", ChartKind.UMBRELLA), chart("b", ChartKind.UMBRELLA, needs=[("a", "1.0.0")]))
    assert "dependency.kind" in {problem.rule for problem in graph.check(made)}


ALLOWED = {
    (ChartKind.SERVICE, ChartKind.LIBRARY),
    (ChartKind.SERVICE, ChartKind.SERVICE),
    (ChartKind.UMBRELLA, ChartKind.SERVICE),
}


@pytest.mark.parametrize("target", ChartKind)
@pytest.mark.parametrize("kind", ChartKind)
def test_a_dependency_has_a_kind_that_can_be_built_before_its_parent(kind: ChartKind, target: ChartKind) -> None:
    made = workspace(chart("below", target), chart("above", kind, needs=[("below", "1.0.0")]))

    found = [problem.fact for problem in graph.check(made) if problem.rule == "dependency.kind"]

    refused = [f"a {kind} cannot depend on the {target} 'below'"]
    assert found == ([] if (kind, target) in ALLOWED else refused)
    if not found:
        assert graph.order(made) == ("below", "above")
