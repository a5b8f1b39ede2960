"""Templates as text: what they must not contain."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slipway.errors import Problem
from slipway.model import Chart, ChartKind

FORBIDDEN = {
    r"\blookup\b": "asks the cluster; Argo CD renders without one",
    r"\b(randAlphaNum|randAlpha|randNumeric|randAscii|randBytes|randInt|shuffle|uuidv4)\b": "differs at every render",
    r"\b(now|date|dateInZone|ago|unixEpoch|htmlDate)\b": "differs at every render",
    r"\b(genPrivateKey|genCA|genCAWithKey|genSelfSignedCert|genSelfSignedCertWithKey|genSignedCert|genSignedCertWithKey)\b": "differs at every render",
    r"\b(htpasswd|bcrypt|derivePassword|encryptAES|buildCustomCert)\b": "differs at every render, or holds a secret",
    r"\.Release\.(IsUpgrade|IsInstall|Revision)\b": "is constant under Argo CD",
    r"\.Capabilities\b": "depends on the cluster that renders; gate on a value",
    r"\bgetHostByName\b": "asks the network",
}
"""Pattern of what stands inside `{{ }}` → why it must not."""

ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
COMMENT = re.compile(r"^-?\s*/\*.*\*/\s*-?$", re.DOTALL)
STRING = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`')
DEFINE = re.compile(r'\{\{-?\s*define\s+"([^"]*)"')


def check(chart: Chart) -> Iterator[Problem]:
    """Every finding in a chart's templates."""
    for path, content in sorted(chart.files.items()):
        if path.startswith("templates/"):
            text = content.decode("utf-8", "replace")
            yield from _forbidden(chart, path, text)
            yield from _defines(chart, path, text)
    if chart.kind is ChartKind.LIBRARY:
        yield from _namespaces(chart)


def _forbidden(chart: Chart, path: str, text: str) -> Iterator[Problem]:
    for action in ACTION.finditer(text):
        body = action.group(1)
        if COMMENT.match(body.strip()):
            continue
        code = STRING.sub('""', body)
        for pattern, why in FORBIDDEN.items():
            if found := re.search(pattern, code):
                line = text.count("\n", 0, action.start() + body.find(found.group(0)) + 2) + 1
                yield Problem(
                    where=f"{chart.folder}/{path}:{line}",
                    fact=f"uses {found.group(0)}, which {why}",
                    hint="say it by a value",
                    rule="template.forbidden",
                )


def _defines(chart: Chart, path: str, text: str) -> Iterator[Problem]:
    for match in DEFINE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        where = f"{chart.folder}/{path}:{line}"
        if chart.kind is not ChartKind.LIBRARY:
            yield Problem(
                where=where,
                fact=f"defines {match.group(1)!r}",
                evidence=(
                    "all templates of an umbrella share one space of names: the last definition wins everywhere",
                ),
                hint="logic belongs to the library",
                rule="template.define",
            )
        elif not match.group(1).startswith(f"{chart.name}."):
            yield Problem(
                where=where,
                fact=f"defines {match.group(1)!r} without the prefix {chart.name!r}",
                hint=f"call it {chart.name}.{match.group(1)}",
                rule="template.define",
            )


def _namespaces(chart: Chart) -> Iterator[Problem]:
    places = []
    for path, content in sorted(chart.files.items()):
        if path.startswith("templates/"):
            text = content.decode("utf-8", "replace")
            places += [
                f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
                for match in re.finditer(r"\.Release\.Namespace\b", text)
            ]
    if len(places) > 1:
        yield Problem(
            where=chart.folder,
            fact="names the release's namespace in several places",
            evidence=tuple(places),
            hint="make one define say it, and include that",
            rule="template.namespace",
        )
