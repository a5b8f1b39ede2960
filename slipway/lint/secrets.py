"""Secrets that must not be in the sources or in a package: keys, tokens, and literal values of password-like keys.

A line that only looks like a secret says so and why: `# slipway: not-a-secret REASON`.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.build import archive as package
from slipway.core.errors import Problem, WorkspaceError
from slipway.lint.templates import ACTION
from slipway.util import yaml
from slipway.workspace.documents import parsed

ALLOW = re.compile(r"slipway: not-a-secret\b[ \t]*(?P<reason>[^\n]*)")

PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|AGE-SECRET-KEY-1[A-Z0-9]{20,}")

TOKENS: Mapping[str, re.Pattern[str]] = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a Slack token": re.compile(
        r"\bxox[abeprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/\w+"
    ),
    "a Google API key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[A-Za-z0-9]{16,}"),
    "an npm token": re.compile(r"\bnpm_[A-Za-z0-9]{36}\b"),
    "a Tailscale key": re.compile(r"\btskey-[a-z]+-[A-Za-z0-9-]{16,}"),
    "a Telegram bot token": re.compile(r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    "a Discord webhook": re.compile(r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{30,}"),
    "a URL with a password": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}<>\"'$]+:(?!\$)[^\s/:@{}<>\"'$]{3,}@"),
}
"""What it is → its form, as the issuers document it."""

SECRET_KEY = re.compile(
    r"(?:pass(?:word|wd|phrase)?|token|api[_-]?key|secret(?:[_-]?key)?|private[_-]?key|access[_-]?key|credentials?)$",
    re.IGNORECASE,
)
"""A key whose value is a secret. `secret` alone is a reference in our vocabulary, and is left out below."""

REFERENCES = frozenset({"secret"})
"""Keys that name a secret in our vocabulary."""

HINTED_KEY = re.compile(r"secret|token|passw|credential|private|auth|api_?key", re.IGNORECASE)
TELLING = re.compile(rf"{HINTED_KEY.pattern}|access[_-]?key", re.IGNORECASE)
"""What every key has that `SECRET_KEY` or `HINTED_KEY` accepts: a line without it needs no closer look."""

BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
MIN_ENTROPY = 4.0
"""Bits for each character: random base64 of 24 characters has about 4.2, words and identifiers have less than 3.8."""

PAIR = re.compile(
    r"""(?P<key>[A-Za-z0-9_.-]+)["']?\s*(?::=|:|=)\s*(?P<value>"(?:\\.|[^"\\])*"|'[^']*'|[^\s"',{}\[\]#;&|<>]+)"""
)
HARMLESS = re.compile(
    r"\s*(?:|true|false|null|none|yes|no|~|\*+|/.*|https?://.*|file:.*|<.*>|.*\{\{.*|.*\$[({A-Za-z].*|sha256:[0-9a-f]*)\s*",
    re.IGNORECASE | re.DOTALL,
)
"""Not a secret: nothing, a switch, a path, an address, a template, a variable, a digest."""

TEXT_LIMIT = 2_000_000
"""Bytes of a file that are looked at; a larger one is not written by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place that holds a secret."""

    line: int
    fact: str
    rule: str
    secret: str
    """What was found; compared, never shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What was found in the sources, and what they say is none."""

    problems: tuple[Problem, ...]
    known: frozenset[str]
    """Every secret found or excused: a package repeats none of them."""


def scan_sources(files: Mapping[str, bytes]) -> Scan:
    """Look through source files, path → content."""
    problems: list[Problem] = []
    known: set[str] = set()
    for path, content in sorted(files.items()):
        text = decode(content)
        lines = text.splitlines()
        for finding in find(outside_actions(text, path), path):
            known.add(finding.secret)
            excuse = ALLOW.search(lines[finding.line - 1]) if finding.line <= len(lines) else None
            if excuse is None:
                problems.append(problem_of(finding, f"{path}:{finding.line}"))
            elif not excuse.group("reason").strip(" */}-"):
                problems.append(
                    Problem(
                        where=f"{path}:{finding.line}",
                        fact="says that it is not a secret, but not why",
                        hint="write the reason behind `slipway: not-a-secret`",
                        rule="secret.reason",
                    )
                )
    return Scan(problems=tuple(dict.fromkeys(problems)), known=frozenset(known))


def scan_package(archive: Path, known: frozenset[str], clean: set[bytes]) -> Iterator[Problem]:
    """Look through an archive; what it vendors is looked through as a package of its own.

    Args:
        archive: the package.
        known: secrets that the sources show or excuse.
        clean: digests of contents that were looked through in this run and hold nothing; added to. Bundled schemas are
            the same in many packages.
    """
    for member, content in sorted(package.read(archive.read_bytes()).items()):
        digest = hashlib.sha256(f"{member.rpartition('.')[2]} ".encode() + content).digest()
        if member.partition("/")[2].startswith("charts/") or digest in clean:
            continue
        findings = find(outside_actions(decode(content), member), member)
        if not findings:
            clean.add(digest)
        for finding in findings:
            if finding.secret not in known:
                yield problem_of(finding, f"{archive.name}: {member}:{finding.line}")


def problem_of(finding: Finding, where: str) -> Problem:
    """A finding as a problem; the secret itself is not repeated."""
    return Problem(
        where=where,
        fact=finding.fact,
        evidence=("it would be readable in git and in the registry, for ever",),
        hint="keep it in a SealedSecret and reference it; if it is none, end the line with "
        "`# slipway: not-a-secret REASON`",
        rule=finding.rule,
    )


def decode(content: bytes) -> str:
    """Text of a file; empty for a binary or a huge one."""
    if b"\0" in content[:4096] or len(content) > TEXT_LIMIT:
        return ""
    return content.decode("utf-8", "replace")


def outside_actions(text: str, path: str) -> str:
    """A template without its actions: what they compute is not written there."""
    if "/templates/" not in path:
        return text
    return ACTION.sub(lambda match: match.group() if "slipway:" in match.group() else blank(match.group()), text)


def blank(action: str) -> str:
    """An empty action over as many lines."""
    return "{{" + "\n" * action.count("\n") + "}}"


def find(text: str, path: str) -> list[Finding]:
    """Every finding in a text, by line."""
    found = list(by_line(text))
    if path.endswith((".yaml", ".yml")) and "{{" not in text.partition("\n")[0]:
        found += by_structure(text)
    once: dict[tuple[int, str], Finding] = {}
    for finding in found:
        once.setdefault((finding.line, finding.rule), finding)
    return sorted(once.values(), key=lambda finding: (finding.line, finding.rule))


def by_line(text: str) -> Iterator[Finding]:
    """Forms that one line shows. The whole text is asked first: most files show none of them."""
    keys = PRIVATE_KEY.search(text) is not None
    tokens = {what: form for what, form in TOKENS.items() if form.search(text) is not None}
    if not keys and not tokens and TELLING.search(text) is None:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if keys and PRIVATE_KEY.search(line):
            yield Finding(line=number, fact="is a private key", rule="secret.key", secret=line.strip())
        for what, form in tokens.items():
            if (match := form.search(line)) is not None:
                yield Finding(line=number, fact=f"holds {what}", rule="secret.token", secret=match.group())
        if TELLING.search(line) is None:
            continue
        code = line.partition(" #")[0] if not line.lstrip().startswith("#") else ""
        for match in PAIR.finditer(code):
            yield from literal(number, match.group("key"), match.group("value").strip("\"'"))


def by_structure(text: str) -> Iterator[Finding]:
    """Forms that only parsed YAML shows: values on other lines, `name` and `value`, Secrets."""
    try:
        # The same file stands in a package: only what it says counts, not where.
        document = parsed(text.encode(), "")
    except WorkspaceError:
        return  # several documents, a template, or broken: the lines were looked at
    yield from _walk(document, document.data, ())


def _walk(document: yaml.Document, node: object, at: tuple[str, ...]) -> Iterator[Finding]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _walk(document, item, (*at, str(index)))
    if not isinstance(node, Mapping):
        return
    line = document.lines.get(at, 1)
    if node.get("kind") == "Secret" and "apiVersion" in node and (node.get("data") or node.get("stringData")):
        fact = "is a Secret with its data"
        yield Finding(line=line, fact=fact, rule="secret.manifest", secret=f"{fact} {node}")
    if isinstance(node.get("name"), str) and isinstance(node.get("value"), str):
        yield from literal(document.lines.get((*at, "value"), line), str(node["name"]), str(node["value"]))
    for key, value in node.items():
        here = (*at, str(key))
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            yield from literal(document.lines.get(here, line), str(key), str(value))
        yield from _walk(document, value, here)


def literal(line: int, key: str, value: str) -> Iterator[Finding]:
    """A key and its value, when the value is a secret."""
    word = re.split(r"[.]", key)[-1]
    if word.lower() in REFERENCES or HARMLESS.fullmatch(value):
        return
    if SECRET_KEY.search(word):
        yield Finding(line=line, fact=f"{word} has a literal value", rule="secret.value", secret=value.strip())
    elif HINTED_KEY.search(word) and BASE64.fullmatch(value) and entropy(value) >= MIN_ENTROPY:
        fact = f"{word} has a value that looks like a secret"
        yield Finding(line=line, fact=fact, rule="secret.value", secret=value.strip())


def entropy(text: str) -> float:
    """Bits for each character, by the frequencies in the text itself."""
    counts: Iterable[int] = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
