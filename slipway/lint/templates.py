"""Templates read as text: what may not stand in them, and who may define any."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartKind, ChartName, Workspace

STRING = r'"(?:\\.|[^"\\\n])*"|`[^`]*`|' + r"'(?:\\.|[^'\\\n])+'"
ACTION = re.compile(rf"\{{\{{-?\s*(?P<comment>/\*.*?\*/)?(?P<body>(?:{STRING}|(?!-?\}}\}}).)*)-?\}}\}}", re.DOTALL)
"""One `{{ … }}` with its strings kept whole."""

FORBIDDEN: Mapping[str, str] = {
    "lookup": "asks the cluster, and answers nothing in an offline render",
    "now": "gives another result at each render",
    "ago": "gives another result at each render",
    "shuffle": "gives another result at each render",
    "uuidv4": "gives another result at each render",
    "randAlphaNum": "gives another result at each render",
    "randAlpha": "gives another result at each render",
    "randAscii": "gives another result at each render",
    "randNumeric": "gives another result at each render",
    "randBytes": "gives another result at each render",
    "randInt": "gives another result at each render",
    "genCA": "makes another certificate at each render",
    "genCAWithKey": "makes another certificate at each render",
    "genSelfSignedCert": "makes another certificate at each render",
    "genSelfSignedCertWithKey": "makes another certificate at each render",
    "genSignedCert": "makes another certificate at each render",
    "genSignedCertWithKey": "makes another certificate at each render",
    "genPrivateKey": "makes another key at each render",
    "derivePassword": "puts a password into the manifests",
    "htpasswd": "gives another result at each render",
    "bcrypt": "gives another result at each render",
    "encryptAES": "gives another result at each render",
    "getHostByName": "asks the network",
}
"""Function → why Argo CD and an offline render would not agree about it. Source: Masterminds/sprig v3, Helm's own."""

FIELDS: Mapping[str, str] = {
    r"\.Capabilities\b": "gives what the renderer knows, not what the cluster has",
    r"\.Release\.(?:IsUpgrade|IsInstall|Revision)\b": "is always an installation in Argo CD's render",
}

WORD = re.compile(rf"(?<![\w.$])(?:{'|'.join(FORBIDDEN)})\b")
DEFINE = re.compile(r'\s*(?:define|block)\s+"([^"]+)"')
PREFIX = "common."


def check(workspace: Workspace, names: Sequence[ChartName]) -> Iterator[Problem]:
    """The templates of these charts and the values of every environment, which are rendered as templates too."""
    for name in names:
        yield from check_chart(workspace.charts[name])
    for environment in workspace.environments.values():
        for file in (environment.platform, *environment.namespaces.values()):
            yield from check_functions(file.text.decode("utf-8", "replace"), file.path)


def check_chart(chart: Chart) -> Iterator[Problem]:
    """The templates and the values of one chart."""
    defined: dict[str, str] = {}
    for path, content in sorted(chart.files.items()):
        if path.startswith("templates/") or path == "values.yaml":
            text = content.decode("utf-8", "replace")
            where = f"{chart.folder}/{path}"
            yield from check_functions(text, where)
            yield from check_defines(chart, text, where, defined)


def actions(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each template action; comments are left out."""
    for match in ACTION.finditer(text):
        if match.group("comment") is None:
            yield text.count("\n", 0, match.start("body")) + 1, match.group("body")


def check_functions(text: str, where: str) -> Iterator[Problem]:
    """Functions and fields that do not give the same result everywhere."""
    for line, body in actions(text):
        bare = re.sub(STRING, lambda match: re.sub(r"[^\n]", " ", match.group()), body)
        found = [(match, FORBIDDEN[match.group()]) for match in WORD.finditer(bare)]
        found += [(match, why) for pattern, why in FIELDS.items() for match in re.finditer(pattern, bare)]
        for match, why in sorted(found, key=lambda item: item[0].start()):
            yield Problem(
                where=f"{where}:{line + bare.count(chr(10), 0, match.start())}",
                fact=f"{match.group()} may not stand in a template: it {why}",
                hint="give the value in values.yaml, or take it from a secret",
                rule="template.forbidden",
            )


def check_defines(chart: Chart, text: str, where: str, defined: dict[str, str]) -> Iterator[Problem]:
    """Who defines what; `defined` collects template name → where, of one chart."""
    for line, body in actions(text):
        match = DEFINE.match(body)
        if match is None:
            continue
        name, here = match.group(1), f"{where}:{line}"
        if chart.kind is not ChartKind.LIBRARY:
            yield Problem(
                where=here,
                fact=f"a {chart.kind} chart defines the template {name!r}",
                evidence=("all templates of an umbrella share one space of names: the last definition would win",),
                hint="move it to the library as common.…, or write it in place",
                rule="template.define",
            )
        elif not name.startswith(PREFIX):
            yield Problem(
                where=here,
                fact=f"the template {name!r} does not start with {PREFIX!r}",
                hint=f"call it {PREFIX}{name}",
                rule="template.define-prefix",
            )
        if name in defined:
            yield Problem(
                where=here,
                fact=f"the template {name!r} is defined twice",
                evidence=(f"first at {defined[name]}",),
                rule="template.define-twice",
            )
        defined.setdefault(name, here)
