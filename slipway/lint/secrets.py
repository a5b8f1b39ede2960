"""Secrets in sources and packages: keys, tokens of well-known shapes, and passwords with a literal value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from slipway import yamls
from slipway.errors import Problem, WorkspaceError

TOKENS = {
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:ghp|gho|ghu|ghs|ghr)_[0-9A-Za-z]{36}\b|\bgithub_pat_[0-9A-Za-z_]{60,}\b",
    "a GitLab token": r"\bglpat-[0-9A-Za-z_-]{20,}\b",
    "a Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{10,}\b",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a JSON web token": r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}",
    "an npm token": r"\bnpm_[0-9A-Za-z]{36}\b",
}
"""What it is → its shape."""

PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----|\bAGE-SECRET-KEY-1[0-9A-Z]{50,}")
PASSWORD_KEY = re.compile(
    r"(?i)(?:^|[_.-])(?:password|passwd|passphrase|secret_?key|api_?key|auth_?token|access_?token|private_?key|client_?secret)$"
)
HARMLESS = re.compile(r"(?i)^(?:|true|false|null|none|\*+|<.*>|.*\{\{.*\}\}.*)$")
ALLOWED = re.compile(r"#\s*slipway:\s*not-a-secret\s+\S+")
"""A comment that excuses its line, with a reason."""

FOLDERS = ("charts", "umbrella", "values", "deploy")


def check_tree(root: Path) -> Iterator[Problem]:
    """Every finding in the sources that a release reads or writes."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            relative = path.relative_to(root)
            if path.is_file() and not any(part.startswith(".") for part in relative.parts):
                yield from check_text(relative.as_posix(), path.read_bytes())


def check_package(name: str, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Every finding in the members of an archive."""
    for path, content in sorted(files.items()):
        yield from check_text(f"{name}: {path}", content)


def check_text(where: str, content: bytes) -> Iterator[Problem]:
    """Every finding in one file; a line with an excuse is passed over."""
    text = content.decode("utf-8", "replace")
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if ALLOWED.search(line):
            continue
        if PRIVATE_KEY.search(line):
            yield _problem(f"{where}:{number}", "a private key stands here", "secret.key")
        for what, shape in TOKENS.items():
            if re.search(shape, line):
                yield _problem(f"{where}:{number}", f"{what} stands here", "secret.token")
    if where.endswith((".yaml", ".yml")) and "{{" not in text[:200]:
        yield from _passwords(where, content, lines)


def _passwords(where: str, content: bytes, lines: list[str]) -> Iterator[Problem]:
    try:
        document = yamls.parse(content, where)
    except WorkspaceError:
        return  # other checks say so, and templates and streams are no plain YAML
    for path, line in document.lines.items():
        value = _at(document.data, path)
        if not PASSWORD_KEY.search(path[-1]) or not isinstance(value, str) or HARMLESS.match(value):
            continue
        if line <= len(lines) and ALLOWED.search(lines[line - 1]):
            continue
        yield _problem(f"{where}:{line}", f"{'.'.join(path)} has a literal value", "secret.value")


def _at(data: object, path: yamls.Path) -> object:
    for key in path:
        if isinstance(data, dict):
            data = data.get(key)
        elif isinstance(data, list) and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        else:
            return None
    return data


def _problem(where: str, fact: str, rule: str) -> Problem:
    return Problem(
        where=where,
        fact=fact,
        evidence=("whoever reads the repository or pulls the package has it",),
        hint="refer to a Secret; or excuse the line with `# slipway: not-a-secret REASON`, and change what leaked",
        rule=rule,
    )
