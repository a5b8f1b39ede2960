"""Probes: HTTP, TCP, a command or gRPC."""

import pytest
import yaml

from testing.charts import LIBRARY

pytestmark = pytest.mark.helm

TIMES = yaml.safe_load((LIBRARY / "values.yaml").read_text())["probe"]
"""The library's times, by kind of probe."""


def probe(render, fields, kind="liveness"):
    ports = "ports: {http: {port: 80}, https: {port: 443}}"
    objects = render(f"controllers: {{demo: {{containers: {{app: {{{ports}, probes: {{{kind}: {fields}}}}}}}}}}}")
    return objects.container().get(f"{kind}Probe")


@pytest.mark.parametrize("kind", ["liveness", "readiness", "startup"])
def test_a_path_is_asked_by_http(render, kind):
    assert probe(render, "{path: /ping, port: http}", kind)["httpGet"] == {"path": "/ping", "port": "http"}


def test_a_port_can_be_a_number(render):
    assert probe(render, "{path: /, port: 8080}")["httpGet"] == {"path": "/", "port": 8080}


def test_scheme_host_and_headers_reach_the_request(render):
    fields = "{path: /, port: https, scheme: HTTPS, host: 127.0.0.1, headers: {X-Token: a, Host: b.test}}"

    assert probe(render, fields)["httpGet"] == {
        "path": "/",
        "port": "https",
        "scheme": "HTTPS",
        "host": "127.0.0.1",
        "httpHeaders": [{"name": "Host", "value": "b.test"}, {"name": "X-Token", "value": "a"}],
    }


def test_a_connection_can_be_enough(render):
    assert probe(render, "{tcp: true, port: http}")["tcpSocket"] == {"port": "http"}


def test_a_command_can_decide(render):
    assert probe(render, "{exec: [pg_isready, -U, app]}")["exec"] == {"command": ["pg_isready", "-U", "app"]}


def test_grpc_has_a_check_of_its_own(render):
    assert probe(render, "{grpc: true, port: 9000}")["grpc"] == {"port": 9000}


def test_every_time_reaches_the_probe(render):
    times = "initialDelaySeconds: 0, periodSeconds: 5, timeoutSeconds: 3, successThreshold: 1, failureThreshold: 30"

    assert probe(render, f"{{tcp: true, port: 1, {times}}}") == {
        "tcpSocket": {"port": 1},
        "initialDelaySeconds": 0,
        "periodSeconds": 5,
        "timeoutSeconds": 3,
        "successThreshold": 1,
        "failureThreshold": 30,
    }


@pytest.mark.parametrize("kind", ["liveness", "readiness", "startup"])
def test_times_that_are_not_said_are_the_librarys(render, kind):
    assert probe(render, "{path: /ping, port: http}", kind) == {
        "httpGet": {"path": "/ping", "port": "http"},
        **TIMES[kind],
    }


def test_a_time_that_is_said_leaves_the_others_as_they_are(render):
    found = probe(render, "{path: /ping, port: http, failureThreshold: 9}")

    assert {key: found[key] for key in TIMES["liveness"]} == {**TIMES["liveness"], "failureThreshold": 9}


def test_a_probe_can_be_switched_off(render):
    assert probe(render, "{path: /, port: 1, enabled: false}") is None


def test_there_is_no_probe_that_nobody_asked_for(render):
    assert not [key for key in render().container() if key.endswith("Probe")]


def test_a_header_may_name_values(render):
    found = probe(render, "{path: /, port: 1, headers: {Host: 'app.{{ .Values.global.domain }}'}}")

    assert found["httpGet"]["httpHeaders"] == [{"name": "Host", "value": "app.homelab.example.org"}]
