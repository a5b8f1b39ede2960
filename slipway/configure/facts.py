"""Facts of platform.yaml and settings: what is offered, what an answer changes, and what only answers together can show. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from slipway.config.model import EMBEDDED, HUB_NAMES
from slipway.config.values import SCP
from slipway.configure.model import SAMPLE_HOST, SETTINGS_FILE, Answers, Change, Home, Value, is_sample
from slipway.core.errors import Problem
from slipway.core.model import ValuesFile
from slipway.lint.checks import lint_context
from slipway.lint.environment_routes import OUTSIDE_POOL, address_range, outside
from slipway.lint.values import FACTS, ValuesLint
from slipway.util.text import suggest
from slipway.workspace.documents import chart_document, platform_document
from slipway.workspace.value_edits import with_value, without_value
from slipway.workspace.values import ABSENT, library_of, same, value_at

COMMENTS = {
    "addressPool": "Outside the range of the home network's DHCP server, and different in each environment.",
    "ingressAddress": "The address of Traefik, which every host resolves to; one of the pool.",
}
"""Root key → comment above it in a new file."""
KEYS = (
    "domain", "tls.issuer", "timezone", "lan.cidr", "addressPool", "ingressAddress", "storage.class", "backup.enabled",
    "sso.enabled",
)  # fmt: skip
"""The questions about facts, by the path of the fact in platform.yaml."""
POOL_PREFIX = 28
"""Of the pool that is offered: 16 addresses."""


def path_of(key: str) -> tuple[str, ...]:
    """The path of a fact."""
    return tuple(key.split("."))


def fact_change(home: Home, key: str, value: Value) -> Change:
    """The change of a fact; a choice that equals the library's default goes, as lint asks for."""
    path = path_of(key)
    library = library_of(home.workspace)
    default = ABSENT if library is None else value_at(chart_document(library).mapping, ("global", *path))
    gone = path[0] not in FACTS and same(default, value)
    return Change(file=home.platform, path=path, value=ABSENT if gone else value, comment=COMMENTS.get(path[0], ""))


def setting_change(key: str, value: Value) -> Change:
    """The change of a setting."""
    return Change(file=SETTINGS_FILE, path=(key,), value=list(value) if isinstance(value, tuple) else value)


def platform_text(home: Home, changes: Iterable[Change]) -> bytes:
    """platform.yaml with changes; a new one begins with its name."""
    new = home.environment not in home.workspace.environments
    head = f"# Settings of the cluster of {home.environment}; every chart has them as `global`.\n"
    text = head.encode() if new else home.present.platform.text
    text = with_value(text, ("environment",), home.environment, home.platform)
    for change in changes:
        text = edited(text, change)
    return text


def edited(text: bytes, change: Change) -> bytes:
    """A values file with one change."""
    if change.value is ABSENT:
        return without_value(text, change.path, change.file)
    return with_value(text, change.path, change.value, change.file, comment=change.comment)


def by_lint(home: Home, key: str, answers: Answers) -> Iterator[Problem]:
    """What lint says about a fact in the file that the answers make."""
    changes = [fact_change(home, each, answers[each]) for each in KEYS if each in answers]
    file = ValuesFile(path=home.platform, text=platform_text(home, changes))
    environment = replace(home.present, platform=file)
    place = platform_document(environment).at(*path_of(key))
    for problem in ValuesLint(lint_context(home.workspace)).platform(environment):
        if problem.where == place:
            yield problem


# What is offered


def fact(home: Home, key: str) -> Value:
    """A fact as it is; empty when there is none."""
    value = home.fact(*path_of(key))
    return value if isinstance(value, bool) else "" if value is ABSENT else str(value)


def domain(home: Home, _answers: Answers) -> Value:
    """The domain, once somebody has set one."""
    return "" if home.is_new else fact(home, "domain")


def issuer(home: Home, _answers: Answers) -> Value:
    """The issuer; the one for tests where there is none yet."""
    return fact(home, "tls.issuer") or "letsencrypt-staging"


def time_zone(home: Home, _answers: Answers) -> Value:
    """The time zone; that of this machine for a new home."""
    return (home.found.time_zone if home.is_new else "") or fact(home, "timezone")


def network(home: Home, _answers: Answers) -> Value:
    """The home network; that of this machine for a new home."""
    return (str(home.found.network or "") if home.is_new else "") or fact(home, "lan.cidr")


def pool(home: Home, answers: Answers) -> Value:
    """The pool as long as it is in the home network, else sixteen addresses near its end."""
    lan, present = lan_of(home, answers), str(fact(home, "addressPool"))
    if lan is None:
        return present
    there = address_range(present)
    if there is not None and not home.is_new and inside(there, str(lan)):
        return present
    if lan.version != 4 or lan.prefixlen > POOL_PREFIX - 2:
        return ""
    return f"{lan.broadcast_address - 31}/{POOL_PREFIX}"


def ingress(home: Home, answers: Answers) -> Value:
    """The address as long as it is in the pool, else one of its first."""
    chosen = address_range(str(answers.get("addressPool") or pool(home, answers)))
    present = str(fact(home, "ingressAddress"))
    if chosen is None or (not home.is_new and not outside(present, [chosen])):
        return present
    (version, first), (_, last) = chosen
    number = min(first + 5, last)
    return str(ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number))


