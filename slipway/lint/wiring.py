"""References between members of an umbrella: databases, their accounts, and network edges to other members.

The library derives host names and Secret names from member names, so a reference to a missing member would only show as
a pod that never becomes ready. Each environment is checked, since it may disable a member.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slipway.core.errors import Problem
from slipway.core.model import Chart, ChartKind
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check
from slipway.lint.members import EnabledMember, enabled_members
from slipway.util.mapping import dig, leaves
from slipway.util.text import suggest
from slipway.workspace import declarations
from slipway.workspace.values import Path

DATABASE = Rule(
    "wiring.database",
    "An account, an edge or a host names a database that a member of the umbrella has for its reader.",
)
MEMBER = Rule("wiring.member", "References between members of an umbrella name a member.")

DATABASE_HOST = re.compile(r"(?<![\w.-])([a-z0-9][a-z0-9-]*)-(?:rw|ro)(?![\w-])")
"""The Services that CloudNativePG creates for a database."""


def databases_of(member: EnabledMember) -> dict[str, Mapping[str, object]]:
    """Name → entry of the PostgreSQL clusters of a member."""
    return dict(declarations.databases(member.scope.chart, member.key, member.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The members of one umbrella in one environment."""

    umbrella: Chart
    members: tuple[EnabledMember, ...]

    @property
    def databases(self) -> dict[str, Mapping[str, object]]:
        """Name → entry of every database."""
        return {name: spec for member in self.members for name, spec in databases_of(member).items()}

    @property
    def member_names(self) -> frozenset[str]:
        """Names and aliases of all members; an edge to a disabled member is harmless."""
        return frozenset(dependency.key for dependency in self.umbrella.dependencies)

    def problems(self) -> Iterator[Problem]:
        """References to what does not exist."""
        for member in self.members:
            yield from self.database_owners(member)
            yield from self.database_accounts(member)
            yield from self.network_edges(member)
            yield from self.database_hosts(member)

    def database_owners(self, member: EnabledMember) -> Iterator[Problem]:
        """The member that a database is for."""
        for identifier, spec in dig(member.values, "databases").items():
            owner = dig(spec).get("application")
            if owner is not None and str(owner) not in self.member_names:
                path = ("databases", str(identifier), "application")
                fact = f"{member.key}: the database is for {owner}, which is no member of {self.umbrella.name}"
                yield MEMBER.problem(
                    where=member.position(path), fact=fact, hint=suggest(str(owner), self.member_names)
                )

    def database_accounts(self, member: EnabledMember) -> Iterator[Problem]:
        """Accounts of databases that exist, are for the member, and that it may connect to."""
        databases = self.databases
        connected = {str(dig(edge, "to").get("database")) for _, edge in enabled_edges(member.values, "egress")}
        for identifier, spec in dig(member.values, "secrets").items():
            name = dig(spec).get("database")
            path = ("secrets", str(identifier), "database")
            if name is None:
                continue
            reads = f"{member.key} reads the account of the database {name}"
            if str(name) not in databases:
                fact = f"{reads}, which no member of {self.umbrella.name} has"
                yield DATABASE.problem(
                    where=member.position(path), fact=fact, hint=suggest(str(name), frozenset(databases))
                )
                continue
            if (owner := databases[str(name)].get("application")) not in (member.key, member.scope.chart.name):
                yield DATABASE.problem(
                    where=member.position(path),
                    fact=f"{reads}, which is for {owner or 'no application'}",
                    hint=f"set the database's `application` to {member.key}, or give {member.key} a database of its own",
                )
            if str(name) not in connected:
                yield DATABASE.problem(
                    where=member.position(path),
                    fact=f"{reads}, but has no network edge to it",
                    hint=f"add network.egress.database: {{to: {{database: {name}}}, ports: [5432]}}",
                )

    def network_edges(self, member: EnabledMember) -> Iterator[Problem]:
        """Edges to databases and to members of the same namespace."""
        databases = frozenset(self.databases)
        for path, edge in (*enabled_edges(member.values, "ingress"), *enabled_edges(member.values, "egress")):
            peer_field = "from" if path[1] == "ingress" else "to"
            peer = dig(edge, peer_field)
            if (database := peer.get("database")) is not None and str(database) not in databases:
                fact = (
                    f"{member.key}: an edge names the database {database}, which no member of {self.umbrella.name} has"
                )
                yield DATABASE.problem(
                    where=member.position((*path, peer_field, "database")),
                    fact=fact,
                    hint=suggest(str(database), databases),
                )
            app, namespace = peer.get("app"), peer.get("namespace", self.umbrella.name)
            same_namespace = peer_field == "to" and namespace == self.umbrella.name
            if app is not None and same_namespace and str(app) not in self.member_names:
                fact = f"{member.key}: an edge names {app}, which is no member of {self.umbrella.name}"
                yield MEMBER.problem(
                    where=member.position((*path, peer_field, "app")),
                    fact=fact,
                    hint=suggest(str(app), self.member_names),
                )

    def database_hosts(self, member: EnabledMember) -> Iterator[Problem]:
        """Literal host names of databases; the account's Secret has the host too, under `host`."""
        databases = frozenset(self.databases)
        for path, value in leaves(dig(member.values, "controllers")):
            for name in DATABASE_HOST.findall(value) if isinstance(value, str) else ():
                if name not in databases:
                    fact = f"{member.key} connects to {name}-rw, and no member of {self.umbrella.name} has a database {name}"
                    yield DATABASE.problem(
                        where=member.position(("controllers", *path)), fact=fact, hint=suggest(str(name), databases)
                    )


def enabled_edges(values: Mapping[str, object], direction: str) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """Path and entry of each enabled edge of a direction."""
    for identifier, edge in dig(values, "network", direction).items():
        if isinstance(edge, Mapping) and edge.get("enabled", True) is not False:
            yield ("network", direction, str(identifier)), edge


@chart_check(DATABASE, MEMBER, kinds=[ChartKind.UMBRELLA])
def member_references(context: LintContext, umbrella: Chart) -> Iterator[Problem]:
    for environment in (None, *context.workspace.environments.values()):
        members = tuple(enabled_members(context.scopes, umbrella, environment))
        yield from Wiring(umbrella=umbrella, members=members).problems()
