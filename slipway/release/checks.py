"""The checks of a release: the lint of its charts, and the contract of what they render.

Here they get their tools from the context; the rules are in `slipway.lint` and `slipway.policy`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from slipway import policy
from slipway.build.builder import Builder, Built
from slipway.build.cases import ALL_OFF, DEFAULTS, RenderCase, cases_of, merged, problems_of
from slipway.build.render import Object
from slipway.context import Context
from slipway.core.errors import Problem, RegistryError
from slipway.core.model import Chart, ChartKind, ChartName, Workspace
from slipway.gitops.git_applications import PART_OF
from slipway.lint import yaml_style
from slipway.lint.run import LintInputs
from slipway.lint.run import lint as run_lint
from slipway.policy import bounds, exclusive, network_edges, sync_order
from slipway.policy.chart_objects import ChartObjects
from slipway.secrets import inventory, producers, store, waiting
from slipway.tools.ct import ChartTesting
from slipway.tools.gitleaks import Gitleaks
from slipway.tools.kubeconform import Kubeconform
from slipway.util import cache
from slipway.util.mapping import dig
from slipway.util.text import counted
from slipway.versioning import semver
from slipway.workspace import declarations
from slipway.workspace.documents import parsed
from slipway.workspace.values import Effective, members_with, service_with

CHECKING = ("helm", "helm-batch", "helm-answers", "ct", "kubeconform", "gitleaks")
"""The programs of a lint."""


def everything(context: Context, names: Sequence[ChartName]) -> tuple[Problem, ...]:
    """Build, lint and test these charts, and what they vendor.

    Raises:
        ToolMissing: helm, ct, kubeconform or gitleaks cannot be built.
    """
    builder = context.builder()
    with context.progress.step("package") as done:
        built, problems = builder.build(names)
        done(counted(len(built), "chart"))
    with context.progress.step("lint") as done:
        problems += lint(context, builder, built, names)
        done(counted(len(names), "chart"))
    if has_contract(context):
        with context.progress.step("test") as done:
            problems += test(context, builder, built, names)
            done("the contract of every service")
    return tuple(sorted(set(problems)))


def has_contract(context: Context) -> bool:
    """Whether the profile asks for a rule of the contract."""
    return any(map(context.config.profile.asks, policy.RULES))


def lint(
    context: Context, builder: Builder, built: Mapping[ChartName, Built], names: Sequence[ChartName]
) -> tuple[Problem, ...]:
    """Every lint of these charts.

    Raises:
        ToolMissing: helm, ct, kubeconform or gitleaks cannot be built.
    """
    return run_lint(lint_inputs(context, builder, built), names).problems


def lint_inputs(context: Context, builder: Builder, built: Mapping[ChartName, Built]) -> LintInputs:
    """The charts, with the tools of the lint."""
    config = context.config
    ct = ChartTesting(
        run=context.run,
        program=lambda: context.toolbox.path("ct"),
        helm=lambda: context.toolbox.path("helm"),
        answers=lambda: context.toolbox.path("helm-answers"),
        home=config.build / "helm",
        path=context.environ.get("PATH", os.defpath),
        config=yaml_style.config_folder(config.root, config.profile) / "ct.yaml",
        kube_version=config.kube_version,
    )
    return LintInputs(
        builder=builder,
        built=built,
        ct=ct,
        kubeconform=Kubeconform(run=context.run, program=lambda: context.toolbox.path("kubeconform")),
        gitleaks=Gitleaks(run=context.run, program=lambda: context.toolbox.path("gitleaks")),
        kube_version=config.kube_version,
        versions={name: context.toolbox.version(name) for name in (*config.tools, *CHECKING)},
        published=Earlier(context),
    )


class Earlier:
    """The last published archive of a chart; None when the registry does not answer, since a lint works without it."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.unavailable = context.config.registry.embedded and not context.config.registry_folder.is_dir()

    def __call__(self, name: ChartName) -> bytes | None:
        """The archive, or None."""
        if self.unavailable:
            return None
        try:
            tags = semver.known_versions(self.context.registry.tags(name), None)
            return self.context.registry.archive(name, semver.baseline(tags)) if tags else None
        except RegistryError as error:
            self.unavailable = True
            reason = str(error.problems[0]).splitlines()[0]
            self.context.progress.say(f"not compared with what is published: {reason}")
            return None