def lan_of(home: Home, answers: Answers) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The home network as answered, or as it is offered."""
    try:
        return ipaddress.ip_network(str(answers.get("lan.cidr") or network(home, answers)))
    except ValueError:
        return None


def inside(span: tuple[tuple[int, int], tuple[int, int]], block: str) -> bool:
    """Whether a range is in a network."""
    around = address_range(block)
    return around is not None and around[0] <= span[0] and span[1] <= around[1]


def zone(_home: Home, answers: Answers) -> Value:
    """The last two parts of the domain."""
    return ".".join(str(answers.get("domain", "")).split(".")[-2:])


def repository(home: Home, _answers: Answers) -> Value:
    """The git remote in place of the address that the platform comes with."""
    present = str(home.settings.get("repository-url") or "")
    return home.found.remote if not present or SAMPLE_HOST in present else present


def registry(home: Home, answers: Answers) -> Value:
    """The registry that is set, else that of the git server, else one that somebody has logged in to."""
    present = str(home.settings["registry"])
    if present != EMBEDDED:
        return present
    host, owner = repository_parts(str(answers.get("repository-url") or ""))
    if host == "github.com" and owner:
        return f"oci://ghcr.io/{owner.lower()}/charts"
    other = next((login for login in home.found.logins if login not in HUB_NAMES), "")
    return f"oci://{other}/charts" if other else EMBEDDED


def repository_parts(url: str) -> tuple[str, str]:
    """Host of a git address, and the first part of its path."""
    if short := SCP.fullmatch(url):
        return short["host"], short["path"].strip("/").partition("/")[0]
    parts = urlsplit(url)
    return parts.hostname or "", parts.path.strip("/").partition("/")[0]


# What only several answers can show


def domain_is_own(home: Home, value: Value, answers: Answers) -> Iterator[Problem]:
    """The domain is neither the example nor that of another environment."""
    if is_sample(str(value)):
        fact_ = f"{value!r} is the example that the platform comes with"
        yield Problem(where="", fact=fact_, hint="enter a domain of yours, such as home.example.com")
    for other in others(home, answers):
        if value == other.fact("domain"):
            yield Problem(
                where="",
                fact=f"{value!r} is the domain of {other.environment}",
                hint=f"each environment has its own, such as {home.environment}.{value}",
            )


def domain_in_zone(_home: Home, value: Value, answers: Answers) -> Iterator[Problem]:
    """The domain is the zone or below it."""
    name = str(answers.get("domain", ""))
    if name != value and not name.endswith(f".{value}"):
        hint = f"name the zone that has {name}, such as {zone(_home, answers)}"
        yield Problem(where="", fact=f"the domain {name} is not in the zone {value}", hint=hint)


def issuer_exists(home: Home, value: Value, _answers: Answers) -> Iterator[Problem]:
    """cert-manager has the issuer."""
    if value not in (known := issuers(home)):
        fact_ = f"there is no issuer {value!r}"
        yield Problem(where="", fact=fact_, hint=suggest(str(value), known, otherwise="issuers:"))


def issuers(home: Home) -> tuple[str, ...]:
    """The names of the ClusterIssuers of cert-manager."""
    if (found := home.member("cert-manager")) is None:
        return ()
    objects = found[1].values.get("extraObjects")
    named = objects.items() if isinstance(objects, dict) else ()
    return tuple(name for name, spec in named if isinstance(spec, dict) and spec.get("kind") == "ClusterIssuer")


def pool_is_free(home: Home, value: Value, answers: Answers) -> Iterator[Problem]:
    """Neither the DHCP server nor another environment gives out the addresses of the pool."""
    dhcp = str(answers.get("dhcp") or "")
    if overlap(str(value), dhcp):
        yield Problem(
            where="",
            fact=f"{value} overlaps the DHCP range {dhcp}",
            hint="choose addresses that the DHCP server does not give out, or shorten its range",
        )
    for other in others(home, answers):
        if overlap(str(value), theirs := str(other.fact("addressPool"))):
            fact_ = f"{value} overlaps {theirs}, the pool of {other.environment}"
            yield Problem(where="", fact=fact_, hint="two clusters never announce the same address: choose others")


def overlap(one: str, other: str) -> bool:
    """Whether two ranges share an address."""
    first, second = address_range(one) if one else None, address_range(other) if other else None
    return first is not None and second is not None and first[0] <= second[1] and second[0] <= first[1]


def ingress_in_pool(_home: Home, value: Value, answers: Answers) -> Iterator[Problem]:
    """Traefik's address is one of the pool."""
    chosen = str(answers.get("addressPool", ""))
    if (span := address_range(chosen)) is not None and outside(str(value), [span]):
        yield OUTSIDE_POOL.problem(
            where="", fact=f"{value} is not in the address pool {chosen}", hint=f"choose an address of {chosen}"
        )


def environments_can_go(home: Home, value: Value, _answers: Answers) -> Iterator[Problem]:
    """What an environment that is no longer listed has is not worth keeping."""
    for name in home.workspace.environments:
        if isinstance(value, tuple) and name not in value and (reason := home.found.in_use.get(name)):
            fact_ = f"{name} is left out, and {reason}"
            yield Problem(
                where="", fact=fact_, hint=f"keep it in the list, or remove it first: git rm -r values/{name}"
            )


def others(home: Home, answers: Answers) -> Iterator[Home]:
    """The other environments that stay, and that somebody has set up."""
    kept = answers.get("environments", ())
    for name in home.workspace.environments:
        if name != home.environment and isinstance(kept, tuple) and name in kept and not home.of(name).is_new:
            yield home.of(name)
