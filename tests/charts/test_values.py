"""The merge of values, against the helm binary: random charts, subcharts and values files, with nulls everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from slipway.tools.helm import Helm, template_args
from slipway.tools.run import run_process
from slipway.workspace.values import helm
from slipway.workspace.values.helm import ChartValues
from testing.rendering import KUBE_VERSION
from testing.workspaces import program

pytestmark = pytest.mark.helm

LIBRARY = "common"
MEMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight")

SCALARS = st.none() | st.integers(0, 2) | st.text("xy", max_size=1) | st.booleans()
LEAVES = SCALARS | st.lists(SCALARS, max_size=2)
KEYS = st.sampled_from("abc")
TABLES = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=3),
    lambda inner: st.dictionaries(KEYS, inner | LEAVES, max_size=3),
    max_leaves=6,
)
OWN = st.builds(
    lambda own, facts: own | facts, TABLES, st.fixed_dictionaries({}, optional={"global": TABLES | st.none()})
)
SERVICE = st.builds(
    lambda own, below: own | below, OWN, st.fixed_dictionaries({}, optional={LIBRARY: OWN, "enabled": st.booleans()})
)
UMBRELLA = st.builds(
    lambda own, members: own | members,
    OWN,
    st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBERS, SERVICE | st.none())),
)
"""An umbrella's defaults, or a file for it."""


def values_of(folder: Path, files: list[Mapping[str, object]]) -> object:
    """What a chart's templates see; None when helm refuses the values."""
    paths = []
    for number, file in enumerate(files):
        paths.append(folder.parent / f"file-{number}.yaml")
        paths[-1].write_text(json.dumps(file), encoding="utf-8")
    args = template_args(folder, release="t", namespace="t", kube_version=KUBE_VERSION, values=paths)
    run = Helm(run=run_process, program=lambda: program("helm"), home=folder.parent / "home")
    done = run(*args, ok_codes=None)
    if done.code:
        assert "type mismatch" in done.stderr, done.stderr
        return None
    (found,) = (line for line in done.stdout.splitlines() if line.startswith("values: "))
    return json.loads(found.removeprefix("values: "))


def write(folder: Path, chart: ChartValues, kind: str = "application") -> None:
    """A chart and everything below it, as files."""
    dependencies = [
        {"name": item.name, "version": "1.0.0", "repository": "", "condition": item.condition}
        for item in chart.dependencies
    ]
    metadata = {"apiVersion": "v2", "name": chart.name, "version": "1.0.0", "type": kind, "dependencies": dependencies}
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "Chart.yaml").write_text(json.dumps(metadata), encoding="utf-8")
    (folder / "values.yaml").write_text(json.dumps(chart.values), encoding="utf-8")
    for item in chart.dependencies:
        write(folder / "charts" / item.name, item, "application" if item.dependencies else "library")


def tree(
    umbrella: Mapping[str, object], services: list[Mapping[str, object]], library: Mapping[str, object]
) -> ChartValues:
    """An umbrella of services, each with the library."""
    common = ChartValues(name=LIBRARY, values=library)
    members = tuple(
        ChartValues(name=name, values=values, dependencies=(common,), condition=f"{name}.enabled")
        for name, values in zip(MEMBERS, services, strict=True)
    )
    return ChartValues(name="umbrella", values=umbrella, dependencies=members)


def ours(chart: ChartValues, files: list[Mapping[str, object]]) -> object:
    """The same by our merge."""
    try:
        return helm.render_values(chart, files)
    except helm.TypeMismatch:
        return None


# Each example starts helm, so a failure is shown as it was found.
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    umbrella=UMBRELLA,
    services=st.lists(SERVICE, min_size=len(MEMBERS), max_size=len(MEMBERS)),
    library=OWN,
    files=st.lists(UMBRELLA, max_size=2),
)
def test_values_are_merged_as_the_real_helm_merges_them(
    tmp_path: Path,
    umbrella: dict[str, Any],
    services: list[Mapping[str, object]],
    library: dict[str, Any],
    files: list[Mapping[str, object]],
) -> None:
    chart = tree(umbrella, services, library)
    folder = tmp_path / "umbrella"
    write(folder, chart)
    (folder / "templates" / "values.yaml").write_text("values: {{ .Values | toJson }}\n", encoding="utf-8")
    assert ours(chart, files) == values_of(folder, files)
