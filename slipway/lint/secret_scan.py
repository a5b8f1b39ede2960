"""Secrets in the sources or in a package: private keys, logins, and literal values of password-like keys.

The tokens of providers are gitleaks' part, see `secret_tokens`.

A comment excludes a line that only looks like a secret: `# slipway: not-a-secret REASON`.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from slipway.build.archive import read_archive
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartName
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check, package_check, workspace_check
from slipway.lint.secret_forms import ENCODED, FORMS, PRIVATE_KEY_FORM, forms_in, hidden
from slipway.lint.source_files import read_tree, source_folders
from slipway.lint.templates import ACTION
from slipway.secrets.store import without_sealed
from slipway.util import yaml
from slipway.workspace.documents import parsed

PRIVATE_KEY = Rule("secret.key", "Sources and packages contain no private key.")
TOKEN = Rule("secret.token", "Sources and packages contain no token, login or password hash of a well-known form.")
VALUE = Rule("secret.value", "A password-like key has no literal value.")
MANIFEST = Rule("secret.manifest", "A Secret in the sources has no data.")
REASON = Rule("secret.reason", "A `not-a-secret` comment gives a reason.")

ALLOW = re.compile(r"slipway: not-a-secret\b[ \t]*(?P<reason>[^\n]*)")

SECRET_KEY = re.compile(
    r"(?:pass(?:word|wd|phrase)?|token|api[_-]?key|secret(?:[_-]?key)?|private[_-]?key|access[_-]?key|credentials?)$",
    re.IGNORECASE,
)
"""A key whose value is a secret. In the charts' values `secret` alone is a reference, which `REFERENCES` excludes."""

REFERENCES = frozenset({"secret"})
"""Keys with which the charts' values refer to a secret."""
EXISTING = re.compile(r"existingSecret\w*", re.IGNORECASE)
"""Keys with which charts of others name a Secret, or a key in it; a value that looks like a secret is one there too."""

HINTED_KEY = re.compile(r"secret|token|passw|credential|private|auth|api_?key", re.IGNORECASE)
RELEVANT = re.compile(rf"{HINTED_KEY.pattern}|pass|access[_-]?key", re.IGNORECASE)
"""Matches every key that `SECRET_KEY` or `HINTED_KEY` matches: other lines are skipped."""

BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
MIN_ENTROPY = 4.0
"""Bits for each character: random base64 of 24 characters has about 4.2, words and identifiers have less than 3.8."""

PAIR = re.compile(
    r"""(?P<key>[A-Za-z0-9_.-]+)["']?\s*(?::=|:|=)\s*(?P<value>"(?:\\.|[^"\\])*"|'[^']*'|[^\s"',{}\[\]#;&|<>]+)"""
)
LENGTH = re.compile(r"[A-Za-z0-9_.-]+:[0-9]{1,3}")
"""`KEY:64`, as `generate` has it: one string of YAML, since no space follows the colon."""
HARMLESS = re.compile(
    r"\s*(?:|true|false|null|none|yes|no|~|\*+|/.*|https?://.*|file:.*|<.*>|.*\{\{.*|.*\$[({A-Za-z].*|sha256:[0-9a-f]*|…\W*|\$+|%[({].*)\s*",
    re.IGNORECASE | re.DOTALL,
)
"""Values that are no secret: empty, booleans, paths, URLs, templates, variables, digests."""

TEXT_LIMIT = 2_000_000
"""Bytes. A larger file is not written by hand, and is skipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A secret at a line of a file."""

    line: int
    fact: str
    rule: Rule
    secret: str = field(repr=False)
    """Compared, never shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Secrets in the sources."""

    problems: tuple[Problem, ...]
    known: frozenset[str]
    """All of them, excluded ones too: a package does not report them again."""


