"""helm-batch against the stock helm: the same bytes, errors and exit codes, over every chart here and over random ones."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from slipway.lint import ct_lint
from slipway.tools.helm import Helm, lint_args, template_args
from slipway.tools.run import Command, Completed, run_process
from testing.rendering import KUBE_VERSION, Repository, charts
from testing.workspaces import chart_testing, program

pytestmark = pytest.mark.helm

Call = tuple[str, ...]
Ending = tuple[int, str, list[str]]

SCALARS = st.none() | st.integers(0, 2) | st.text("xy", max_size=1) | st.booleans()
TABLES = st.recursive(
    st.dictionaries(st.sampled_from("abc"), SCALARS | st.lists(SCALARS, max_size=2), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | SCALARS, max_size=3),
    max_leaves=6,
)
MEMBERS = ("one", "two", "other")
OWN = st.builds(
    lambda own, facts: own | facts, TABLES, st.fixed_dictionaries({}, optional={"global": TABLES | st.none()})
)
MEMBER = st.builds(lambda own, on: own | on, OWN, st.fixed_dictionaries({}, optional={"enabled": st.booleans()}))
PARENT = st.builds(
    lambda own, below: own | below, OWN, st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBERS, MEMBER | st.none()))
)
TEXTS = st.sampled_from(
    (
        "kind: A\nvalues: {{ .Values | toJson }}\nmetadata: {name: {{ .Chart.Name }}}\n",
        "kind: B\nmetadata: {name: x}\nmade: {{ .Capabilities | toJson }}\nrelease: {{ .Release | toJson }}\n",
        '{{ set .Values "a" "changed" | toJson | printf "# %s" }}\nkind: C\nmetadata: {name: x}\n',
        '{{ required "a is required" .Values.a }}\n',
        '{{ if eq (toString .Values.b) "1" }}{{ fail "b is one" }}{{ end }}\n',
        "kind: Job\nmetadata: {name: h, annotations: {helm.sh/hook: pre-install}}\n",
        "kind: Job\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n",
        " kind: Indented\n",
        "{{ .Values.a.b.c }}\n",
        "{{ if }}\n",
        "a: [\n",
        "",
    )
)
SCHEMAS = st.none() | st.fixed_dictionaries(
    {
        "properties": st.dictionaries(
            st.sampled_from("abc"), st.fixed_dictionaries({"type": st.sampled_from(("integer", "string", "object"))})
        )
    },
    optional={"$ref": st.just("file:///nowhere/schema.json")},
)
IMPORTS = st.none() | st.just([{"child": "a", "parent": "b"}])


@dataclass(frozen=True, kw_only=True)
class Made:
    """One chart of the random ones."""

    values: Mapping[str, object]
    text: str
    schema: Mapping[str, object] | None


CHART = st.builds(Made, values=MEMBER, text=TEXTS, schema=SCHEMAS)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The charts of this repository."""
    return Repository(folder=tmp_path_factory.mktemp("build"))


def helm_of(home: Path) -> Helm:
    """helm with helm-batch."""
    return Helm(run=run_process, program=lambda: program("helm"), batch=lambda: program("helm-batch"), home=home)


def endings(done: Sequence[Completed]) -> list[Ending]:
    """What a caller sees of how calls ended.

    Helm walks over maps, so the order of its messages varies: those of a refusal are compared word by word.
    """
    return [
        (one.code, " ".join(sorted(one.stdout.split())) if one.code else one.stdout, sorted(one.stderr.split()))
        for one in done
    ]


def different(helm: Helm, calls: Sequence[Call]) -> Iterator[tuple[Call, Ending | None, Ending]]:
    """Calls that helm-batch answers otherwise than helm, or not at all."""
    answered = helm.answers(calls)
    for call, expected in zip(calls, endings(replace(helm, batch=None).each(calls)), strict=True):
        made = endings([answered[call]])[0] if call in answered else None
        if made != expected:
            yield call, made, expected


