"""The forms of secrets that are no token of one provider: hashes of passwords, headers, logins, keys, and base64 of them. Pure.

A form is judged alone, without the key that it is the value of. What stands for a secret is none: a variable, a template, a
word in angle brackets.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

PRIVATE_KEY_FORM = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|AGE-SECRET-KEY-1[A-Z0-9]{20,}|PuTTY-User-Key-File-\d"
)

WORD = r"(?![$<{*]|x{4}|%[({])[^\s\"'<>{}$,;\\]"
"""The beginning of a literal value."""
QUOTE = r"(?:\\?[\"'])?"
CRYPT = r"[./A-Za-z0-9]"
B64 = r"[A-Za-z0-9+/]"

HASHES: Mapping[str, str] = {
    "bcrypt": rf"\$2[abxy]?\$\d\d\$+{CRYPT}{{53}}",
    "crypt(3)": rf"\$(?:1|5|6|7|y|gy|apr1)\$(?:[./A-Za-z0-9=,]+\$){{1,2}}{CRYPT}{{22,}}",
    "the password hashing competition": r"\$(?:argon2(?:id|i|d)|scrypt|pbkdf2(?:-sha\d+)?)\$[^\s\"']{20,}",
    "Django and Werkzeug": r"\b(?:pbkdf2[_:]sha\d+[$:]\d+|scrypt:\d+:\d+:\d+|bcrypt_sha256)\$[^\s\"']{20,}",
    "Qt": rf"@ByteArray\({B64}{{20,}}=*:{B64}{{40,}}=*\)",
    "SCRAM": rf"\bSCRAM-SHA-(?:1|256|512)\$\d+:{B64}+=*\$",
    "LDAP": r"\{(?i:S?SHA(?:256|384|512)?|S?MD5|CRYPT|PBKDF2[\w-]*|ARGON2)\}[A-Za-z0-9+/=$.]{20,}",
    "PostgreSQL": r"[\"']md5[0-9a-f]{32}[\"']",
    "MySQL": r"(?<![0-9A-Za-z])\*[0-9A-F]{40}\b",
}
"""Who reads a hash → its form. Source: crypt(5), the PHC string format, RFC 5803, RFC 2307, and each product's documents."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a secret looks."""

    words: tuple[str, ...]
    """In lower case; a text without each of them has none, which is faster to see than by the pattern."""
    pattern: re.Pattern[str]


def form(words: tuple[str, ...], pattern: str, flags: int = 0) -> Form:
    """A form of these words."""
    return Form(words, re.compile(pattern, flags))


