"""Something that is not a registry at the configured address is never taken for an empty one."""

from collections.abc import Callable
from dataclasses import replace

from testing.faulty import Answer, Seen, failure_of, serving

PATH = "/v2/charts/sonarr/manifests/1.0.0"


def always(answer: Answer) -> Callable[[Seen], Answer]:
    return lambda _: answer


def test_garbage_in_place_of_a_manifest_is_refused() -> None:
    with serving(always(Answer(body=b"<html>hello", headers={"Content-Type": "text/html"}))) as server:
        text = failure_of(server.config)

        assert text == (
            "HOST/charts/sonarr: answers with something that is not a manifest\n"
            f"    GET {PATH} (1 attempt)\n"
            "    11 bytes of text/html\n"
            "    hint: is HOST right? Set SLIPWAY_REGISTRY, or registry in pyproject.toml"
        )


def test_a_web_server_that_knows_no_charts_is_not_an_empty_registry() -> None:
    with serving(always(Answer(status=404, body=b"<h1>Not found", headers={"Content-Type": "text/html"}))) as server:
        text = failure_of(server.config)

        assert text == (
            "HOST: is not a registry (404)\n"
            "    GET /v2/ (1 attempt)\n"
            "    hint: is HOST right? Set SLIPWAY_REGISTRY, or registry in pyproject.toml"
        )


def test_a_web_server_that_answers_everything_is_not_a_registry() -> None:
    page = Answer(body=b"<h1>Welcome", headers={"Content-Type": "text/html"})
    with serving(lambda seen: Answer(status=404) if "manifests" in seen.path else page) as server:
        assert failure_of(server.config) == (
            "HOST: is not a registry: it answers with a web page\n"
            "    GET /v2/ (1 attempt)\n"
            "    11 bytes of text/html\n"
            "    hint: is HOST right? Set SLIPWAY_REGISTRY, or registry in pyproject.toml"
        )


def test_something_that_does_not_speak_http_is_not_tried_again() -> None:
    with serving(always(Answer(raw=b"220 mail.example.org ESMTP\r\n"))) as server:
        text = failure_of(server.config)

        assert text == (
            "HOST/charts/sonarr: is not a registry: it does not speak HTTP\n"
            f"    GET {PATH} (1 attempt)\n"
            "    hint: is HOST right? Set SLIPWAY_REGISTRY, or registry in pyproject.toml"
        )
        assert len(server.seen) == 1


def test_plain_http_where_tls_is_expected_names_the_setting_to_change() -> None:
    with serving(always(Answer())) as server:
        text = failure_of(replace(server.config, plain_http=False))

        assert text == (
            "HOST/charts/sonarr: does not speak TLS\n"
            f"    GET {PATH} (1 attempt)\n"
            "    hint: for plain HTTP set SLIPWAY_REGISTRY_PLAIN_HTTP=true, or plain-http = true in pyproject.toml"
        )


def test_an_answer_without_end_is_not_read() -> None:
    with serving(always(Answer(announced=10**12))) as server:
        assert (
            failure_of(server.config).splitlines()[0]
            == "HOST/charts/sonarr: response of 1,000,000,000,000 bytes exceeds the limit"
        )
