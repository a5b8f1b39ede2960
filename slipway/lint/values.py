"""The values that people write: valid under the schema, and each override changes something.

Each service is checked with its default values, with each of its ci files, in its umbrella and in each environment, with
the layers in the order in which Helm merges them:

    library < service < umbrella < values/<env>/platform.yaml (global) < values/<env>/<namespace>.yaml
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from slipway.build import schema, stage
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Chart, ChartKind, ChartName, Environment
from slipway.core.rules import Rule
from slipway.lint.checks import LintContext, chart_check, workspace_check
from slipway.lint.platform_facts import ADDRESS_POOL, CIDR, STORAGE_CLASS, TIME_ZONE, fact_problems
from slipway.lint.positions import value_position
from slipway.lint.schema_errors import (
    INVALID_VALUE,
    UNKNOWN_KEY,
    Owner,
    canonical,
    properties_of,
    schema_at,
    schema_problems,
)
from slipway.util import yaml
from slipway.util.files import read_text
from slipway.util.mapping import leaves, shown, spelled
from slipway.util.text import similarity, suggest
from slipway.workspace.documents import chart_document, namespace_document, platform_document
from slipway.workspace.values import (
    ABSENT,
    Layer,
    Path,
    Scope,
    coalesce,
    library_default,
    library_of,
    members_in,
    same,
    value_at,
)

NO_CHANGE = Rule("values.no-change", "An override changes something.")

NEW = "slipway: new"
"""Comment on a line whose key is similar to another one, and nevertheless new."""

NEAR = 0.85
"""Similarity from which a key counts as mistyped: about one wrong letter in five."""

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
"""Keys of platform.yaml that describe a site, and may repeat a default; the others are choices."""


@chart_check(UNKNOWN_KEY, INVALID_VALUE, NO_CHANGE, kinds=[ChartKind.SERVICE, ChartKind.UMBRELLA])
def chart_values(context: LintContext, chart: Chart) -> Iterator[Problem]:
    lint = context.once(ValuesLint)
    yield from lint.service(chart) if chart.kind is ChartKind.SERVICE else lint.umbrella(chart)


@workspace_check(UNKNOWN_KEY, INVALID_VALUE, NO_CHANGE, CIDR, ADDRESS_POOL, STORAGE_CLASS, TIME_ZONE)
def platform_values(context: LintContext, names: Sequence[ChartName]) -> Iterator[Problem]:
    """Every platform.yaml."""
    for environment in context.workspace.environments.values():
        yield from context.once(ValuesLint).platform(environment)


class ValuesLint:
    """The checks of one run; equal values of a chart are checked once."""

    def __init__(self, context: LintContext) -> None:
        self.workspace = context.workspace
        self.scopes = context.scopes
        self.checked: set[tuple[str, str, str]] = set()
        self.reported: set[tuple[str, str]] = set()
        """Position and rule of the problems of services' own values."""
        self.schemas: dict[str, Mapping[str, object]] = {}

    def service(self, chart: Chart) -> Iterator[Problem]:
        """A service with its default values, and with each ci file."""
        for scope in self.scopes.of_service(chart):
            yield from self.against_schema(scope)

    def umbrella(self, umbrella: Chart) -> Iterator[Problem]:
        """An umbrella's own values, and its values in each environment."""
        own = chart_document(umbrella)
        yield from self.global_values(own, ("global",))
        yield from self.layer(umbrella, None, own)
        for environment in self.workspace.environments.values():
            if (document := namespace_document(environment, umbrella.name)) is not None:
                yield from self.layer(umbrella, environment, document)
        yield from self.ignored_nulls(umbrella)

    def ignored_nulls(self, umbrella: Chart) -> Iterator[Problem]:
        """Nulls of an umbrella that remove nothing in an environment.

        Helm drops them where no values file names the member, before the defaults of the member's chart are added.
        """
        own = chart_document(umbrella)
        ignored: dict[Path, list[str]] = {}
        for name, environment in self.workspace.environments.items():
            for member in members_in(self.workspace, umbrella, environment):
                values = value_at(own.data, (member.key,))
                for path, value in leaves(values) if isinstance(values, Mapping) else ():
                    found = value_at(member.values, path)
                    if value is None and found is not None and found is not ABSENT:
                        ignored.setdefault((member.key, *path), []).append(name)
        for path, environments in ignored.items():
            yield NO_CHANGE.problem(
                where=own.at(*path),
                fact=f"{spelled(path)}: null removes nothing in {', '.join(environments)}",
                evidence=(f"Helm ignores a null of an umbrella where no values file sets {path[0]}",),
                hint=f"write it into values/{environments[0]}/{umbrella.name}.yaml instead",
            )

    def layer(self, umbrella: Chart, environment: Environment | None, document: yaml.Document) -> Iterator[Problem]:
        """The members of an umbrella with a document as the highest layer."""
        yield from self.member_keys(umbrella, document)
        for member, scope in self.scopes.members(umbrella, environment):
            yield from self.against_schema(scope)
            top = Layer(document=document, inside=(member.key,), parent=environment is None)
            yield from self.overrides(scope, top)

    def member_keys(self, umbrella: Chart, document: yaml.Document) -> Iterator[Problem]:
        """Top-level keys of an umbrella's values that are no member."""
        members = {member.key for member in umbrella.dependencies}
        for key in sorted(set(map(str, document.mapping)) - members - {"global"}):
            yield UNKNOWN_KEY.problem(
                where=document.at(key),
                fact=f"{umbrella.name} has no member {key!r}",
                evidence=(f"owner: {umbrella.folder}",),
                hint=suggest(key, members, otherwise="members:"),
            )

    def schema_of(self, chart: Chart) -> Mapping[str, object] | None:
        """A service's bundled schema; None without one, or with an invalid one, which has problems of its own."""
        if chart.name not in self.schemas:
            try:
                found = stage.service_schema(self.workspace, chart) if "values.schema.json" in chart.files else {}
            except WorkspaceError:
                found = {}
            self.schemas[chart.name] = found
        return self.schemas[chart.name] or None

    def against_schema(self, scope: Scope) -> Iterator[Problem]:
        """Errors of the merged values against the service's schema."""
        found = self.schema_of(scope.chart)
        key = (scope.chart.name, ".".join(scope.prefix), canonical(scope.values))
        if found is None or key in self.checked:
            return
        self.checked.add(key)
        owner = Owner(name=scope.chart.name, folder=scope.chart.folder, schema=found, prefix=scope.prefix)
        for problem in schema_problems(owner, scope.layers):
            # An umbrella inherits the problems of a service's own values, which are reported for the service.
            if not scope.prefix:
                self.reported.add((problem.where, problem.rule))
            elif (problem.where, problem.rule) in self.reported:
                continue
            yield problem

    def overrides(self, scope: Scope, top: Layer) -> Iterator[Problem]:
        """Keys of the highest layer that change nothing, or are similar to a key of a lower layer."""
        below = scope.layers[:-1]
        values = coalesce(below)
        for path, value in leaves(top.values):
            found = self.value_below(below, values, path)
            if found is None and value is None:
                yield no_change(top, scope.prefix, path, "there is nothing to remove")
            elif found is not None and same(found[0], value):
                yield repeated(top, scope.prefix, path, value, found[1])
        if (root := self.schema_of(scope.chart)) is not None:
            yield from self.mistyped_keys(scope, top, values, root)

    def value_below(
        self, below: Sequence[Layer], values: Mapping[str, object], path: Path
    ) -> tuple[object, str] | None:
        """A value without its override, and the position that sets it; None when nothing does."""
        found = value_at(values, path)
        if found is not ABSENT:
            return found, value_position(below, path)
        if (library := library_of(self.workspace)) is None:
            return None
        defaults = Layer(document=chart_document(library))
        for place in library_default(library, path):
            if (found := value_at(defaults.values, place)) is not ABSENT:
                return found, defaults.where(place)
        return None

    def mistyped_keys(
        self, scope: Scope, top: Layer, below: Mapping[str, object], root: Mapping[str, object]
    ) -> Iterator[Problem]:
        """New identifiers in a map that are similar to an existing one."""
        text = self.lines_of(top.document.where)
        for path in new_keys(top.values, below):
            siblings = value_at(below, path[:-1])
            existing = sorted(map(str, siblings)) if isinstance(siblings, Mapping) else []
            listed = {key for node in schema_at(root, path[:-1]) for key in properties_of(node)}
            near = [key for key in existing if mistyped(path[-1], key)]
            where = top.where(path)
            number = where.rpartition(":")[2]
            line = text[int(number) - 1] if number.isdigit() and 0 < int(number) <= len(text) else ""
            if path[-1] in listed or not near or NEW in line:
                continue
            yield UNKNOWN_KEY.problem(
                where=where,
                fact=f"{scope.chart.name} has no {spelled((*scope.prefix, *path))}",
                evidence=(f"owner: {scope.chart.folder}", f"it would be added beside {near[0]!r}"),
                hint=f"did you mean {near[0]!r}? if the key is new, end the line with `# {NEW}`",
            )

    def lines_of(self, where: str) -> list[str]:
        """The lines of a values file."""
        path = self.workspace.root / where
        return read_text(path, where).splitlines() if path.is_file() else []

    def global_values(self, document: yaml.Document, inside: Path) -> Iterator[Problem]:
        """`global` of a file, or all of platform.yaml, against the library's schema of it."""
        library = library_of(self.workspace)
        fragments = stage.fragments(self.workspace)
        if library is None or "global.json" not in fragments:
            return
        folder = f"{library.folder}/schemas/global.json"
        try:
            found = schema.bundle(fragments["global.json"], fragments, folder)
        except WorkspaceError:
            return
        owner = Owner(name="the platform", folder=folder, schema=found)
        yield from schema_problems(owner, (Layer(document=document, inside=inside),))

    def platform(self, environment: Environment) -> Iterator[Problem]:
        """An environment's platform.yaml."""
        document = platform_document(environment)
        facts = list(fact_problems(self.workspace, document))
        yield from facts
        reported = {problem.where for problem in facts}
        yield from (problem for problem in self.global_values(document, ()) if problem.where not in reported)
        library = library_of(self.workspace)
        if library is None:
            return
        defaults = Layer(document=chart_document(library))
        for path, value in leaves(document.mapping):
            default = value_at(defaults.values, ("global", *path))
            if path[0] not in FACTS and default is not ABSENT and same(default, value):
                yield repeated(Layer(document=document), (), path, value, defaults.where(("global", *path)))


