"""Values as text and JSON: what a person reads after a task."""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from slipway.cli import explain, release, report, status
from slipway.config import Config, RegistryConfig
from slipway.core.errors import Problem
from slipway.core.model import ChartKind, ChartName, Digest, Published
from slipway.release.explain import Explanation, file_changes
from slipway.release.plan import Action, ChartPlan, PinPlan, Plan
from slipway.release.release import Outcome
from slipway.release.status import ChartStatus
from slipway.util import text
from slipway.util.terminal import shown

D = Digest("sha256:" + "a" * 64)


def step(name: str, action: Action, because: tuple[str, ...] = ()) -> ChartPlan:
    return ChartPlan(
        chart=ChartName(name),
        version="1.0.0",
        action=action,
        reason="because it is so",
        because=tuple(ChartName(item) for item in because),
        input_digest=D,
    )


def test_a_plan_lists_what_moves_and_counts_what_stays() -> None:
    made = Plan(
        charts=(step("common", Action.KEEP), step("sonarr", Action.PUBLISH), step("htpc", Action.PUBLISH, ("sonarr",))),
        pins=(PinPlan(environment="staging", reasons=("htpc 1.0.0 comes first",)),),
    )

    assert shown(report.plan(made)) == (
        "   CHART   VERSION  ACTION   REASON\n"
        "+  sonarr  1.0.0    publish  because it is so\n"
        "+  htpc    1.0.0    publish  because it is so; with sonarr\n"
        "1 of 3 charts is published with this content.\n"
        "deploy/staging: htpc 1.0.0 comes first"
    )


def test_a_plan_with_nothing_to_do_is_one_line() -> None:
    made = Plan(charts=(step("common", Action.KEEP),), pins=(PinPlan(environment="staging", reasons=()),))

    assert shown(report.plan(made)) == ("1 of 1 chart is published with this content.\ndeploy/staging: up to date")


def test_status_marks_a_pin_that_is_the_working_tree_and_one_that_is_older() -> None:
    item = ChartStatus(
        chart=ChartName("htpc"),
        kind=ChartKind.UMBRELLA,
        local="1.0.1",
        registry="published",
        pins={"staging": "1.0.1", "production": "1.0.0", "lab": ""},
        current={"staging": True, "production": False, "lab": False},
    )

    assert shown(status.text([item])).splitlines()[1] == "htpc   umbrella  1.0.1  published  1.0.1 ✔  1.0.0 (older)  -"


def test_an_explanation_shows_the_whole_chain() -> None:
    sonarr, htpc = step("sonarr", Action.CONFLICT), step("htpc", Action.CONFLICT, ("sonarr",))
    found = Explanation(
        chart=ChartName("htpc"), plan=htpc, chains=((htpc, sonarr),), against="1.0.0", changes=(), dependents=()
    )

    assert "    htpc 1.0.0 (conflict) → sonarr 1.0.0 (conflict)" in explain.text(found)


def test_an_outcome_names_every_manifest() -> None:
    published = Published(name=ChartName("sonarr"), version="1.0.0", manifest=D, input_digest=D)
    done = Outcome(environment="staging", published=(published,), kept=2, pinned=("htpc changed",))

    assert shown(release.outcome(done, "oci://r/charts")) == (
        f"Published to oci://r/charts:\n  CHART   VERSION  MANIFEST\n  sonarr  1.0.0    {D}\n"
        "Kept: 2 charts that were published with this content.\n"
        "Pinned: deploy/staging (htpc changed)"
    )


def test_the_next_steps_name_the_promotion_and_the_fork() -> None:
    config = Config(
        root=Path("/r"),
        registry=RegistryConfig(host="127.0.0.1:5055", prefix="charts", embedded=True),
        registry_folder=Path("/r/.registry"),
        repository_url="https://git.example.org/homelab/homelab.git",
    )

    message = shown(release.next_steps(config, "staging"))

    assert "./inv promote --env production" in message
    assert "./inv registry stop" in message
    assert "set repository-url to your fork" in message


def test_problems_are_counted() -> None:
    assert text.problems([Problem(where="a", fact="is b")]) == "a: is b\n1 problem"


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    path: Path
    colour: Colour
    parts: tuple[str, ...]
    nested: dict[ChartName, int]


def test_json_holds_plain_values_only() -> None:
    thing = Thing(path=Path("a/b"), colour=Colour.RED, parts=("x",), nested={ChartName("c"): 1})

    assert json.loads(text.to_json(thing)) == {"path": "a/b", "colour": "red", "parts": ["x"], "nested": {"c": 1}}


def test_file_changes_read_chart_yaml_field_by_field() -> None:
    there = {"Chart.yaml": b"version: 1.0.0\nappVersion: '1'\n", "values.yaml": b"a", "old": b""}
    here = {"Chart.yaml": b"version: 1.0.1\nappVersion: '1'\n", "values.yaml": b"b", "new": b""}

    assert file_changes(there, here) == [
        "Chart.yaml: version 1.0.0 → 1.0.1",
        "new added",
        "old removed",
        "values.yaml changed",
    ]


def test_file_changes_do_not_see_what_staging_writes() -> None:
    there = {"Chart.yaml": b"annotations: {slipway.homelab/input-digest: a}\n", "Chart.lock": b"1"}
    here = {"Chart.yaml": b"annotations: {slipway.homelab/input-digest: b}\n", "Chart.lock": b"2"}

    assert file_changes(there, here) == []
