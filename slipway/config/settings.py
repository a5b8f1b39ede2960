"""Every setting of `[tool.slipway]` or slipway.toml: its type, its range, its variable and its description. The site's page is made from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from slipway.config import values
from slipway.config.model import (
    DEFAULT_PORT,
    EMBEDDED,
    OWN_FILE,
    PASSWORD,
    PYPROJECT,
    USERNAME,
    SigningMode,
    SourceForm,
)
from slipway.core.errors import Problem
from slipway.core.model import CHART_FOLDERS, PREFIX
from slipway.core.profile import HOMELAB, PROFILES, Profile
from slipway.util.text import suggest

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of `[tool.slipway]`."""

    type: str
    """A name of `TYPES`."""
    read: Callable[[object], object]
    """The value that it has in the configuration; raises `values.Refused` for one that is not allowed."""
    description: str
    default: object = None
    """What it is when it is not set; None when it has no value then."""
    variable: str = ""
    """The environment variable that wins over it; empty when there is none."""


TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "list of string": (list,),
    "table": (dict,),
}
"""Name of a type → what TOML makes of it."""

SETTINGS: Mapping[str, Setting] = {
    "profile": Setting(
        type="string",
        read=lambda value: PROFILES[values.one_of(tuple(PROFILES), value)],
        description="Rules that the charts follow: `plain` for charts of any kind, `homelab` for those of this platform.",
        default=HOMELAB.name,
    ),
    "annotation-prefix": Setting(
        type="string",
        read=values.domain,
        description="Prefix of the annotations that slipway writes to Chart.yaml and reads there, without the slash.",
        default=PREFIX,
    ),
    "chart-folders": Setting(
        type="list of string",
        read=values.folders,
        description="Folders with a folder for each chart; charts below `umbrella` are umbrellas.",
        default=list(CHART_FOLDERS),
    ),
    "registry": Setting(
        type="string",
        read=lambda value: value if value == EMBEDDED else values.registry(value),
        description="Registry that charts are published to: `embedded`, or `oci://HOST[:PORT]/PATH`.",
        default=EMBEDDED,
        variable="SLIPWAY_REGISTRY",
    ),
    "plain-http": Setting(
        type="boolean",
        read=values.boolean,
        description="Use plain HTTP for a registry other than the embedded one.",
        default=False,
        variable="SLIPWAY_REGISTRY_PLAIN_HTTP",
    ),
    "ca-file": Setting(
        type="string",
        read=values.text,
        description="File with the CA certificate of the registry, relative to the repository.",
        variable="SLIPWAY_REGISTRY_CA_FILE",
    ),
    "embedded-port": Setting(
        type="integer",
        read=values.port,
        description="Port of the embedded registry on 127.0.0.1.",
        default=DEFAULT_PORT,
        variable="SLIPWAY_REGISTRY_PORT",
    ),
    "environments": Setting(
        type="list of string",
        read=values.labels,
        description="Folders of `values/`, in the order of promotion; a release pins the first. `plain` has none by itself.",
        default=list(HOMELAB.environments),
    ),
    "source": Setting(
        type="string",
        read=partial(values.one_of, tuple(SourceForm)),
        description="How Argo CD addresses a chart: `oci` (version and digest) or `helm` (exact version).",
        default=SourceForm.OCI.value,
    ),
    "rolling-sync": Setting(
        type="boolean",
        read=values.boolean,
        description="Argo CD syncs the umbrellas step by step instead of each on its own.",
        default=False,
    ),
    "kube-version": Setting(
        type="string",
        read=values.version,
        description="Kubernetes version that charts are rendered for.",
        default="1.37.0",
    ),
    "tools": Setting(
        type="table",
        read=values.versions,
        description="Exact versions of helm, ct, kubeconform and registry.",
    ),
    "cluster": Setting(
        type="string",
        read=values.cluster,
        description="API server URL of the cluster that Argo CD deploys to.",
        default="https://kubernetes.default.svc",
    ),
    "repository-url": Setting(
        type="string",
        read=values.git_address,
        description="Git URL of this repository, for the root Application.",
    ),
    "argocd-namespace": Setting(
        type="string",
        read=values.label,
        description="Namespace of Argo CD.",
        default="argocd",
    ),
    "signing": Setting(
        type="string",
        read=partial(values.one_of, tuple(SigningMode)),
        description="How a release signs what it publishes: `off`, `key` or `keyless`; anything unsigned is then refused.",
        default=SigningMode.OFF.value,
    ),
    "signing-public-key": Setting(
        type="string",
        read=values.text,
        description="File with the public key of `signing = 'key'`, relative to the repository.",
        default="cosign.pub",
    ),
    "signing-key-file": Setting(
        type="string",
        read=values.text,
        description="File with the private key, outside of the repository; `~` is the home folder.",
        variable="SLIPWAY_SIGNING_KEY_FILE",
    ),
    "signing-identity": Setting(
        type="string",
        read=values.text,
        description="Identity that signs keyless: the URL of a workflow and its branch.",
    ),
    "timeout-seconds": Setting(
        type="number",
        read=values.seconds,
        description="Timeout for connecting to the registry, and for each read.",
        default=10.0,
        variable="SLIPWAY_REGISTRY_TIMEOUT",
    ),
    "attempts": Setting(
        type="integer",
        read=values.attempts,
        description="Attempts per request to the registry.",
        default=4,
    ),
}
"""Key of `[tool.slipway]` → what it may be. Everything that can be set is here."""

