"""The values that people write: known, of the right type, and each override changes something.

Every service is looked at with its own values, with each of its ci files, in its umbrella and in each environment, in
the order in which Helm merges them:

    library < service < umbrella < values/<env>/platform.yaml (global) < values/<env>/<namespace>.yaml
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from slipway.build import schema, stage
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Environment
from slipway.util import yaml
from slipway.util.files import read_text
from slipway.util.mapping import leaves, shown, spelled
from slipway.util.text import similarity, suggest
from slipway.workspace import values as lay
from slipway.workspace.documents import chart_document, namespace_document, platform_document
from slipway.workspace.values import Layer, Path, Scope, Scopes

NEW = "slipway: new"
"""Comment on a line whose key resembles another one and is meant to be new."""

NEAR = 0.85
"""How alike two keys are that are taken for one mistyped: one wrong letter in five."""

FACTS = frozenset(
    {
        "environment",
        "domain",
        "timezone",
        "user",
        "storage",
        "tls",
        "addressPool",
        "ingressAddress",
        "pods",
        "services",
        "lan",
    }
)
"""Keys of platform.yaml that say what a site is, and so may repeat a default; the others are choices."""


@dataclass(frozen=True, kw_only=True)
class Check(Scopes):
    """One run over a workspace; what was found about equal values is found once."""

    seen: set[tuple[str, str, str]] = field(default_factory=set)
    told: set[tuple[str, str]] = field(default_factory=set)
    schemas: dict[str, Mapping[str, object]] = field(default_factory=dict)

    def chart(self, chart: Chart) -> Iterator[Problem]:
        """The values of one chart; the library's have no schema of their own."""
        if chart.kind is ChartKind.SERVICE:
            yield from self.service(chart)
        elif chart.kind is ChartKind.UMBRELLA:
            yield from self.umbrella(chart)

    def environments(self, names: Sequence[ChartName]) -> Iterator[Problem]:
        """Every platform.yaml, and hosts and addresses of every environment; `names` limits whose are told."""
        from slipway.lint import addresses, platform

        for environment in self.workspace.environments.values():
            yield from self.platform(environment)
            yield from platform.duplicate_hosts(self, environment, names)
            yield from addresses.outside_of_pools(self, environment, names)

    def service(self, chart: Chart) -> Iterator[Problem]:
        """A service with its own values, and with each ci file."""
        for scope in self.of_service(chart):
            yield from self.against_schema(scope)

    def umbrella(self, umbrella: Chart) -> Iterator[Problem]:
        """An umbrella by itself and in each environment."""
        above = chart_document(umbrella)
        yield from self.top_level(umbrella, above)
        yield from self.global_values(above, ("global",))
        for member, scope in self.members(umbrella):
            yield from self.against_schema(scope)
            yield from self.overrides(scope, Layer(document=above, inside=(member.key,), parent=True))
        for environment in self.workspace.environments.values():
            document = namespace_document(environment, umbrella.name)
            if document is None:
                continue
            yield from self.top_level(umbrella, document)
            for member, scope in self.members(umbrella, environment):
                yield from self.against_schema(scope)
                yield from self.overrides(scope, Layer(document=document, inside=(member.key,)))

        yield from self.ignored_nulls(umbrella)

    def ignored_nulls(self, umbrella: Chart) -> Iterator[Problem]:
        """Nulls of an umbrella that remove nothing in an environment.

        Helm drops them where no values file names the member, before the defaults of the member's chart are added.
        """
        above = chart_document(umbrella)
        kept: dict[Path, list[str]] = {}
        for name, environment in self.workspace.environments.items():
            for member in lay.members_in(self.workspace, umbrella, environment):
                part = lay.value_at(above.data, (member.key,))
                for path, value in leaves(part) if isinstance(part, Mapping) else ():
                    found = lay.value_at(member.values, path)
                    if value is None and found is not None and found is not lay.ABSENT:
                        kept.setdefault((member.key, *path), []).append(name)
        for path, environments in kept.items():
            yield Problem(
                where=above.at(*path),
                fact=f"{spelled(path)}: null removes nothing in {', '.join(environments)}",
                evidence=(f"Helm ignores a null of an umbrella where no values file sets {path[0]}",),
                hint=f"write it into values/{environments[0]}/{umbrella.name}.yaml instead",
                rule="values.no-change",
            )

    def top_level(self, umbrella: Chart, document: yaml.Document) -> Iterator[Problem]:
        """Keys of an umbrella's values are its members."""
        members = {member.key for member in umbrella.dependencies}
        for key in sorted(set(map(str, document.mapping)) - members - {"global"}):
            yield Problem(
                where=document.at(key),
                fact=f"{umbrella.name} has no member {key!r}",
                evidence=(f"owner: {umbrella.folder}",),
                hint=suggest(key, members, otherwise="members:"),
                rule="values.unknown-key",
            )

    def schema_of(self, chart: Chart) -> Mapping[str, object] | None:
        """A service's bundled schema; None when it has none, or a broken one, which the schema checks tell."""
        if chart.name not in self.schemas:
            try:
                found = stage.service_schema(self.workspace, chart) if "values.schema.json" in chart.files else {}
            except WorkspaceError:
                found = {}
            self.schemas[chart.name] = found
        return self.schemas[chart.name] or None

    def against_schema(self, scope: Scope) -> Iterator[Problem]:
        """What a service's schema says about the values that win; `global` is the platform's."""
        from slipway.lint import schema_errors as errors

        found = self.schema_of(scope.chart)
        values = scope.values
        key = (scope.chart.name, ".".join(scope.prefix), errors.canonical(values))
        if found is None or key in self.seen:
            return
        self.seen.add(key)
        owner = errors.Owner(name=scope.chart.name, folder=scope.chart.folder, schema=found, prefix=scope.prefix)
        for problem in errors.check_layers(owner, scope.layers):
            # What is wrong with a service's own values was said about the service; its umbrella inherits it.
            if not scope.prefix:
                self.told.add((problem.where, problem.rule))
            elif (problem.where, problem.rule) in self.told:
                continue
            yield problem

    def overrides(self, scope: Scope, top: Layer) -> Iterator[Problem]:
        """Keys of the highest layer that change nothing, or resemble a key below."""
        below = scope.layers[:-1]
        values = lay.coalesce(below)
        for path, value in leaves(top.values):
            found = self.value_below(below, values, path)
            if found is None and value is None:
                yield no_change(top, scope.prefix, path, "there is nothing to remove", "")
            elif found is not None and lay.same(found[0], value):
                yield no_change(top, scope.prefix, path, f"{shown(value)} already", found[1])
        if (root := self.schema_of(scope.chart)) is not None:
            yield from self.look_alikes(scope, top, values, root)

    def value_below(
        self, below: Sequence[Layer], values: Mapping[str, object], path: Path
    ) -> tuple[object, str] | None:
        """What a value would be without its override, and where that is said; None when nothing says it."""
        found = lay.value_at(values, path)
        if found is not lay.ABSENT:
            layer = lay.top_layer(below, path)
            return found, layer.where(path) if layer else ""
        library = lay.library_of(self.workspace)
        for place in lay.library_default(library, path):
            assert library is not None
            defaults = Layer(document=chart_document(library))
            if (found := lay.value_at(defaults.values, place)) is not lay.ABSENT:
                return found, defaults.where(place)
        return None

    def look_alikes(
        self, scope: Scope, top: Layer, below: Mapping[str, object], root: Mapping[str, object]
    ) -> Iterator[Problem]:
        """New identifiers in a map that resemble one that is there."""
        from slipway.lint import schema_errors as errors

        text = self.text_of(top.document.where)
        for path in new_keys(top.values, below):
            siblings = lay.value_at(below, path[:-1])
            known = set(map(str, siblings)) if isinstance(siblings, Mapping) else set()
            listed = {key for node in errors.schema_at(root, path[:-1]) for key in errors.properties_of(node)}
            near = [word for word in sorted(known) if alike(path[-1], word)]
            where = top.where(path)
            line = int(where.rpartition(":")[2]) if where.rpartition(":")[2].isdigit() else 0
            if path[-1] in listed or not near or (0 < line <= len(text) and NEW in text[line - 1]):
                continue
            yield Problem(
                where=where,
                fact=f"{scope.chart.name} knows no {spelled((*scope.prefix, *path))}",
                evidence=(f"owner: {scope.chart.folder}", f"it would be added beside {near[0]!r}"),
                hint=f"did you mean {near[0]!r}? if it is meant to be new, end the line with `# {NEW}`",
                rule="values.unknown-key",
            )

    def text_of(self, where: str) -> list[str]:
        """The lines of a values file."""
        path = self.workspace.root / where
        return read_text(path, where).splitlines() if path.is_file() else []

    def global_values(self, document: yaml.Document, inside: Path) -> Iterator[Problem]:
        """`global` of a file, or all of platform.yaml, against the library's schema of it."""
        from slipway.lint import schema_errors as errors

        library = lay.library_of(self.workspace)
        fragments = stage.fragments(self.workspace)
        if library is None or "global.json" not in fragments:
            return
        try:
            found = schema.bundle(fragments["global.json"], fragments, f"{library.folder}/schemas/global.json")
        except WorkspaceError:
            return
        owner = errors.Owner(name="the platform", folder=f"{library.folder}/schemas/global.json", schema=found)
        yield from errors.check_layers(owner, (Layer(document=document, inside=inside),))

    def platform(self, environment: Environment) -> Iterator[Problem]:
        """An environment's platform.yaml."""
        from slipway.lint import platform

        document = platform_document(environment)
        facts = list(platform.check(self.workspace, document))
        yield from facts
        told = {problem.where for problem in facts}
        yield from (problem for problem in self.global_values(document, ()) if problem.where not in told)
        library = lay.library_of(self.workspace)
        if library is None:
            return
        defaults = Layer(document=chart_document(library))
        for path, value in leaves(document.mapping):
            below = lay.value_at(defaults.values, ("global", *path))
            if path[0] not in FACTS and below is not lay.ABSENT and lay.same(below, value):
                where = defaults.where(("global", *path))
                yield no_change(Layer(document=document), (), path, f"{shown(value)} already", where)


def no_change(top: Layer, prefix: Path, path: Path, said: str, where: str) -> Problem:
    """An override without effect."""
    return Problem(
        where=top.where(path),
        fact=f"{spelled((*prefix, *path))} is {said}" if where else f"{spelled((*prefix, *path))}: {said}",
        evidence=(f"{where} says the same",) if where else (),
        hint="remove it: what differs from the defaults is then all that is left",
        rule="values.no-change",
    )


def new_keys(top: Mapping[str, object], below: Mapping[str, object], path: Path = ()) -> Iterator[Path]:
    """Keys that are added to a mapping that has others already."""
    for key, value in top.items():
        here = (*path, str(key))
        if key not in below:
            if below and value is not None:
                yield here
        elif isinstance(value, Mapping) and isinstance(inner := below[key], Mapping):
            yield from new_keys(value, inner, here)


def alike(word: str, other: str) -> bool:
    """Whether one word is probably the other, mistyped; `data2` beside `data` is a name of its own."""
    if word.rstrip("0123456789") == other.rstrip("0123456789"):
        return False
    return similarity(word, other) >= NEAR
