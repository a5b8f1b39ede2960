"""The environments' values inside an umbrella."""

import pytest

from slipway.core.errors import WorkspaceError
from slipway.core.model import ChartKind
from slipway.util import yaml
from slipway.workspace import environments
from testing.memory import chart, workspace


def files(**texts: bytes) -> dict[str, bytes]:
    made = workspace(
        chart("home", ChartKind.UMBRELLA), environments={"staging": texts, "production": {"platform": b""}}
    )
    return environments.environment_files(made, made.umbrellas[0])


def test_platform_becomes_global_beside_the_namespace_own_values() -> None:
    made = files(platform=b"domain: a.org\n", home=b"app: {text: x}\n", other=b"app: {text: y}\n")
    assert sorted(made) == ["values-production.yaml", "values-staging.yaml"]
    assert yaml.parse(made["values-staging.yaml"], "x").data == {"global": {"domain": "a.org"}, "app": {"text": "x"}}
    assert yaml.parse(made["values-production.yaml"], "x").data == {"global": {}}


def test_the_same_values_give_the_same_bytes_whatever_their_order_and_comments() -> None:
    one = files(platform=b"a: 1\nb: 2\n", home=b"x: {}\n")
    assert files(platform=b"# facts\nb: 2\na: 1\n", home=b"x: {}\n") == one


def test_only_the_platform_sets_global() -> None:
    with pytest.raises(WorkspaceError, match=r"values/staging/home.yaml:2: 'global' is set here"):
        files(platform=b"", home=b"app: {}\nglobal: {}\n")
