"""What is read from the headers of a registry, a proxy before it, or something else."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.registry.body import parsed
from slipway.registry.headers import MAX_RETRY_AFTER_S, Challenge, challenges, links, next_link, retry_after_s
from slipway.registry.urls import BadAddress, checked, joined, origin

NOW = datetime(2026, 11, 2, 10, 0, 0, tzinfo=UTC)
ODD_TEXT = st.text(max_size=80) | st.lists(
    st.sampled_from([*'<>",;=\\: \t', "rel", "next", "Bearer", "realm", "/v2/a", "http://[::1", "\x00", "²"]),
    max_size=30,
).map("".join)


def bearer(**parameters: str) -> Challenge:
    return Challenge(scheme="bearer", parameters=parameters)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Bearer realm="https://a/t",service="s"', [bearer(realm="https://a/t", service="s")]),
        ('BEARER Realm="https://a/t" , SERVICE = "s"', [bearer(realm="https://a/t", service="s")]),
        ("Bearer realm=https://a/t?x=1,service=s", [bearer(realm="https://a/t?x=1", service="s")]),
        (
            'Bearer realm="https://a/t",scope="repository:a:pull,push"',
            [bearer(realm="https://a/t", scope="repository:a:pull,push")],
        ),
        (r'Bearer realm="a \"b\", Basic"', [bearer(realm='a "b", Basic')]),
        ('Bearer realm="a",realm="b"', [bearer(realm="a")]),
        ("Basic", [Challenge(scheme="basic")]),
        (
            'Basic realm="x", Bearer realm="https://a/t"',
            [Challenge(scheme="basic", parameters={"realm": "x"}), bearer(realm="https://a/t")],
        ),
        (
            "Negotiate, NTLM, Basic realm=x",
            [
                Challenge(scheme="negotiate"),
                Challenge(scheme="ntlm"),
                Challenge(scheme="basic", parameters={"realm": "x"}),
            ],
        ),
        (
            'Negotiate YII=, Basic realm="x"',
            [Challenge(scheme="negotiate"), Challenge(scheme="basic", parameters={"realm": "x"})],
        ),
        (', ,Basic realm="x",', [Challenge(scheme="basic", parameters={"realm": "x"})]),
        ("", []),
    ],
)
def test_every_challenge_of_a_header_is_found(text: str, expected: list[Challenge]) -> None:
    assert list(challenges(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('</v2/a/tags/list?last=b&n=2>; rel="next"', "/v2/a/tags/list?last=b&n=2"),
        ("</a>; rel=next", "/a"),
        ("</a>;REL=NEXT", "/a"),
        ('</a>; title="x, y; rel=\\"no\\""; rel="next"', "/a"),
        ('</a>; rel="prev next"', "/a"),
        ('</a,b>; rel="first", </c,d>; rel="next"', "/c,d"),
        ('</a>; rel="nextish"', None),
        ('</a>; rel="prev"; rel="next"', None),
        ("</a>", None),
        ("rel=next", None),
        ("</a; rel=next", None),
        ("", None),
    ],
)
def test_the_link_to_the_next_page_is_found(text: str, expected: str | None) -> None:
    assert next_link(text) == expected


@pytest.mark.parametrize(
    ("text", "date", "seconds"),
    [
        ("7", "", 7.0),
        ("0", "", 0.0),
        ("1.5", "", 1.5),
        ("3600", "", MAX_RETRY_AFTER_S),
        ("9" * 5000, "", MAX_RETRY_AFTER_S),
        ("-5", "", 0.0),
        ("²", "", 0.0),
        ("٣", "", 0.0),
        ("nan", "", 0.0),
        ("soon", "", 0.0),
        ("Mon, 02 Nov 2026 10:00:05 GMT", "Mon, 02 Nov 2026 10:00:00 GMT", 5.0),
        ("Mon, 02 Nov 2026 10:00:05 -0000", "", 5.0),
        ("Mon, 02 Nov 2026 10:00:05 GMT", "", 5.0),
        ("Mon, 02 Nov 2026 09:00:00 GMT", "", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "", MAX_RETRY_AFTER_S),
        ("Mon, 02 Nov 2026 10:00:05 +9999999999", "", 0.0),
    ],
)
def test_a_time_to_wait_is_bounded_and_any_other_text_is_none(text: str, date: str, seconds: float) -> None:
    assert retry_after_s(text, date, NOW) == seconds


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Registry.EXAMPLE.org:443/v2/", "https://registry.example.org"),
        ("http://registry.example.org:80", "http://registry.example.org"),
        ("http://registry.example.org:443", "http://registry.example.org:443"),
        ("http://[FD00::1]:5000/v2", "http://[fd00::1]:5000"),
        ("https://me:secret@registry.example.org/v2/", "https://registry.example.org"),
    ],
)
def test_an_origin_has_one_spelling(url: str, expected: str) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize(
    "reference",
    [
        "http://[::1",
        "//[",
        "ftp://h/",
        "http://h:port/",
        "http://h:99999/",
        "http://h:0/",
        "http://a b/",
        "http://h/\x00",
        "javascript:1",
    ],
)
def test_what_is_no_address_of_a_server_is_refused(reference: str) -> None:
    with pytest.raises(BadAddress):
        joined("http://registry.example.org/v2/", reference)


def test_what_a_request_cannot_have_is_percent_encoded() -> None:
    assert joined("http://h/v2/", "/ü x?a=%2F&b=ä") == "http://h/%C3%BC%20x?a=%2F&b=%C3%A4"


@given(ODD_TEXT, ODD_TEXT)
def test_any_header_is_read_without_an_error(text: str, other: str) -> None:
    challenges(text)
    list(links(text))
    next_link(text)
    assert 0 <= retry_after_s(text, other, NOW) <= MAX_RETRY_AFTER_S
    with suppress(BadAddress):
        assert checked(joined("http://h/v2/", text)) == joined("http://h/v2/", text)


@given(
    st.binary(max_size=200)
    | st.sampled_from([b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000, b"\xff", b"\xef\xbb\xbf{}"])
)
def test_any_body_is_a_value_or_a_value_error(body: bytes) -> None:
    with suppress(ValueError):
        parsed(body)


def test_a_body_longer_than_any_manifest_is_not_parsed() -> None:
    with pytest.raises(ValueError, match="too long"):
        parsed(b" " * (8 * 1024 * 1024 + 1))