def test(
    context: Context, builder: Builder, built: Mapping[ChartName, Built], names: Sequence[ChartName]
) -> tuple[Problem, ...]:
    """The contract of these charts, with every set of values and in every environment.

    Raises:
        ToolMissing: helm cannot be built.
    """
    renderer = context.renderer
    passed = cache.Cache(folder=builder.folder / "cache" / "contract")
    charts = [context.workspace.charts[name] for name in names if name in built]
    cases = [case for chart in charts for case in cases_of(builder, chart)]
    source = cache.source_digest()
    keys = [cache.key_of(source, renderer.key(case.request), *sealed_in(context, case)) for case in cases]
    pending = [(case, key) for case, key in zip(cases, keys, strict=True) if passed.get(key) is None]
    done = renderer.render_all([case.request for case, _ in pending])
    problems: list[Problem] = []
    for (case, key), made in zip(pending, done, strict=True):
        members = members_of(context.workspace, case)
        found = [
            problem for chart in charts_in(case, members, made.objects) for problem in policy.contract_problems(chart)
        ]
        found += secret_producers(context, case, members, made.objects)
        if case.chart.kind is ChartKind.UMBRELLA:
            found += sync_order.sync_order_problems(made.objects, case.chart.name, case.label)
            found += bounds.bounds_problems(made.objects, case.chart.name, case.label, value_paths(members))
        if made.error:
            found += problems_of(case, made.error, context.workspace)
        if not found:
            passed.put(key, "")
        problems += found
    problems += between_umbrellas(context, builder, charts, passed)
    return tuple(sorted(merged(sorted(set(problems)))))


def between_umbrellas(
    context: Context, builder: Builder, charts: Sequence[Chart], passed: cache.Cache
) -> Iterator[Problem]:
    """Network edges that only one side lists, and what two objects want for themselves, in each environment."""
    source = cache.source_digest()
    umbrellas = [chart for chart in charts if chart.kind is ChartKind.UMBRELLA]
    cases = [case for chart in umbrellas for case in cases_of(builder, chart)]
    for environment in context.workspace.environments if umbrellas else ():
        chosen = [case.request for case in cases if case.label == environment]
        key = cache.key_of(source, environment, *map(context.renderer.key, chosen))
        if passed.get(key) is not None:
            continue
        done = context.renderer.render_all(chosen)
        objects = [item for made in done for item in made.objects]
        found = [*network_edges.one_sided_edge_problems(objects, PART_OF, environment)]
        found += exclusive.exclusive_problems(objects, environment)
        if not found and not any(made.error for made in done):
            passed.put(key, "")
        yield from found


def sealed_in(context: Context, case: RenderCase) -> tuple[bytes, ...]:
    """The SealedSecrets of a render's environment; its result depends on them."""
    environment = context.workspace.environments.get(case.label)
    return tuple(file.text for file in environment.sealed) if environment is not None else ()


def members_of(workspace: Workspace, case: RenderCase) -> tuple[Effective, ...]:
    """What a render gives each member of an umbrella, or a service by itself."""
    above = [parsed(path.read_bytes(), path.name).mapping for path in case.request.values]
    if case.chart.kind is ChartKind.UMBRELLA:
        return members_with(workspace, case.chart, above)
    return (service_with(workspace, case.chart, above),)


def secret_producers(
    context: Context, case: RenderCase, members: Sequence[Effective], objects: Sequence[Object]
) -> Iterator[Problem]:
    """Problems of the producers of Secrets; only of umbrellas, since a producer may be another member."""
    if case.chart.kind is not ChartKind.UMBRELLA or case.label == ALL_OFF or not objects:
        return
    namespace = inventory.RenderedNamespace(
        name=case.request.namespace, objects=tuple(objects), declared=tuple(inventory.declared_secrets(members))
    )
    environment = context.workspace.environments.get(case.label)
    sealed = store.sealed_secrets(environment)[0] if environment is not None else {}
    yield from producers.producer_problems(namespace, sealed, case.label)
    yield from waiting.waiting_problems(namespace, case.label)


def value_paths(members: Iterable[Effective]) -> bounds.ValuePaths:
    """Where the values of an umbrella have each object."""
    return {
        titled: path
        for member in members
        for titled, path in declarations.value_paths(member.chart, member.key, member.values)
    }


def charts_in(case: RenderCase, members: Iterable[Effective], objects: Sequence[Object]) -> Iterator[ChartObjects]:
    """The charts of a render that the contract applies to: a service, or each member of an umbrella."""
    for member in members:
        inside = f"{case.chart.name}/charts/{member.key}/" if case.chart.kind is ChartKind.UMBRELLA else ""
        yield chart_objects(member, case, [item for item in objects if item.source.startswith(inside)])


def chart_objects(member: Effective, case: RenderCase, objects: Sequence[Object]) -> ChartObjects:
    """A chart's objects, with the secrets that its values declare and the exceptions of its annotations."""
    chart, key, values = member.chart, member.key, member.values
    known = {
        name: frozenset(map(str, keys if isinstance(keys := spec.get("keys"), list) else ()))
        for name, spec in declarations.secrets(chart, key, values)
    }
    known |= dict(declarations.backup_secrets(chart, key, values, declarations.repository(member.facts)))
    return ChartObjects(
        chart=chart.name,
        label=case.label,
        namespace=case.request.namespace,
        objects=tuple(objects),
        secrets=known,
        exceptions=policy.parse_exceptions(chart.metadata.get("annotations"), chart.prefix),
        prefix=chart.prefix,
        switched_off=frozenset(
            identifier
            for kind in ("controllers", "serviceAccount")
            for identifier, entry in dig(values, kind).items()
            if dig(entry).get("enabled") is False
        ).union(declarations.backup_containers(values)),
        default_values=case.label == DEFAULTS and case.chart is chart,
    )
