"""Environment variables: texts, numbers, booleans, and where else a value comes from."""

import pytest

pytestmark = pytest.mark.helm

VALUES = """
controllers:
  demo:
    containers:
      app:
        env:
          TEXT: plain
          ZONE: "zone {{ .Values.global.timezone }}"
          WHOLE: 8080
          LARGE: 10000000000
          FRACTION: 0.25
          "YES": true
          "NO": false
          EMPTY: ""
          GONE: null
          BRACES: '{{ "{{PORT}}" }}'
          QUOTED: 'a "b" \\c'
          KEY: {secret: login, key: token}
          MAYBE: {secret: login, key: extra, optional: true}
          FILE: {config: main, key: mode}
          POD: {field: metadata.name}
          LIMIT: {resource: limits.memory}
        envFrom:
          all: {secret: login}
          maybe: {secret: given, optional: true}
          files: {config: main}
secrets:
  login: {keys: [token, extra], purpose: the account}
  given: {name: "{{ .Values.global.environment }}-login", keys: [token], purpose: made elsewhere}
config:
  main: {files: {mode: fast}}
"""


@pytest.fixture
def env(render):
    """Variable → its value, or where it comes from."""
    listed = render(VALUES).container()["env"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in listed}


def test_a_text_is_a_text(env):
    assert (env["TEXT"], env["QUOTED"]) == ("plain", 'a "b" \\c')


def test_an_empty_text_is_a_name_alone_as_the_api_server_keeps_it(env):
    assert env["EMPTY"] is None


def test_a_text_may_name_values(env):
    assert env["ZONE"] == "zone Etc/UTC"


def test_braces_that_the_program_wants_can_be_kept(env):
    assert env["BRACES"] == "{{PORT}}"


def test_numbers_are_written_as_people_write_them(env):
    # YAML numbers arrive as floats, which Go would print as 1e+10.
    assert (env["WHOLE"], env["LARGE"], env["FRACTION"]) == ("8080", "10000000000", "0.25")


def test_booleans_are_texts(env):
    assert (env["YES"], env["NO"]) == ("true", "false")


def test_null_takes_a_variable_away(env):
    assert "GONE" not in env


def test_a_variable_can_come_from_a_declared_secret(env):
    assert env["KEY"] == {"secretKeyRef": {"name": "login", "key": "token"}}
    assert env["MAYBE"] == {"secretKeyRef": {"name": "login", "key": "extra", "optional": True}}


def test_a_variable_can_come_from_a_config_entry(env):
    assert env["FILE"] == {"configMapKeyRef": {"name": "demo-main", "key": "mode"}}


def test_a_variable_can_come_from_the_pod(env):
    assert env["POD"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert env["LIMIT"] == {"resourceFieldRef": {"resource": "limits.memory"}}


def test_variables_come_in_the_order_of_their_names(env):
    assert list(env) == sorted(env)


def test_whole_secrets_and_config_entries_can_be_variables(render):
    assert render(VALUES).container()["envFrom"] == [
        {"secretRef": {"name": "login"}},
        {"configMapRef": {"name": "demo-main"}},
        {"secretRef": {"name": "local-login", "optional": True}},
    ]


def test_no_secret_is_ever_rendered(render):
    assert render(VALUES).of("Secret") == []


def test_a_secret_that_nobody_declared_is_refused(refuse):
    values = "controllers: {demo: {containers: {app: {env: {KEY: {secret: logn, key: token}}}}}}"

    assert (
        'demo: controller demo: container app uses the secret "logn", which is not declared; add secrets.logn'
        in refuse(values)
    )


def test_a_whole_secret_that_nobody_declared_is_refused(refuse):
    values = "controllers: {demo: {containers: {app: {envFrom: {all: {secret: logn}}}}}}"

    assert 'container app uses the secret "logn", which is not declared; add secrets.logn' in refuse(values)


def test_a_variable_with_a_value_and_a_source_is_refused(refuse):
    values = "controllers: {demo: {containers: {app: {env: {KEY: {secret: a, key: b, value: c}}}}}}"

    assert "/controllers/demo/containers/app/env/KEY" in refuse(values)
