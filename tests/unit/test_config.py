"""Settings: the environment, then the file, then the embedded registry."""

from pathlib import Path

import pytest

from slipway.config import Config, SourceForm, flag, load_config
from slipway.core.errors import WorkspaceError


def loaded(tmp_path: Path, text: str = "", **environ: str) -> Config:
    (tmp_path / "pyproject.toml").write_text(f"[tool.slipway]\n{text}\n")
    return load_config(tmp_path, environ)


def test_nothing_set_means_an_embedded_registry_on_loopback(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    assert (config.registry.embedded, config.registry.plain_http) == (True, True)
    assert config.registry.base == "oci://127.0.0.1:5055/charts"
    assert config.environments == ("staging", "production")
    assert config.source is SourceForm.OCI
    assert config.build == tmp_path / "build"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    text = 'registry = "oci://ghcr.io/someone/charts"'
    assert loaded(tmp_path, text).registry.base == "oci://ghcr.io/someone/charts"
    other = loaded(tmp_path, text, SLIPWAY_REGISTRY="harbor.test:8443/library", SLIPWAY_REGISTRY_PLAIN_HTTP="yes")
    assert (other.registry.host, other.registry.prefix, other.registry.plain_http) == (
        "harbor.test:8443",
        "library",
        True,
    )
    assert other.registry.repository("sonarr") == "library/sonarr"
    bare = loaded(tmp_path, SLIPWAY_REGISTRY="zot.test")
    assert (bare.registry.base, bare.registry.repository("sonarr")) == ("oci://zot.test", "sonarr")


@pytest.mark.parametrize(
    ("text", "environ", "message"),
    [
        ("regsitry = 1", {}, "has no setting 'regsitry'\n    hint: did you mean 'registry'?"),
        ("registry = 1", {}, "registry has the wrong type"),
        ('source = "git"', {}, "source is 'git'"),
        ('registry = "https://x/y"', {}, "is not a registry"),
        ("", {"SLIPWAY_REGISTRY_PORT": "0"}, "'0' is not a port number"),
        ("", {"SLIPWAY_REGISTRY": "x/y", "SLIPWAY_REGISTRY_PLAIN_HTTP": "perhaps"}, "neither true nor false"),
        ("= 1", {}, "is not TOML"),
    ],
)
def test_a_setting_that_is_not_understood_is_named(
    tmp_path: Path, text: str, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(WorkspaceError) as caught:
        loaded(tmp_path, text, **environ)
    assert message in str(caught.value)


def test_a_folder_without_a_project_is_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="run this in a checkout"):
        load_config(tmp_path, {})


@pytest.mark.parametrize(("text", "value"), [("1", True), ("TRUE", True), ("off", False), ("", None), (None, None)])
def test_a_flag_is_read_in_several_spellings(text: str | None, value: bool | None) -> None:
    for default in (True, False):
        assert flag(text, default=default) is (default if value is None else value)