@workspace_check(PRIVATE_KEY, TOKEN, VALUE, MANIFEST, REASON)
def environment_secrets(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Secrets in the values of the environments and in `deploy/`."""
    yield from scan_sources(without_sealed(read_tree(context.workspace.root, ("values", "deploy")))).problems


@chart_check(PRIVATE_KEY, TOKEN, VALUE, MANIFEST, REASON)
def chart_secrets(context: LintContext, chart: Chart) -> Iterator[Problem]:
    """Secrets in the sources of a chart."""
    yield from scan_sources(read_tree(context.workspace.root, (chart.folder,))).problems


def clean_digests(context: LintContext) -> set[bytes]:
    """Digests of the files without secrets of this run; many packages have the same bundled schemas."""
    return set()


@package_check(PRIVATE_KEY, TOKEN, VALUE, MANIFEST)
def package_secrets(context: LintContext, chart: Chart, archive: Path) -> Iterator[Problem]:
    """Secrets in a package that are not in its sources."""
    sources = read_tree(context.workspace.root, source_folders(chart))
    known = scan_sources(without_sealed(sources)).known
    yield from scan_package(archive, known, context.once(clean_digests))


def scan_sources(files: Mapping[str, bytes]) -> Scan:
    """Scan source files, path → content."""
    problems: list[Problem] = []
    known: set[str] = set()
    for path, content in sorted(files.items()):
        text = decode(content)
        lines = text.splitlines()
        for finding in find(outside_actions(text, path), path):
            known.add(finding.secret)
            problems.extend(excused(path, lines, finding))
    return Scan(problems=tuple(dict.fromkeys(problems)), known=frozenset(known))


def excused(path: str, lines: Sequence[str], finding: Finding) -> Iterator[Problem]:
    """The problem of a finding, unless a comment at its line gives the reason why it is none."""
    where = f"{path}:{finding.line}"
    comment = ALLOW.search(lines[finding.line - 1]) if finding.line <= len(lines) else None
    if comment is None:
        yield problem_of(finding, where)
    elif not comment.group("reason").strip(" */}-"):
        hint = "write the reason after `slipway: not-a-secret`"
        yield REASON.problem(where=where, fact="`not-a-secret` gives no reason", hint=hint)


def token_finding(line: int, rule: str) -> Finding:
    """A token that a rule of gitleaks has found."""
    return Finding(line=line, fact=f"contains a secret of the form {rule}", rule=TOKEN, secret=f"{rule} {line}")


def scan_package(archive: Path, known: frozenset[str], clean: set[bytes]) -> Iterator[Problem]:
    """Scan an archive without the charts that it vendors, which are packages of their own.

    Args:
        archive: the package.
        known: secrets of the sources, excluded ones too.
        clean: digests of files without secrets; added to.
    """
    for member, content in sorted(read_archive(archive.read_bytes()).items()):
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
    """A finding as a problem, which does not repeat the secret."""
    return finding.rule.problem(
        where=where,
        fact=finding.fact,
        evidence=("it would stay readable in git and in the registry",),
        hint="seal it and refer to it; if it is not a secret, end the line with `# slipway: not-a-secret REASON`",
    )


def decode(content: bytes) -> str:
    """The text of a file; empty for a binary or a very large one."""
    if b"\0" in content[:4096] or len(content) > TEXT_LIMIT:
        return ""
    return content.decode("utf-8", "replace")


def outside_actions(text: str, path: str) -> str:
    """A template without its actions, whose results are not literals."""
    if "/templates/" not in path:
        return text
    return ACTION.sub(lambda match: match.group() if "slipway:" in match.group() else blank(match.group()), text)


def blank(action: str) -> str:
    """An empty action with the same number of lines."""
    return "{{" + "\n" * action.count("\n") + "}}"


def find(text: str, path: str) -> list[Finding]:
    """The findings in a text, sorted by line."""
    found = list(by_line(text))
    if path.endswith((".yaml", ".yml")) and "{{" not in text.partition("\n")[0]:
        found += by_structure(text)
    once: dict[tuple[int, str], Finding] = {}
    for finding in found:
        once.setdefault((finding.line, finding.rule.identifier), finding)
    return sorted(once.values(), key=lambda finding: (finding.line, finding.rule.identifier))


def by_line(text: str) -> Iterator[Finding]:
    """Secrets that a single line shows. The whole text is searched first, because most files have none."""
    present = forms_in(text)
    keys, encoded = PRIVATE_KEY_FORM.search(text) is not None, ENCODED.search(text) is not None
    if not (present or keys or encoded or RELEVANT.search(text)):
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if keys and PRIVATE_KEY_FORM.search(line):
            yield Finding(line=number, fact="is a private key", rule=PRIVATE_KEY, secret=line.strip())
        for what, secret in hidden(line) if encoded else ():
            rule = PRIVATE_KEY if what.endswith("private key") else TOKEN
            yield Finding(line=number, fact=f"contains {what}", rule=rule, secret=secret)
        for what in present:
            if (match := FORMS[what].pattern.search(line)) is not None:
                yield Finding(line=number, fact=f"contains {what}", rule=TOKEN, secret=match.group())
        if RELEVANT.search(line) is not None:
            yield from pairs(number, line.partition(" #")[0] if not line.lstrip().startswith("#") else "")


def pairs(number: int, code: str) -> Iterator[Finding]:
    """Literal values of password-like keys, also in the JSON or the settings that a value holds."""
    for match in PAIR.finditer(code):
        if LENGTH.fullmatch(match.group()):
            continue
        value = match.group("value").strip("\"'")
        yield from literal(number, match.group("key"), value)
        if value != code and RELEVANT.search(value) is not None:
            yield from pairs(number, value.replace('\\"', '"'))


def by_structure(text: str) -> Iterator[Finding]:
    """Secrets that only parsed YAML shows: values on other lines, pairs of `name` and `value`, Secret objects."""
    try:
        document = parsed(text.encode(), "")
    except WorkspaceError:
        return  # Several documents, a template or invalid: only `by_line` applies.
    yield from _walk(document, document.data, ())


def _walk(document: yaml.Document, node: object, at: tuple[str, ...]) -> Iterator[Finding]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _walk(document, item, (*at, str(index)))
    if not isinstance(node, Mapping):
        return
    line = document.line(*at) or 1
    if node.get("kind") == "Secret" and "apiVersion" in node and (node.get("data") or node.get("stringData")):
        fact = "is a Secret with its data"
        yield Finding(line=line, fact=fact, rule=MANIFEST, secret=f"{fact} {node}")
    if isinstance(node.get("name"), str) and isinstance(node.get("value"), str):
        yield from literal(document.line(*at, "value"), str(node["name"]), str(node["value"]))
    for key, value in node.items():
        here = (*at, str(key))
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            yield from literal(document.line(*here), str(key), str(value))
        yield from _walk(document, value, here)


def literal(line: int, key: str, value: str) -> Iterator[Finding]:
    """A literal value that is a secret, by its key or its form."""
    word = re.split(r"[.]", key)[-1]
    if (
        word.lower() in REFERENCES
        or HARMLESS.fullmatch(value)
        or (word.lower() == "pass" and value.isalpha() and len(value) < 8)
    ):
        return
    if SECRET_KEY.search(word) and EXISTING.fullmatch(word) is None:
        yield Finding(line=line, fact=f"{word} has a literal value", rule=VALUE, secret=value.strip())
    elif HINTED_KEY.search(word) and BASE64.fullmatch(value) and entropy(value) >= MIN_ENTROPY:
        fact = f"{word} has a value that looks like a secret"
        yield Finding(line=line, fact=fact, rule=VALUE, secret=value.strip())


def entropy(text: str) -> float:
    """Bits per character, by the frequencies in the text."""
    counts: Iterable[int] = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
