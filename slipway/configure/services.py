"""Which services of a namespace run, and what refers to those that do not. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from slipway.configure.model import Change, Home, Value
from slipway.core.errors import Problem
from slipway.util.mapping import dig
from slipway.util.text import suggest
from slipway.workspace.documents import chart_document, namespace_document
from slipway.workspace.values import ABSENT, Effective, Path, members_in, value_at

ADDRESS = re.compile(r"https?://([a-z0-9-]+)[:/]")
"""URL of a service of the same namespace."""


def choices(home: Home, umbrella: str) -> tuple[str, ...]:
    """The services of an umbrella that a person chooses among: without what every umbrella has, volumes, and databases of others."""
    members = {member.key: member for member in home.members[umbrella]}
    everywhere = frozenset.intersection(*(frozenset(m.key for m in found) for found in home.members.values()))
    return tuple(
        key
        for key, member in members.items()
        if key not in everywhere and member.values.get("controllers") and owner_of(key, members) is None
    )


def owner_of(key: str, members: Iterable[str]) -> str | None:
    """The service whose database or cache a member is, by its name: `<application>-<chart>`."""
    return next((each for each in members if key.startswith(f"{each}-")), None)


def running(home: Home, umbrella: str) -> Value:
    """The services of an umbrella that are on."""
    on = {member.key for member in home.members[umbrella] if member.enabled}
    return tuple(key for key in choices(home, umbrella) if key in on)


def services_exist(home: Home, umbrella: str, value: Value) -> Iterator[Problem]:
    """Each name is a service of the umbrella."""
    known = choices(home, umbrella)
    for name in value if isinstance(value, tuple) else ():
        if name not in known:
            fact = f"{umbrella} has no service {name!r}"
            yield Problem(where="", fact=fact, hint=suggest(name, known, otherwise="services:"))


def services_changes(home: Home, umbrella: str, value: Value) -> Iterator[Change]:
    """Each service on or off, and its databases with it; without an override where the umbrella says the same."""
    chart = next(each for each in home.workspace.umbrellas if each.name == umbrella)
    own, known = chart_document(chart).mapping, choices(home, umbrella)
    members = [member.key for member in home.members[umbrella]]
    for key in members:
        service = key if key in known else owner_of(key, known)
        if service is None:
            continue
        on = isinstance(value, tuple) and service in value
        default = value_at(own, (key, "enabled")) is not False
        yield Change(file=home.values_file(umbrella), path=(key, "enabled"), value=ABSENT if on == default else on)
    yield from reference_changes(home, umbrella, value)


def reference_changes(home: Home, umbrella: str, value: Value) -> Iterator[Change]:
    """No variable with the address or the Secret of a service that is off: its reader would wait for it for ever."""
    off = {key for key in choices(home, umbrella) if not isinstance(value, tuple) or key not in value}
    chart = next(each for each in home.workspace.umbrellas if each.name == umbrella)
    document = namespace_document(home.present, umbrella)
    written = document.mapping if document else {}
    for member in members_in(home.workspace, chart):
        for path, service in references(member):
            place = (member.key, *path)
            if service in off and member.key not in off:
                yield Change(file=home.values_file(umbrella), path=place, value=None)
            elif service in choices(home, umbrella) and value_at(written, place) is None:
                yield Change(file=home.values_file(umbrella), path=place, value=ABSENT)


def references(member: Effective) -> Iterator[tuple[Path, str]]:
    """Path of each variable that names another service of the namespace, and that service."""
    for name, controller in dig(member.values, "controllers").items():
        for container in dig(controller, "containers"):
            path = ("controllers", name, "containers", container, "env")
            for variable, value in dig(controller, "containers", container, "env").items():
                if (service := named_by(value)) not in {None, member.key}:
                    assert service is not None
                    yield (*path, variable), service


def named_by(value: object) -> str | None:
    """The service that a variable has the address or the Secret of."""
    if isinstance(value, Mapping):
        return str(value["secret"]) if "secret" in value else None
    found = ADDRESS.match(str(value))
    return found[1] if found else None