def repeated(top: Layer, prefix: Path, path: Path, value: object, where: str) -> Problem:
    """An override with the value that a lower layer sets."""
    return no_change(top, prefix, path, f"is {shown(value)} already", where)


def no_change(top: Layer, prefix: Path, path: Path, fact: str, where: str = "") -> Problem:
    """An override without effect."""
    name = spelled((*prefix, *path))
    return NO_CHANGE.problem(
        where=top.where(path),
        fact=f"{name} {fact}" if where else f"{name}: {fact}",
        evidence=(f"{where} sets the same",) if where else (),
        hint="remove it, so that only differences from the defaults remain",
    )


def new_keys(top: Mapping[str, object], below: Mapping[str, object], path: Path = ()) -> Iterator[Path]:
    """Keys that a layer adds to a mapping that already has others."""
    for key, value in top.items():
        here = (*path, str(key))
        if key not in below:
            if below and value is not None:
                yield here
        elif isinstance(value, Mapping) and isinstance(inner := below[key], Mapping):
            yield from new_keys(value, inner, here)


def mistyped(word: str, other: str) -> bool:
    """Whether one word is probably the other, mistyped; `data2` beside `data` is deliberate."""
    if word.rstrip("0123456789") == other.rstrip("0123456789"):
        return False
    return similarity(word, other) >= NEAR
