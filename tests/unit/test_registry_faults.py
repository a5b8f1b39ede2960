"""A registry that is down, slow, broken or closed: the exact text, and a bounded number of attempts."""

import hashlib
import json
import socket
from collections.abc import Callable
from dataclasses import replace

import pytest

from slipway.config import RegistryConfig
from slipway.core.errors import RegistryError
from slipway.core.model import INPUT_DIGEST, ChartName
from slipway.registry.client import Registry
from slipway.registry.manifest import MANIFEST_TYPE
from slipway.registry.transport import transport_error_of
from testing.faulty import Answer, Seen, failure_of, serving, unused_port

SONARR = {ChartName("sonarr"): "1.0.0"}
PATH = "/v2/charts/sonarr/manifests/1.0.0"
LOGIN = (
    "`docker login HOST`, `helm registry login HOST`, or set SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD"
)


def error_body(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def always(answer: Answer) -> Callable[[Seen], Answer]:
    return lambda _: answer


def test_a_registry_that_is_down_is_tried_three_times_and_named() -> None:
    waits: list[float] = []
    config = RegistryConfig(host=f"127.0.0.1:{unused_port()}", prefix="charts", plain_http=True, attempts=3)

    text = failure_of(config, waits)

    assert text == (
        "HOST/charts/sonarr: cannot be reached\n"
        f"    GET {PATH} (3 attempts)\n"
        "    Connection refused\n"
        "    hint: is HOST right? Set SLIPWAY_REGISTRY, or registry in pyproject.toml"
    )
    assert len(waits) == 2
    assert 0.125 <= waits[0] <= 0.25 <= waits[1] <= 0.5


def test_the_hint_for_the_embedded_registry_is_the_command_that_starts_it() -> None:
    port = unused_port()
    config = RegistryConfig(host=f"127.0.0.1:{port}", prefix="charts", plain_http=True, attempts=1, embedded=True)

    assert failure_of(config).splitlines()[-1] == "    hint: ./inv registry start"


def test_an_address_that_cannot_be_right_is_not_tried_again() -> None:
    config = RegistryConfig(host="registry.example.org", prefix="charts")
    unknown = transport_error_of(socket.gaierror(socket.EAI_NONAME, "Name or service not known"), config)
    waits: list[float] = []

    text = failure_of(RegistryConfig(host="127.0.0.1:port", prefix="charts"), waits)

    assert (unknown.fact, unknown.reason, unknown.again) == (
        "cannot be reached",
        "the host name cannot be resolved",
        False,
    )
    assert text == (
        "HOST/charts/sonarr: is not a valid address\n"
        f"    GET {PATH} (1 attempt)\n"
        "    hint: is HOST right? Set SLIPWAY_REGISTRY, or registry in pyproject.toml"
    )
    assert waits == []


def test_many_charts_at_a_registry_that_is_down_cost_the_attempts_of_one() -> None:
    waits: list[float] = []
    config = RegistryConfig(host=f"127.0.0.1:{unused_port()}", prefix="charts", plain_http=True, attempts=3)
    registry = Registry.open(config, {}, sleep=waits.append)

    with pytest.raises(RegistryError):
        registry.published({ChartName(f"c{number}"): "1.0.0" for number in range(50)})

    assert len(waits) == 2


def test_a_slow_registry_times_out_after_bounded_attempts() -> None:
    with serving(always(Answer(hang=True))) as server:
        text = failure_of(replace(server.config, timeout_s=0.05))

        assert text == (
            "HOST/charts/sonarr: did not respond within 0.05 s\n"
            f"    GET {PATH} (3 attempts)\n"
            "    hint: retry, or raise timeout-seconds in pyproject.toml (SLIPWAY_REGISTRY_TIMEOUT)"
        )
        assert len(server.seen) == 3


def test_401_without_credentials_has_a_hint_how_to_log_in() -> None:
    challenge = {"WWW-Authenticate": 'Basic realm="charts"'}
    answer = Answer(status=401, headers=challenge, body=error_body("UNAUTHORIZED", "authentication required"))
    with serving(always(answer)) as server:
        text = failure_of(server.config)

        assert text == (
            "HOST/charts/sonarr: authentication required (401)\n"
            f"    GET {PATH} (1 attempt)\n"
            "    UNAUTHORIZED: authentication required\n"
            f"    hint: {LOGIN}"
        )
        assert len(server.seen) == 1


def test_403_is_final_and_names_the_user() -> None:
    answer = Answer(status=403, body=error_body("DENIED", "requested access to the resource is denied"))
    with serving(always(answer)) as server:
        text = failure_of(server.config)

        assert text == (
            "HOST/charts/sonarr: access denied without credentials (403)\n"
            f"    GET {PATH} (1 attempt)\n"
            "    DENIED: requested access to the resource is denied\n"
            f"    hint: {LOGIN}"
        )
        assert len(server.seen) == 1


def test_429_waits_as_long_as_the_registry_asks() -> None:
    waits: list[float] = []
    answer = Answer(status=429, headers={"Retry-After": "7"}, body=error_body("TOOMANYREQUESTS", "slow down"))
    with serving(always(answer)) as server:
        text = failure_of(server.config, waits)

        assert text == (
            "HOST/charts/sonarr: rate limit exceeded (429)\n"
            f"    GET {PATH} (3 attempts)\n"
            "    TOOMANYREQUESTS: slow down\n"
            "    hint: wait, then run the command again; what was published stays"
        )
        assert waits == [7.0, 7.0]
        assert len(server.seen) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_registry_is_tried_again_then_named(status: int) -> None:
    with serving(always(Answer(status=status, body=error_body("UNKNOWN", "unknown error")))) as server:
        text = failure_of(server.config)

        assert text == (
            f"HOST/charts/sonarr: server error ({status})\n"
            f"    GET {PATH} (3 attempts)\n"
            "    UNKNOWN: unknown error\n"
            "    hint: run the command again; what was published stays"
        )
        assert len(server.seen) == 3


def test_a_registry_that_recovers_is_used() -> None:
    body = json.dumps({"schemaVersion": 2, "annotations": {INPUT_DIGEST: "sha256:aa"}}).encode()
    answers = iter([Answer(status=503), Answer(raw=b""), Answer(body=body)])
    with serving(lambda _: next(answers)) as server:
        registry = Registry.open(server.config, {}, sleep=lambda _: None)

        found = registry.published(SONARR)[ChartName("sonarr")]

        assert found is not None
        assert found.input_digest == "sha256:aa"
        assert found.manifest == f"sha256:{hashlib.sha256(body).hexdigest()}"
        registry.close()


def test_a_truncated_answer_is_tried_again_then_named() -> None:
    with serving(always(Answer(body=b"{", announced=500))) as server:
        text = failure_of(server.config)

        assert text == (
            "HOST/charts/sonarr: closed the connection in the middle of a response\n"
            f"    GET {PATH} (3 attempts)\n"
            "    1 bytes received\n"
            "    hint: run the command again; what was published stays"
        )
        assert len(server.seen) == 3


def test_a_manifest_that_does_not_have_its_digest_is_refused() -> None:
    expected = "sha256:" + "0" * 64
    body = b'{"schemaVersion":2}'
    with serving(always(Answer(body=body, headers={"Docker-Content-Digest": expected}))) as server:
        text = failure_of(server.config)

        assert text == (
            "HOST/charts/sonarr: sent content that does not have its digest\n"
            f"    GET {PATH} (1 attempt)\n"
            f"    expected {expected}\n"
            f"    actual   sha256:{hashlib.sha256(body).hexdigest()}\n"
            "    hint: run the command again; what was published stays; if it stays, the registry's storage or a proxy "
            "before it is broken"
        )


def test_an_upload_that_the_registry_refuses_is_a_clear_error() -> None:
    def respond(seen: Seen) -> Answer:
        if seen.method == "HEAD":
            return Answer(status=404)
        return Answer(status=405, body=error_body("UNSUPPORTED", "The operation is unsupported."))

    with serving(respond) as server:
        registry = Registry.open(server.config, {}, sleep=lambda _: None)

        with pytest.raises(RegistryError) as caught:
            registry.push_blob("sonarr", b"x")

        registry.close()
        assert str(caught.value).replace(server.config.host, "HOST") == (
            "HOST/charts/sonarr: allows no upload here (405)\n"
            "    POST /v2/charts/sonarr/blobs/uploads/ (1 attempt)\n"
            "    UNSUPPORTED: The operation is unsupported.\n"
            "    hint: is HOST a read-only mirror or cache? Set SLIPWAY_REGISTRY to the registry behind it"
        )


def test_a_manifest_stored_under_another_digest_is_an_error() -> None:
    with serving(always(Answer(status=201, headers={"Docker-Content-Digest": "sha256:other"}))) as server:
        registry = Registry.open(server.config, {})

        with pytest.raises(RegistryError, match="sent content that does not have its digest"):
            registry.put_manifest("sonarr", "1.0.0", b"{}")

        registry.close()
        assert server.seen[0].headers["content-type"] == MANIFEST_TYPE


def test_a_connection_that_the_server_ended_while_idle_is_replaced_without_a_failed_attempt() -> None:
    with serving(always(Answer(body=b"{}"))) as server:
        registry = Registry.open(replace(server.config, attempts=1), {})
        registry.ping()
        idle = registry.session.transport._idle
        for connections in idle.values():
            for connection in connections:
                assert connection.sock is not None
                connection.sock.shutdown(2)

        registry.ping()

        assert server.requests == ["GET /v2/", "GET /v2/"]
        registry.close()