FORMS: Mapping[str, Form] = {
    "a hash of a password": form(
        (
            "$2",
            "$1$",
            "$5$",
            "$6$",
            "$7$",
            "y$",
            "$apr1$",
            "$argon2",
            "$scrypt",
            "pbkdf2",
            "scrypt:",
            "bcrypt_",
            "@bytearray(",
            "scram-",
            "{s",
            "{md5",
            "{crypt",
            "{argon2",
            "'md5",
            '"md5',
            "'*",
            '"*',
        ),
        "|".join(HASHES.values()),
    ),
    "a login in a header": form(
        (
            "authorization",
            "api-key",
            "apikey",
            "-token",
        ),
        rf"\b(?:Proxy-)?Authorization{QUOTE}\s*[:=]\s*{QUOTE}(?:Bearer|Basic|Token|ApiKey|Bot|Key|GenieKey)\s+{WORD}{{7,}}"
        rf"|\b(?:X-[\w-]*(?:Api-?Key|Token)|(?:PRIVATE|JOB|DEPLOY)-TOKEN){QUOTE}\s*[:=]\s*{QUOTE}{WORD}{{7,}}",
        re.IGNORECASE,
    ),
    "a login in a query": form(
        (
            "?",
            "&",
        ),
        rf"[?&](?:api_?key|access_?token|token|sig|secret|password|passwd|X-[\w-]*Token)={WORD}{{7,}}",
        re.IGNORECASE,
    ),
    "a login of a command": form(
        (
            "curl",
            "machine ",
            ":_",
        ),
        rf"\bcurl\b.*\s(?:-u|--user)[ =]{QUOTE}[\w.@-]+:{WORD}{{3,}}"
        rf"|\bmachine\s+\S+\s+login\s+\S+\s+password\s+{WORD}+|:_(?:authToken|password|auth)\s*=\s*{WORD}{{7,}}",
    ),
    "a login in a docker config": form(
        (
            "auth",
            "token",
        ),
        rf"\\?\"(?:auth|identitytoken|registrytoken)\\?\"\s*:\s*\\?\"{WORD}{{7,}}",
    ),
    "a WireGuard key": form(
        (
            "privatekey",
            "presharedkey",
        ),
        rf"\b(?:PrivateKey|PresharedKey)\s*=\s*{B64}{{42,43}}=",
    ),
    "a JSON web key": form(("kty",), r"\"kty\\?\"\s*:.*\\?\"(?:d|k)\\?\"\s*:\s*\\?\"[\w-]{20,}"),
    "a value of an element": form(
        ("</",), rf"<(\w*(?:ApiKey|Password|Passwd|Token|Secret))>{WORD}{{5,}}[^<]*</\1>", re.IGNORECASE
    ),
    "a token of a homelab service": form(
        (
            "gocspx-",
            "dckr_pat_",
            "tskey-",
            "claim-",
            "tk_",
            ":aa",
            "/api/webhooks/",
            "squ_",
            "atatt3",
            '{"a":',
        ),
        r"\bGOCSPX-[\w-]{20,}|\bdckr_pat_[\w-]{20,}|\btskey-[a-z]+-[A-Za-z0-9-]{16,}|\bclaim-[\w-]{20}\b|\btk_[a-z0-9]{29}\b"
        r"|\b\d{8,10}:AA[\w-]{33}\b|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{30,}|\bsqu_[0-9a-f]{40}\b"
        r"|\bATATT3[\w-]{60,}|\{\"a\": ?\"[0-9a-f]{32}\", ?\"t\": ?\"[0-9a-f-]{36}\", ?\"s\":",
    ),
    "a URL with a password": form(("://",), r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}<>\"'$]*:(?!\$)[^\s/:@{}<>\"'$]{3,}@"),
}
"""What it is → its form."""

ENCODED = re.compile(r"(?<![A-Za-z0-9+/_=-])(?:LS0tLS|ey|e1|PD94)[A-Za-z0-9+/_-]{18,}={0,2}")
"""Base64 of PEM, of JSON and of XML, by how it begins."""
MAX_DEPTH = 3
"""A key in a docker config in a Secret is two layers deep."""


def forms_in(text: str) -> tuple[str, ...]:
    """The names of the forms that a text contains."""
    lower = text.lower()
    return tuple(
        what
        for what, one in FORMS.items()
        if any(word in lower for word in one.words) and one.pattern.search(text) is not None
    )


def decoded(text: str) -> Iterator[tuple[str, str]]:
    """Each base64 text that holds a text of lines or JSON: as it is written, and what it holds."""
    for match in ENCODED.finditer(text):
        written = match.group()
        bare = written.rstrip("=").translate(str.maketrans("-_", "+/"))
        try:
            content = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
        yield written, content


def is_private_key(text: str, depth: int = MAX_DEPTH) -> bool:
    """Whether a text is a private key, or base64 of one."""
    if PRIVATE_KEY_FORM.search(text) is not None:
        return True
    return depth > 0 and any(is_private_key(content, depth - 1) for _, content in decoded(text))


def hidden(text: str, depth: int = MAX_DEPTH) -> Iterator[tuple[str, str]]:
    """What base64 in a text contains, and the base64 that shows it."""
    for written, content in decoded(text):
        inner = [*forms_in(content)]
        inner += [what for what, _ in hidden(content, depth - 1)] if depth else []
        if is_private_key(content, depth - 1):
            inner.append("a private key")
        if inner:
            yield f"base64 of {inner[0]}", written
