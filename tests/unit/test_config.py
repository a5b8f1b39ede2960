"""Settings: the environment, then the file, then the embedded registry."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.config import SETTINGS, Config, SourceForm, edit, load_config
from slipway.config.settings import check
from slipway.core.errors import WorkspaceError
from slipway.core.profile import HOMELAB, PLAIN
from testing.monorepo import ROOT


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
def test_a_flag_is_read_in_several_spellings(tmp_path: Path, text: str | None, value: bool | None) -> None:
    environ = {"SLIPWAY_REGISTRY": "x/y"} | ({} if text is None else {"SLIPWAY_REGISTRY_PLAIN_HTTP": text})
    for default in (True, False):
        config = loaded(tmp_path, f"plain-http = {str(default).lower()}", **environ)
        assert config.registry.plain_http is (default if value is None else value)


# One row for each form of value that a setting has and must not have, as TOML.
REFUSED = {
    "registry": ['""', '" "', '"oci://"', '"https://x/y"', '"x/y z"', '"x/y\\n"', '"x/y?z=1"', '"x/y#z"', '"x/y%41"', '"x//y"',
                 '"/x"', '"x/Y"', '"x/y:1.0"', '"x/y@sha256:aa"', '"x:0/y"', '"x:65536/y"', '"x:http/y"', '"-x/y"', '"x_y/z"',
                 '"x/-y"', '"x/y."', '"x/é"', '"x\\u0000/y"', '"oci://oci://x/y"', "1", "true", "[]", "{}"],
    "plain-http": ["1", "0", '"true"', '""', "[]"],
    "ca-file": ['""', '" "', '"a\\nb"', '"a\\u0000b"', "1", "true", "[]"],
    "embedded-port": ["0", "-1", "65536", "1.5", '"5055"', "true", "inf", "[]"],
    "profile": ['""', '"strict"', '"Plain"', "1", "true", '["plain"]'],
    "annotation-prefix": ['""', '"charts.example.org/"', '"Charts"', '"a b"', '"a..b"', '"x/y"', f'"{"a." * 130}a"', "1", "[]"],
    "chart-folders": ["[]", '[""]', '["a", "a"]', '["/charts"]', '["../charts"]', '["charts/"]', '["."]', '[".git"]', '["a//b"]',
                      "[1]", '"charts"'],
    "environments": ["[]", '[""]', '["a", "a"]', '["A"]', '["a b"]', '["../x"]', '["-a"]', '["a-"]', '["a.b"]', '["é"]', "[1]",
                     "[true]", '[["a"]]', f'["{"a" * 64}"]', '"staging"', "1", '["a\\n"]'],
    "source": ['""', '"git"', '"OCI"', "1", "true", '["oci"]'],
    "rolling-sync": ["1", '"no"', "[]"],
    "kube-version": ['""', '"1.37"', '"v1.37.0"', '"1.37.0-rc.1"', '"01.37.0"', '"1.37.x"', '"latest"', '"1.37.0\\n"', "1.37", "true"],
    "tools": ['{helm = ""}', '{helm = "4.3.1"}', '{helm = "v4.3"}', '{helm = "latest"}', "{helm = 4}", "{helm = true}",
              '{helm = "v4.3.1; rm"}', "{helm = {}}", '"v4"', "[]"],
    "cluster": ['""', '"kubernetes.default.svc"', '"ftp://x"', '"https://"', '"https://x:0"', '"https://x:99999"', '"https://x/?a=1"',
                '"https://a b"', '"https://me:pw@x"', '"https://["', "1"],
    "repository-url": ['""', '"homelab"', '"https://"', '"https://x/a b"', '"https://me:pw@x/y"', '"https://token@x/y"', '"ftp://x/y"',
                       '"ssh://git:pw@x/y"', '"git@x:"', '"x/y\\n"', "1"],
    "argocd-namespace": ['""', '"Argo"', '"argo_cd"', '"argo.cd"', '"-a"', '"a/b"', f'"{"a" * 64}"', '"argocd\\n"', "1"],
    "signing": ['""', '"on"', '"KEY"', '"cosign"', "1", "true", "[]"],
    "signing-public-key": ['""', '" "', '"a\\nb"', '"a\\u0000b"', "1", "true", "[]"],
    "signing-key-file": ['""', '" "', '"a\\nb"', '"a\\u0000b"', "1", "true", "[]"],
    "signing-identity": ['""', '" "', '"a\\nb"', '"a\\u0000b"', "1", "true", "[]"],
    "timeout-seconds": ["0", "-1", "nan", "inf", "-inf", "1e9", "0.0001", '"10"', "true", "[]"],
    "attempts": ["0", "-1", "101", "1.5", "true", '"4"', "inf", "[]"],
}  # fmt: skip
REFUSED_TEXTS = {
    "registry": ["oci://", "https://x/y", "x/Y", "x//y", " x/y", "x/y\n", "x/y:1.0"],
    "plain-http": ["perhaps", "2", " true", "truee", "ja"],
    "ca-file": [" ", "a\nb", "a\x00b"],
    "signing-key-file": [" ", "a\nb", "a\x00b"],
    "embedded-port": ["0", "-1", "65536", "x", "1.5", "5055 ", "٣", "0x10", "1_0", "9" * 5000],
    "timeout-seconds": ["10s", "0", "-1", "nan", "inf", "1e3", "1_0", "x", "٣", "3601", "9" * 5000],
}


def test_every_setting_and_every_variable_has_values_that_it_refuses() -> None:
    assert set(REFUSED) == set(SETTINGS)
    assert set(REFUSED_TEXTS) == {key for key, setting in SETTINGS.items() if setting.variable}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in REFUSED.items() for value in values])
def test_a_value_that_is_not_allowed_is_named_with_what_is(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        loaded(tmp_path, f"{key} = {value}")

    (problem,) = caught.value.problems
    assert (problem.where, problem.fact.split()[:2]) == ("pyproject.toml", ["[tool.slipway]", key])
    assert problem.hint


@pytest.mark.parametrize(("key", "text"), [(key, text) for key, texts in REFUSED_TEXTS.items() for text in texts])
def test_a_variable_that_is_not_allowed_is_named_with_what_is(tmp_path: Path, key: str, text: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        loaded(tmp_path, **{SETTINGS[key].variable: text})

    (problem,) = caught.value.problems
    assert problem.where == SETTINGS[key].variable
    assert repr(text) in problem.fact
    assert problem.hint


def test_the_message_of_a_time_limit_names_the_variable_and_the_range(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as caught:
        loaded(tmp_path, SLIPWAY_REGISTRY_TIMEOUT="10s")

    assert str(caught.value) == (
        "SLIPWAY_REGISTRY_TIMEOUT: '10s' is not a number of seconds\n    hint: use 0.01 to 3600, such as 10"
    )


def test_every_setting_that_is_not_allowed_is_named_in_one_run(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as caught:
        loaded(tmp_path, "attempts = 0\nsource = 1\nnone = 1", SLIPWAY_REGISTRY_PORT="0")

    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    "text", ["oci://me:hunter2@x/y", "me:hunter2@x/y", "https://me:hunter2@x/y", "hunter2@x/y", "x/y@hunter2"]
)
def test_a_password_in_an_address_is_refused_and_never_shown(tmp_path: Path, text: str) -> None:
    for settings, environ in ((f'registry = "{text}"', {}), ("", {"SLIPWAY_REGISTRY": text})):
        with pytest.raises(WorkspaceError) as caught:
            loaded(tmp_path, settings, **environ)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://me:hunter2@x/y", "https://hunter2@x/y", "ssh://git:hunter2@x/y", "https://x:y@hunter2:99999/"]
)
@pytest.mark.parametrize("key", ["repository-url", "cluster"])
def test_a_password_in_another_address_is_refused_and_never_shown(tmp_path: Path, key: str, url: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        loaded(tmp_path, f'{key} = "{url}"')

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "host", "prefix"),
    [
        ("oci://ghcr.io/me/charts/", "ghcr.io", "me/charts"),
        ("GHCR.io/me", "ghcr.io", "me"),
        ("localhost:5000", "localhost:5000", ""),
        ("oci://registry.test:443/a", "registry.test:443", "a"),
        ("[::1]:5000/a", "[::1]:5000", "a"),
        ("oci://h/a.b/c__d/e--f", "h", "a.b/c__d/e--f"),
    ],
)
def test_an_address_has_a_host_in_lower_case_and_a_path(tmp_path: Path, text: str, host: str, prefix: str) -> None:
    registry = loaded(tmp_path, SLIPWAY_REGISTRY=text).registry

    assert (registry.host, registry.prefix) == (host, prefix)


def test_a_path_in_capitals_is_answered_with_the_one_that_is_meant(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as caught:
        loaded(tmp_path, SLIPWAY_REGISTRY="oci://127.0.0.1:5430/MyOrg/charts")

    assert str(caught.value) == (
        "SLIPWAY_REGISTRY: 'oci://127.0.0.1:5430/MyOrg/charts' is not in lower case\n"
        "    hint: did you mean '127.0.0.1:5430/myorg/charts'?"
    )


@pytest.mark.parametrize(
    "url",
    ["https://git.test/me/homelab.git", "ssh://git@git.test:2222/x.git", "git@git.test:me/x.git", "file:///srv/git/x"],
)
def test_every_form_of_git_address_is_accepted(tmp_path: Path, url: str) -> None:
    assert loaded(tmp_path, f'repository-url = "{url}"').repository_url == url


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\nslipway = 1", "[[tool]]", "[[tool.slipway]]"])
def test_a_table_that_is_none_is_no_traceback(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    with pytest.raises(WorkspaceError, match=r"\[tool.slipway\] is not a table"):
        load_config(tmp_path, {})


TOML = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(sorted(SETTINGS)), TOML | st.dictionaries(st.text(), TOML, max_size=2)))
def test_whatever_a_setting_is_it_is_read_or_refused(table: dict[str, object]) -> None:
    read, problems = check(table, {})

    assert all(key in read or any(key in problem.fact for problem in problems) for key in table)


@given(
    st.dictionaries(
        st.sampled_from(sorted(setting.variable for setting in SETTINGS.values() if setting.variable)), st.text()
    )
)
def test_whatever_a_variable_is_it_is_read_or_refused(environ: dict[str, str]) -> None:
    _, problems = check({}, environ)

    assert {problem.where for problem in problems} <= set(environ)


THEIRS = """\
[project]
name = "homelab"

