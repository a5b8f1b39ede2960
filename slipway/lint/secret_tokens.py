"""Tokens of providers in the sources, by gitleaks' rules: one process for all files that no run has seen yet."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.core.errors import Problem
from slipway.lint.secret_scan import decode, excused, find, outside_actions, token_finding
from slipway.tools.gitleaks import Gitleaks
from slipway.util.cache import Cache, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenScan:
    """Scans files, and remembers by their content what was found."""

    gitleaks: Gitleaks
    version: str
    kept: Cache
    scratch: Path
    """A folder on the disk of the checkout; a folder in it is made and removed again."""

    def problems(self, files: Mapping[str, bytes]) -> tuple[Problem, ...]:
        """The tokens in files, path → content; one at a line that our own rules report already is left out.

        Raises:
            ToolMissing: gitleaks is missing.
            ToolFailed: it fails.
        """
        texts = {path: outside_actions(decode(content), path) for path, content in sorted(files.items())}
        found = self.found({text for text in texts.values() if text})
        problems: list[Problem] = []
        for path, text in texts.items():
            leaks = found.get(text, {})
            if not leaks:
                continue
            known = {finding.line for finding in find(text, path)}
            lines = decode(files[path]).splitlines()
            for line, rule in sorted(leaks.items()):
                if line not in known:
                    problems.extend(excused(path, lines, token_finding(line, rule)))
        return tuple(problems)

    def found(self, texts: set[str]) -> dict[str, dict[int, str]]:
        """Text → line → rule, where there is something."""
        keys = {text: key_of("gitleaks", self.version, text) for text in texts}
        entries = {text: self.kept.get(key) for text, key in keys.items()}
        fresh = [text for text, entry in entries.items() if entry is None]
        scanned = self.scan(fresh) if fresh else {}
        for text in fresh:
            self.kept.put(keys[text], json.dumps(scanned.get(text, {})))
        read = {text: json.loads(entry) for text, entry in entries.items() if entry is not None}
        return {
            text: {int(line): str(rule) for line, rule in leaks.items()}
            for text, leaks in (scanned | read).items()
            if leaks
        }

    def scan(self, texts: list[str]) -> dict[str, dict[int, str]]:
        """What gitleaks says of some texts."""
        with tempfile.TemporaryDirectory(prefix="tokens-", dir=self.scratch) as folder:
            names = {}
            for text in texts:
                content = text.encode("utf-8", "replace")
                name = f"{hashlib.sha256(content).hexdigest()}.txt"
                (Path(folder) / name).write_bytes(content)
                names[name] = text
            scanned: dict[str, dict[int, str]] = {}
            for leak in self.gitleaks.scan(Path(folder)):
                scanned.setdefault(names[leak.file], {}).setdefault(leak.line, leak.rule)
        return scanned
