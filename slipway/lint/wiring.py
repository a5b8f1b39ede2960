"""What members of an umbrella say of each other: databases, accounts and edges that name a member which is there.

A host name or a Secret's name is derived from the name of the member that makes it, so a wrong name is found here and not by
a pod that waits for ever. Each environment is looked at, since one may switch a member off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.core.errors import Problem
from slipway.core.model import Chart, Environment
from slipway.util.mapping import dig, leaves
from slipway.util.text import suggest
from slipway.workspace import declarations
from slipway.workspace import values as lay
from slipway.workspace.values import Path, Scope, Scopes

HOST = re.compile(r"(?<![\w.-])([a-z0-9][a-z0-9-]*)-(?:rw|ro)(?![\w-])")
"""The Services that the operator makes for a database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of an umbrella that is on, with the values that win."""

    key: str
    scope: Scope
    values: Mapping[str, object]

    @property
    def databases(self) -> dict[str, Mapping[str, object]]:
        """Name → entry of its PostgreSQL clusters."""
        return dict(declarations.databases(self.scope.chart, self.key, self.values))

    def where(self, path: Path) -> str:
        """`file:line` of a value."""
        layer = lay.top_layer(self.scope.layers, path)
        return layer.where(path) if layer else self.scope.chart.folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The members of one umbrella in one environment."""

    umbrella: Chart
    members: tuple[Member, ...]

    @property
    def databases(self) -> dict[str, Mapping[str, object]]:
        """Name → entry of every database."""
        return {name: spec for member in self.members for name, spec in member.databases.items()}

    @property
    def names(self) -> frozenset[str]:
        """What the umbrella calls its members, those that are off included: an edge to one leads nowhere, and harms nobody."""
        return frozenset(dependency.key for dependency in self.umbrella.dependencies)

    def problems(self) -> Iterator[Problem]:
        """Every reference that leads nowhere."""
        for member in self.members:
            yield from self.accounts(member)
            yield from self.edges(member)
            yield from self.hosts(member)
            for identifier, spec in dig(member.values, "databases").items():
                application = dig(spec).get("application")
                if application is not None and application not in self.names:
                    path = ("databases", str(identifier), "application")
                    fact = (
                        f"{member.key}: the database is for {application}, which is no member of {self.umbrella.name}"
                    )
                    yield self.unknown(member, path, fact, str(application), self.names)

    def accounts(self, member: Member) -> Iterator[Problem]:
        """Accounts of databases that are there, belong to the member, and can be reached by it."""
        databases = self.databases
        reached = {str(dig(edge, "to").get("database")) for _, edge in edges_of(member.values, "egress")}
        for identifier, spec in dig(member.values, "secrets").items():
            name = dig(spec).get("database")
            path = ("secrets", str(identifier), "database")
            if name is None:
                continue
            if name not in databases:
                fact = f"{member.key} reads the account of the database {name}, which no member of {self.umbrella.name} makes"
                yield self.unknown(member, path, fact, str(name), frozenset(databases))
                continue
            if (owner := databases[str(name)].get("application")) not in {member.key, member.scope.chart.name}:
                yield Problem(
                    where=member.where(path),
                    fact=f"{member.key} reads the account of the database {name}, which is for {owner or 'nobody'}",
                    hint=f"set the database's `application` to {member.key}, or give {member.key} a database of its own",
                    rule="wiring.database",
                )
            if name not in reached:
                yield Problem(
                    where=member.where(path),
                    fact=f"{member.key} reads the account of the database {name}, but no edge leads there",
                    hint=f"add network.egress.database: {{to: {{database: {name}}}, ports: [5432]}}",
                    rule="wiring.database",
                )

    def edges(self, member: Member) -> Iterator[Problem]:
        """Edges to databases and to members of the same namespace."""
        databases = frozenset(self.databases)
        for path, edge in (*edges_of(member.values, "ingress"), *edges_of(member.values, "egress")):
            end = "from" if path[1] == "ingress" else "to"
            peer = dig(edge, end)
            if (name := peer.get("database")) is not None and name not in databases:
                fact = (
                    f"{member.key}: an edge leads to the database {name}, which no member of {self.umbrella.name} makes"
                )
                yield self.unknown(member, (*path, end, "database"), fact, str(name), databases)
            name, space = peer.get("app"), peer.get("namespace", self.umbrella.name)
            if end == "to" and name is not None and space == self.umbrella.name and name not in self.names:
                fact = f"{member.key}: an edge leads to {name}, which is no member of {self.umbrella.name}"
                yield self.unknown(member, (*path, end, "app"), fact, str(name), self.names)

    def hosts(self, member: Member) -> Iterator[Problem]:
        """Hosts of databases that are written out; the account's Secret has them as `host`."""
        databases = frozenset(self.databases)
        for path, value in leaves(dig(member.values, "controllers")):
            for name in HOST.findall(value) if isinstance(value, str) else ():
                if name not in databases:
                    fact = f"{member.key} asks {name}-rw, and no member of {self.umbrella.name} makes a database {name}"
                    yield self.unknown(member, ("controllers", *path), fact, name, databases)

    def unknown(self, member: Member, path: Path, fact: str, name: str, known: frozenset[str]) -> Problem:
        """A name that nobody has."""
        rule = "wiring.member" if known == self.names else "wiring.database"
        return Problem(where=member.where(path), fact=fact, hint=suggest(name, known), rule=rule)


def edges_of(values: Mapping[str, object], direction: str) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Path and edge of each edge that is on."""
    for identifier, edge in dig(values, "network", direction).items():
        if isinstance(edge, Mapping) and edge.get("enabled", True) is not False:
            yield ("network", direction, str(identifier)), edge


def wiring_of(run: Scopes, umbrella: Chart, environment: Environment | None) -> Wiring:
    """An umbrella by itself, or in an environment."""
    members = []
    for dependency, scope in run.members(umbrella, environment):
        values = scope.values
        if values.get("enabled") is not False:
            members.append(Member(key=dependency.key, scope=scope, values=values))
    return Wiring(umbrella=umbrella, members=tuple(members))


def check(run: Scopes, umbrella: Chart) -> Iterator[Problem]:
    """Every reference between members that leads nowhere, with the umbrella's own values and in each environment."""
    for environment in (None, *run.workspace.environments.values()):
        yield from wiring_of(run, umbrella, environment).problems()