PRODUCT = frozenset({"tools", "profile", "annotation-prefix", "chart-folders"})
"""The settings that come with a release of the platform; all others belong to whoever runs it."""


def check(
    table: Mapping[str, object], environ: Mapping[str, str], file: str = PYPROJECT
) -> tuple[dict[str, object], list[Problem]]:
    """The value of every setting that has one, and a problem for every one that is not allowed.

    Args:
        table: `[tool.slipway]`, or all of slipway.toml.
        environ: the process environment; an empty variable counts as one that is not set.
        file: where the table is from.
    """
    read: dict[str, object] = {}
    problems = [
        Problem(where=file, fact=f"{place(file)}has no setting {key!r}", hint=suggest(key, SETTINGS))
        for key in table
        if key not in SETTINGS
    ]
    for key, setting in SETTINGS.items():
        for source, raw in (("file", table.get(key)), ("variable", environ.get(setting.variable) or None)):
            if raw is None:
                continue
            try:
                value = raw if source == "file" else from_text(setting, str(raw))
                if source == "file" and type(value) not in TYPES[setting.type]:
                    problems.append(wrong_type(file, key, setting, value))
                    continue
                read[key] = setting.read(value)
            except values.Refused as refused:
                variable = setting.variable if source == "variable" else ""
                problems.append(refusal(file, key, variable, raw, refused))
        if key not in read and setting.default is not None:
            read[key] = setting.read(setting.default)
    problems.extend(environment_problems(table, read, file))
    if read.get("registry", EMBEDDED) != EMBEDDED:
        problems.extend(login_problems(environ))
    return read, problems


def place(file: str) -> str:
    """How a message begins that is about a setting of a file."""
    return "" if file == OWN_FILE else "[tool.slipway] "


def environment_problems(table: Mapping[str, object], read: dict[str, object], file: str) -> Iterator[Problem]:
    """Adds the environments of the profile where none are set; a profile that has some needs one."""
    profile = read["profile"]
    assert isinstance(profile, Profile)
    if "environments" not in table:
        read["environments"] = profile.environments
    elif profile.environments and not read["environments"]:
        fact = f"{place(file)}environments is [], which is empty"
        hint = f"name at least one environment, such as {list(profile.environments)}; without any: profile = 'plain'"
        yield Problem(where=file, fact=fact, hint=hint)


def login_problems(environ: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the user and the password of the environment; the values are never shown."""
    given = {name: environ[name] for name in (USERNAME, PASSWORD) if environ.get(name)}
    if len(given) == 1:
        (there,) = given
        missing = PASSWORD if there == USERNAME else USERNAME
        return [Problem(where=there, fact=f"is set, but {missing} is not", hint=f"set {missing} as well")]
    return [
        Problem(where=name, fact=fact, hint=hint)
        for name, value in given.items()
        for fact, hint in values.login_faults(value, user=name == USERNAME)
    ]


def from_text(setting: Setting, text: str) -> object:
    """The value of a variable; a text that is not one is left to the check of the setting."""
    if setting.type == "boolean":
        word = text.lower()
        return word in TRUE if word in TRUE | FALSE else text
    if setting.type == "integer":
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else text
    if setting.type == "number":
        return float(text) if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", text) else text
    return text


def wrong_type(file: str, key: str, setting: Setting, value: object) -> Problem:
    """The problem of a value of another TOML type."""
    article = "an" if setting.type[0] in "aeiou" else "a"
    fact = f"{place(file)}{key} has the wrong type ({type(value).__name__})"
    return Problem(where=file, fact=fact, hint=f"use {article} {setting.type}")


def refusal(file: str, key: str, variable: str, raw: object, refused: values.Refused) -> Problem:
    """The problem of a value that is not allowed; one that may contain a password is not shown."""
    if variable:
        fact = f"is {refused.fact}" if refused.secret else f"{raw!r} is {refused.fact}"
        return Problem(where=variable, fact=fact, hint=refused.hint)
    fact = f"is {refused.fact}" if refused.secret else f"is {raw!r}, which is {refused.fact}"
    return Problem(where=file, fact=f"{place(file)}{key} {fact}", hint=refused.hint)