def test_every_chart_with_all_its_values_is_rendered_and_linted_as_helm_does(repository: Repository) -> None:
    cases = [case for chart in charts() for case in repository.cases(str(chart.name))]
    for case in cases:
        (case.request.chart / "templates").mkdir(exist_ok=True)
    calls = [repository.renderer.arguments(case.request) for case in cases]
    calls += [
        lint_args(case.request.chart, kube_version=KUBE_VERSION, values=next(iter(case.request.values), None))
        for case in cases
        if not case.request.settings
    ]
    assert list(different(repository.builder.helm, calls)) == []


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(
    parent=st.builds(Made, values=PARENT, text=TEXTS, schema=SCHEMAS),
    members=st.tuples(CHART, CHART),
    files=st.lists(PARENT, min_size=2, max_size=4),
    imports=IMPORTS,
    deprecated=st.booleans(),
)
def test_random_charts_are_rendered_and_linted_as_helm_does(
    tmp_path: Path,
    parent: Made,
    members: tuple[Made, Made],
    files: list[Mapping[str, object]],
    imports: object,
    deprecated: bool,
) -> None:
    root = tmp_path / "parent"
    shutil.rmtree(root, ignore_errors=True)
    dependencies: list[Mapping[str, object]] = [
        {"name": "one", "version": "1.0.0", "condition": "one.enabled"}
        | ({"import-values": imports} if imports else {}),
        {"name": "two", "version": "1.0.0", "tags": ["c"]},
        {"name": "two", "version": "1.0.0", "alias": "other", "condition": "other.enabled"},
    ]
    write(root, "parent", parent, dependencies=dependencies, deprecated=deprecated)
    for name, member in zip(("one", "two"), members, strict=True):
        write(root / "charts" / name, name, member)
    calls: list[Call] = []
    for number, content in enumerate(files):
        path = tmp_path / f"{number}.yaml"
        path.write_text(json.dumps(content), encoding="utf-8")
        # The same chart again and again, with other values: nothing of a call may reach the next one.
        calls.append(template_args(root, release="r", namespace="n", kube_version=KUBE_VERSION, values=(path,)))
        calls.append(lint_args(root, kube_version=KUBE_VERSION, values=path))
    calls.append(
        template_args(root, release="r", namespace="n", kube_version="1.33.0", settings=("a=1", "one.enabled=false"))
    )
    calls.append(("template", "r", str(root), "--api-versions", "example.org/v1"))
    assert list(different(helm_of(tmp_path / "home"), calls)) == []


def write(folder: Path, name: str, made: Made, **metadata: object) -> None:
    """A chart on disk."""
    (folder / "templates").mkdir(parents=True)
    head = {"apiVersion": "v2", "name": name, "version": "1.0.0", **metadata}
    (folder / "Chart.yaml").write_text(json.dumps(head), encoding="utf-8")
    (folder / "values.yaml").write_text(json.dumps(made.values), encoding="utf-8")
    (folder / "templates" / "all.yaml").write_text(made.text, encoding="utf-8")
    if made.schema is not None:
        (folder / "values.schema.json").write_text(json.dumps(made.schema), encoding="utf-8")


BROKEN: tuple[tuple[str, Call], ...] = (
    ("Chart.yaml", ("template", "r", "{chart}")),
    ("Chart.yaml", ("lint", "{chart}")),
    ("values.yaml", ("template", "r", "{chart}")),
    ("values.yaml", ("lint", "{chart}", "--strict")),
    ("values.schema.json", ("template", "r", "{chart}")),
    ("values.schema.json", ("lint", "{chart}")),
    ("file.yaml", ("template", "r", "{chart}", "--values", "{chart}/file.yaml")),
    ("file.yaml", ("template", "r", "{chart}", "--values", "{chart}/missing.yaml")),
    ("file.yaml", ("template", "r", "{chart}/missing")),
    ("file.yaml", ("template", "R_", "{chart}")),
    ("file.yaml", ("template", "r", "{chart}", "--kube-version", "x")),
    ("file.yaml", ("template", "r", "{chart}", "--set", "a[")),
    ("file.yaml", ("lint", "{chart}/missing")),
)


@pytest.mark.parametrize(("broken", "call"), BROKEN, ids=lambda item: item if isinstance(item, str) else " ".join(item))
def test_an_error_is_that_of_helm(tmp_path: Path, broken: str, call: Call) -> None:
    chart = tmp_path / "chart"
    write(chart, "chart", Made(values={}, text="kind: A\n", schema=None))
    (chart / broken).write_text("a: [\n", encoding="utf-8")
    made = tuple(argument.replace("{chart}", str(chart)) for argument in call)
    assert list(different(helm_of(tmp_path / "home"), [made])) == []


def test_what_helm_batch_does_not_know_is_left_to_helm(tmp_path: Path) -> None:
    chart = tmp_path / "chart"
    write(chart, "chart", Made(values={}, text="kind: A\nmetadata: {name: {{ .Values.a | quote }}}\n", schema=None))
    helm = helm_of(tmp_path / "home")
    known = ("template", "r", str(chart), "--set", "a=1")
    unknown = ("template", "r", str(chart), "--set-string", "a=1")
    assert set(helm.answers([known, unknown, ("template", "r", str(chart))])) == {known}
    assert [done.code for done in helm.each([unknown, known])] == [0, 0]


def test_ct_finds_the_answers_of_every_chart_and_starts_no_helm(repository: Repository, tmp_path: Path) -> None:
    folders = {repository.built[chart.name].folder: chart for chart in charts()}
    for folder in folders:
        (folder / "templates").mkdir(exist_ok=True)
    stock = tmp_path / "helm"
    # ct asks once for the version.
    stock.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nexec {program("helm")} "$@"\n', encoding="utf-8")
    stock.chmod(0o755)
    started: list[Command] = []

    def run(command: Command) -> Completed:
        started.append(command)
        return run_process(command)

    ct = replace(chart_testing(tmp_path / "home", run=run), helm=lambda: stock)
    linted = repository.builder.helm.each(ct_lint.calls_of(ct, folders))
    assert ct_lint.run_ct_lint(ct, folders, linted, tmp_path / "answers") == ()
    assert (tmp_path / "asked").read_text(encoding="utf-8").splitlines() == ["version --template {{ .Version }}"]
    assert len(started) == 1
