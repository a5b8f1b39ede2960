"""Templates as text: functions that do not render the same everywhere, and who defines named templates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartKind, ChartName
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check, workspace_check

FORBIDDEN = Rule(
    "template.forbidden",
    "Templates render the same everywhere: no lookup, no random values, no clock, no query to a cluster.",
)
DEFINE = Rule(
    "template.define", "Services and umbrellas define no named templates: all charts of an umbrella share their names."
)
DEFINE_PREFIX = Rule("template.define-prefix", "The names of the library's templates start with `common.`.")
DEFINE_TWICE = Rule("template.define-twice", "A named template is defined once.")

STRING = r'"(?:\\.|[^"\\\n])*"|`[^`]*`|' + r"'(?:\\.|[^'\\\n])+'"
ACTION = re.compile(rf"\{{\{{-?\s*(?P<comment>/\*.*?\*/)?(?P<body>(?:{STRING}|(?!-?\}}\}}).)*)-?\}}\}}", re.DOTALL)
"""One `{{ … }}`; braces in its strings do not end it."""

DIFFERENT = "returns a different value at each render"
FUNCTIONS: Mapping[str, str] = {
    "lookup": "queries the cluster, and returns nothing in an offline render",
    "now": DIFFERENT,
    "ago": DIFFERENT,
    "shuffle": DIFFERENT,
    "uuidv4": DIFFERENT,
    "randAlphaNum": DIFFERENT,
    "randAlpha": DIFFERENT,
    "randAscii": DIFFERENT,
    "randNumeric": DIFFERENT,
    "randBytes": DIFFERENT,
    "randInt": DIFFERENT,
    "genCA": "creates a different certificate at each render",
    "genCAWithKey": "creates a different certificate at each render",
    "genSelfSignedCert": "creates a different certificate at each render",
    "genSelfSignedCertWithKey": "creates a different certificate at each render",
    "genSignedCert": "creates a different certificate at each render",
    "genSignedCertWithKey": "creates a different certificate at each render",
    "genPrivateKey": "creates a different key at each render",
    "derivePassword": "writes a password into the manifests",
    "htpasswd": DIFFERENT,
    "bcrypt": DIFFERENT,
    "encryptAES": DIFFERENT,
    "getHostByName": "queries the network",
}
"""Function → why Argo CD and an offline render would differ. Source: Masterminds/sprig v3, and Helm's own functions."""

FIELDS: Mapping[str, str] = {
    r"\.Capabilities\b": "describes the renderer, not the cluster",
    r"\.Release\.(?:IsUpgrade|IsInstall|Revision)\b": "always describes an installation when Argo CD renders",
}

FUNCTION = re.compile(rf"(?<![\w.$])(?:{'|'.join(FUNCTIONS)})\b")
DEFINITION = re.compile(r'\s*(?:define|block)\s+"([^"]+)"')
PREFIX = "common."


@workspace_check(FORBIDDEN)
def environment_values(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    """The values of every environment, which are rendered as templates too."""
    for environment in context.workspace.environments.values():
        for file in (environment.platform, *environment.namespaces.values()):
            yield from forbidden_functions(file.text.decode("utf-8", "replace"), file.path)


@chart_check(FORBIDDEN, DEFINE, DEFINE_PREFIX, DEFINE_TWICE)
def chart_templates(context: LintContext, chart: Chart) -> Iterator[Problem]:
    """The templates and the values of a chart."""
    defined: dict[str, str] = {}
    for path, content in sorted(chart.files.items()):
        if path.startswith("templates/") or path == "values.yaml":
            text = content.decode("utf-8", "replace")
            where = f"{chart.folder}/{path}"
            yield from forbidden_functions(text, where)
            yield from template_definitions(chart, text, where, defined)


def actions(text: str) -> Iterator[tuple[int, str]]:
    """Line and body of each template action, without comments."""
    for match in ACTION.finditer(text):
        if match.group("comment") is None:
            yield text.count("\n", 0, match.start("body")) + 1, match.group("body")


def forbidden_functions(text: str, where: str) -> Iterator[Problem]:
    """Functions and fields that do not render the same everywhere."""
    for line, body in actions(text):
        code = re.sub(STRING, lambda match: re.sub(r"[^\n]", " ", match.group()), body)
        found = [(match, FUNCTIONS[match.group()]) for match in FUNCTION.finditer(code)]
        found += [(match, why) for pattern, why in FIELDS.items() for match in re.finditer(pattern, code)]
        for match, why in sorted(found, key=lambda item: item[0].start()):
            yield FORBIDDEN.problem(
                where=f"{where}:{line + code.count(chr(10), 0, match.start())}",
                fact=f"{match.group()} is forbidden in a template: it {why}",
                hint="set the value in values.yaml, or read it from a secret",
            )


def template_definitions(chart: Chart, text: str, where: str, defined: dict[str, str]) -> Iterator[Problem]:
    """Named templates outside the library, without its prefix, or defined twice.

    Args:
        chart: the chart.
        text: the template.
        where: its path.
        defined: name → where, of the chart's other templates; added to.
    """
    for line, body in actions(text):
        match = DEFINITION.match(body)
        if match is None:
            continue
        name, here = match.group(1), f"{where}:{line}"
        if chart.kind is not ChartKind.LIBRARY:
            yield DEFINE.problem(
                where=here,
                fact=f"a {chart.kind} chart defines the template {name!r}",
                evidence=("all charts of an umbrella share the names of templates: the last definition would win",),
                hint=f"move it to the library as {PREFIX}…, or write it inline",
            )
        elif not name.startswith(PREFIX):
            fact = f"the name of the template {name!r} does not start with {PREFIX!r}"
            yield DEFINE_PREFIX.problem(where=here, fact=fact, hint=f"rename it to {PREFIX}{name}")
        if name in defined:
            yield DEFINE_TWICE.problem(
                where=here,
                fact=f"the template {name!r} is defined twice",
                evidence=(f"first at {defined[name]}",),
            )
        defined.setdefault(name, here)