[tool.slipway]
registry = "embedded"
environments = ["staging", "production"]
kube-version = "1.38.0"
# Where Argo CD reads deploy/ from.
repository-url = "https://git.example.org/homelab/homelab.git"

[tool.slipway.tools]
helm = "v4.4.0"
"""
OURS = """\
[tool.slipway]
registry = "oci://ghcr.io/me/charts" # public
environments = [
    "home", # the only one
]
rolling-sync = true
kube-version = "1.37.0"

[tool.slipway.tools]
helm = "v4.3.1"
"""


def test_a_release_of_the_platform_keeps_the_settings_of_whoever_runs_it() -> None:
    merged = edit.with_settings_of(THEIRS, OURS)

    assert (
        merged
        == """\
[project]
name = "homelab"

[tool.slipway]
registry = "oci://ghcr.io/me/charts" # public
environments = [
    "home", # the only one
]
kube-version = "1.37.0"
rolling-sync = true
# Where Argo CD reads deploy/ from.

[tool.slipway.tools]
helm = "v4.4.0"
"""
    )
    assert edit.with_settings_of(merged, OURS) == merged
    assert edit.with_settings_of(THEIRS, THEIRS) == THEIRS
    assert edit.changed_settings(THEIRS, OURS) == {
        "registry",
        "environments",
        "rolling-sync",
        "kube-version",
        "repository-url",
    }


@pytest.mark.parametrize(
    "text", ["docker.io", "docker.io/somebody/charts", "oci://index.docker.io/a/b", "registry-1.docker.io/"]
)
def test_docker_hub_has_a_user_and_nothing_below_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(WorkspaceError, match="at Docker Hub a repository is USER/NAME"):
        loaded(tmp_path, SLIPWAY_REGISTRY=text)


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        (
            {"SLIPWAY_REGISTRY_PASSWORD": "hush"},
            (
                "SLIPWAY_REGISTRY_PASSWORD: is set, but SLIPWAY_REGISTRY_USERNAME is not\n"
                "    hint: set SLIPWAY_REGISTRY_USERNAME as well"
            ),
        ),
        (
            {"SLIPWAY_REGISTRY_USERNAME": "hush"},
            (
                "SLIPWAY_REGISTRY_USERNAME: is set, but SLIPWAY_REGISTRY_PASSWORD is not\n"
                "    hint: set SLIPWAY_REGISTRY_PASSWORD as well"
            ),
        ),
        (
            {"SLIPWAY_REGISTRY_USERNAME": "me", "SLIPWAY_REGISTRY_PASSWORD": "hush\n"},
            (
                "SLIPWAY_REGISTRY_PASSWORD: ends in a line break\n"
                "    hint: read it without one: export NAME=\"$(cat FILE)\", or printf '%s' in place of echo"
            ),
        ),
        (
            {"SLIPWAY_REGISTRY_USERNAME": "me\r\n", "SLIPWAY_REGISTRY_PASSWORD": "hush"},
            (
                "SLIPWAY_REGISTRY_USERNAME: ends in a line break\n"
                "    hint: read it without one: export NAME=\"$(cat FILE)\", or printf '%s' in place of echo"
            ),
        ),
        (
            {"SLIPWAY_REGISTRY_USERNAME": "me", "SLIPWAY_REGISTRY_PASSWORD": "hu\x1bsh"},
            "SLIPWAY_REGISTRY_PASSWORD: has a control character\n    hint: set it to the text alone",
        ),
        (
            {"SLIPWAY_REGISTRY_USERNAME": "me:hush", "SLIPWAY_REGISTRY_PASSWORD": "hush"},
            (
                "SLIPWAY_REGISTRY_USERNAME: has a colon, which no registry can take\n"
                "    hint: set the user without its password"
            ),
        ),
    ],
)
def test_a_login_that_cannot_be_meant_is_refused_before_anything_and_never_shown(
    tmp_path: Path, environ: dict[str, str], text: str
) -> None:
    with pytest.raises(WorkspaceError) as caught:
        loaded(tmp_path, SLIPWAY_REGISTRY="registry.test/charts", **environ)

    assert str(caught.value) == text
    assert caught.value.exit_code == 2
    assert loaded(tmp_path, **environ).registry.embedded


@pytest.mark.parametrize("name", ["a,b", 'a"b', "a:b", "a\nb", "a\x1bb", os.fsdecode(b"a\xe9")])
def test_a_checkout_whose_path_programs_misread_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        load_config(tmp_path / name, {})

    (problem,) = caught.value.problems
    assert problem.hint in {"move the checkout to a path without it", "rename it"}
    assert problem.where.isprintable()


@pytest.mark.parametrize("name", ["a b", "höme", "家", "it's", "$(x)", "#%{}[]*"])
def test_a_checkout_may_have_any_other_path(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "pyproject.toml").write_text("[tool.slipway]\n")

    assert load_config(tmp_path / name, {}).root == tmp_path / name


def own(root: Path, text: str) -> Config:
    (root / "slipway.toml").write_text(text)
    return load_config(root, {})


def test_a_repository_that_is_no_python_project_has_its_settings_at_the_top_of_slipway_toml(tmp_path: Path) -> None:
    config = own(tmp_path, 'profile = "plain"\nregistry = "oci://ghcr.io/me/charts"\n[tools]\nhelm = "v4.3.1"\n')

    assert (config.profile, config.file, config.environments) == (PLAIN, "slipway.toml", ())
    assert (config.registry.base, config.tools) == ("oci://ghcr.io/me/charts", {"helm": "v4.3.1"})


def test_slipway_toml_leaves_a_pyproject_without_settings_to_python(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n")

    assert own(tmp_path, 'profile = "plain"').profile is PLAIN


def test_settings_in_two_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.slipway]\n")

    with pytest.raises(WorkspaceError, match=r"^slipway.toml: has settings, and so has pyproject.toml"):
        own(tmp_path, 'profile = "plain"')


def test_a_message_about_slipway_toml_names_no_table_of_pyproject(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError) as caught:
        own(tmp_path, 'profil = "plain"')

    assert str(caught.value) == "slipway.toml: has no setting 'profil'\n    hint: did you mean 'profile'?"


def test_only_the_profile_of_the_platform_needs_an_environment(tmp_path: Path) -> None:
    assert own(tmp_path, 'profile = "plain"\nenvironments = []').environments == ()
    assert own(tmp_path, 'profile = "plain"\nenvironments = ["live"]').environments == ("live",)
    with pytest.raises(WorkspaceError, match=r"environments is \[\], which is empty\n.*profile = 'plain'"):
        own(tmp_path, "environments = []")


def test_without_a_profile_the_rules_are_those_of_the_platform(tmp_path: Path) -> None:
    assert loaded(tmp_path).profile is HOMELAB
    assert load_config(ROOT, {}).profile is HOMELAB
