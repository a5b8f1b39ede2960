"""The values of members and services; how Helm merges is in tests/charts/test_values.py."""

from pathlib import Path

from slipway.core.model import Workspace
from slipway.util.mapping import dig
from slipway.workspace.values import Scopes, effective, members_in, merge, service_with
from testing.monorepo import Monorepo, small
from testing.product import product
from testing.workspaces import load

PROBE = "sonarr:\n  text: null\n"


def test_a_merge_removes_what_is_null_and_keeps_the_rest() -> None:
    below = {"a": {"x": 1, "y": 2}, "b": 1}

    assert merge(below, {"a": {"x": None, "z": 3}, "b": 2}) == {"a": {"y": 2, "z": 3}, "b": 2}


def test_a_null_beside_a_value_stays_with_the_value() -> None:
    assert merge({}, {"a": {"b": None, "c": 1}}) == {"a": {"b": None, "c": 1}}
    assert merge({"a": {"b": 1}}, {"a": {"b": None, "c": 1}}) == {"a": {"c": 1}}


def text_of(repo: Monorepo, environment: str) -> object:
    workspace = load(repo.root)
    (umbrella,) = workspace.umbrellas
    (member,) = (dep for dep in umbrella.dependencies if dep.key == "sonarr")
    return effective(workspace, umbrella, member, workspace.environments[environment]).values.get("text")


def test_a_null_of_an_umbrella_works_only_where_the_environment_names_the_member(tmp_path: Path) -> None:
    repo = small(tmp_path)
    repo.write("umbrella/htpc/values.yaml", "radarr: {}\nsonarr:\n  text: null\n")
    repo.write("values/production/htpc.yaml", "sonarr:\n  count: 1\n")

    assert text_of(repo, "staging") == "hello"
    assert text_of(repo, "production") is None


def test_a_member_has_the_facts_of_its_environment_over_the_defaults_of_the_library(tmp_path: Path) -> None:
    repo = small(tmp_path)
    repo.write("charts/common/values.yaml", "global:\n  domain: none\n  user: {uid: 1, gid: 1}\n")
    repo.write("values/staging/platform.yaml", "domain: staging.example.org\nuser: {uid: 2}\n")
    workspace = load(repo.root)
    (umbrella,) = workspace.umbrellas

    found = {member.key: member.facts for member in members_in(workspace, umbrella, workspace.environments["staging"])}

    assert found["sonarr"] == {"domain": "staging.example.org", "user": {"uid": 2, "gid": 1}}
    assert service_with(workspace, workspace.charts[umbrella.dependencies[0].name]).facts["domain"] == "none"


def test_a_member_that_is_off_has_the_values_that_it_would_get(tmp_path: Path) -> None:
    repo = small(tmp_path)
    repo.write("values/staging/htpc.yaml", "sonarr: {enabled: false, text: other}\n")
    workspace = load(repo.root)
    (umbrella,) = workspace.umbrellas

    found = {member.key: member for member in members_in(workspace, umbrella, workspace.environments["staging"])}

    assert (found["sonarr"].enabled, found["sonarr"].values["text"]) == (False, "other")
    assert found["radarr"].enabled


def own(workspace: Workspace, values: object) -> dict[str, object]:
    """Values without the facts."""
    return {key: value for key, value in dig(values).items() if key != "global"}


def test_the_layers_of_every_member_give_the_values_that_its_umbrella_gives_it() -> None:
    workspace = product()

    for umbrella in workspace.umbrellas:
        for environment in (None, *workspace.environments.values()):
            scopes = {
                member.key: scope.values for member, scope in Scopes(workspace=workspace).members(umbrella, environment)
            }
            for member in members_in(workspace, umbrella, environment):
                mine = {key: value for key, value in scopes[member.key].items() if key != "common"}
                assert mine == own(workspace, member.values), (umbrella.name, member.key)
