"""What the tasks do, one function a verb: wiring and output, no logic of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from slipway.cli import report
from slipway.cli.run import chosen, one_of, show
from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound, ToolFailed, WorkspaceError
from slipway.release import release as releasing
from slipway.release.survey import plan_of, survey
from slipway.util.text import counted, table

if TYPE_CHECKING:
    from slipway.tools.kubectl import Kubectl
    from slipway.versioning.version import Bump


def release(context: Context, env: str, only: str, bump: str, *, dry_run: bool, as_json: bool) -> None:
    """`release`: raise versions if asked to, then converge.

    Raises:
        BuildError: see `release.release`.
    """
    environment, names = chosen(context, env), context.names(only)
    if bump:
        raised = raise_versions(context, only, bump, "", dry_run=dry_run)
        if not as_json:
            print(report.bumps(raised), flush=True)
        context = context.reload()
    if dry_run:
        show(survey(context, environment, names), report.plan, as_json)
        return
    # What was raised reaches its umbrellas, so a release of some charts that raises them releases these as well.
    above = tuple(name for chart in names for name in context.umbrella_of(chart)) if bump else ()
    done = releasing.release(context, environment=environment, only=tuple(dict.fromkeys((*names, *above))))
    show(done, lambda value: report.outcome(value, context.config.registry.base), as_json)
    if not as_json and not done.nothing:
        print(report.next_steps(context.config, environment))


def raise_versions(context: Context, only: str, level: str, note: str, *, dry_run: bool) -> tuple[Bump, ...]:
    """Raise what changed; returns what was, or would be, raised.

    Raises:
        BuildError: see `bump.bumps_of`.
    """
    from slipway.versioning import bump

    with context.progress.step("compare") as done:
        bumps = bump.bumps_of(context, context.names(only), level, note)
        done(f"{counted(len(bumps), 'chart')} to raise")
    if not dry_run:
        bump.apply(context, bumps)
    return bumps


def version(context: Context, only: str, level: str, note: str, *, dry_run: bool, as_json: bool) -> None:
    """`version`: raise what changed and its dependents.

    Raises:
        BuildError: see `bump.bumps_of`.
    """
    show(raise_versions(context, only, level, note, dry_run=dry_run), report.bumps, as_json)


def lint(context: Context, only: str, *, as_json: bool) -> None:
    """`lint`: every check over every chart, or over the named ones and what they vendor.

    Raises:
        ProblemsFound: everything that was found.
    """
    from slipway.docs import check_readmes
    from slipway.release import checks
    from slipway.workspace import graph

    names = graph.closure(context.workspace, list(context.names(only))) if only else graph.order(context.workspace)
    # Documentation never stops a release, so its state is checked here only.
    problems = tuple(sorted({*checks.everything(context, names), *check_readmes(context.workspace)}))
    if problems:
        raise ProblemsFound(problems)
    show({"charts": list(names), "problems": []}, lambda _: f"{counted(len(names), 'chart')}, no problems", as_json)


def package(context: Context, only: str, *, as_json: bool) -> None:
    """`package`: archives under build/packages.

    Raises:
        ProblemsFound: a chart could not be packed.
    """
    from slipway.registry.publish import manifest_of
    from slipway.workspace import graph

    context.require_sound()
    names = context.names(only) or graph.order(context.workspace)
    with context.progress.step("package") as done:
        built, problems = context.builder().build(names)
        done(counted(len(built), "chart"))
    if problems:
        raise ProblemsFound(problems)
    rows = [
        {
            "chart": str(name),
            "version": built[name].archive.version,
            "manifest": str(manifest_of(built[name].archive)[1]),
            "archive": built[name].archive.path.relative_to(context.config.root).as_posix(),
        }
        for name in names
    ]
    head = ("CHART", "VERSION", "MANIFEST", "ARCHIVE")
    show(rows, lambda items: table(head, (tuple(item.values()) for item in items)), as_json)


def publish(context: Context, only: str, *, dry_run: bool, as_json: bool) -> None:
    """`publish`: what is not in the registry, without touching pins.

    Raises:
        BuildError: see `release.publish_only`.
    """
    names = context.names(only)
    if dry_run:
        show(plan_of(context, names), report.plan, as_json)
        return
    done = releasing.publish_only(context, names)
    show(done, lambda items: report.published(items, context.config.registry.base), as_json)


def pin(context: Context, env: str, only: str, *, dry_run: bool, as_json: bool) -> None:
    """`pin`: the first environment follows the registry, a later one the environment before it.

    Raises:
        WorkspaceError: nothing to promote, or an unknown environment.
        RegistryError: what would be pinned is not in the registry.
    """
    environment = chosen(context, env)
    reasons = releasing.pin_environment(context, environment, context.names(only), dry_run=dry_run)
    told = {"environment": environment, "reasons": list(reasons), "written": bool(reasons) and not dry_run}
    verb = "would write" if dry_run else "wrote"
    text = f"{verb} deploy/{environment}: {'; '.join(reasons)}" if reasons else f"deploy/{environment} is right already"
    show(told, lambda _: text, as_json)


def bootstrap(context: Context, env: str, kubeconfig: str, *, dry_run: bool, as_json: bool) -> None:
    """`bootstrap`: Argo CD in a bare cluster.

    Raises:
        BuildError: see `bootstrap_cluster.bootstrap`.
    """
    from slipway.delivery import bootstrap as installing
    from slipway.delivery.prepare import kubeconfig_of

    kubectl = context.kubectl(kubeconfig_of(context.environ, kubeconfig))
    show(installing.bootstrap(context, chosen(context, env), kubectl, dry_run=dry_run), installing.text, as_json)


def diff(context: Context, env: str, only: str, base: str, server: str, *, as_json: bool) -> None:
    """`diff`: how the rendered objects change, and what an API server makes of it.

    Raises:
        ProblemsFound: the API server rejects an object.
        BuildError: see `compare.differences`.
    """
    from slipway.gitops import pins
    from slipway.release import diff as compare

    # A cluster runs one environment.
    environments = (chosen(context, env),) if env or server else context.config.environments
    for environment in environments:
        pins.check_environment(context.config, environment)
    kubectl = cluster_of(context, server) if server else None
    found = list(compare.differences(context, environments, context.names(only), base, kubectl))
    show(found, report.differences, as_json)
    rejected = [
        Problem(
            where=f"{item.umbrella} in {item.environment}, {name}", fact="the API server rejects it", evidence=(said,)
        )
        for item in found
        for name, said in (item.server.rejected.items() if item.server else ())
    ]
    if rejected:
        raise ProblemsFound(rejected)


def cluster_of(context: Context, server: str) -> Kubectl:
    """The cluster of a `--server` flag: the lab, or that of a kubeconfig file.

    Raises:
        WorkspaceError: the lab does not run, or there is no such file.
    """
    from slipway.lab.place import place_of

    lab = server == "lab"
    place = place_of(context.config.root)
    kubeconfig = place.kubeconfig if lab else Path(server).expanduser()
    if (lab and place.running() is None) or not kubeconfig.is_file():
        fact = "the lab does not run" if lab else f"there is no file {server}"
        raise WorkspaceError(Problem(where="--server", fact=fact, hint="./inv lab up" if lab else "--server lab"))
    return context.kubectl(kubeconfig)


def rehearse(context: Context, env: str, only: str, *, as_json: bool) -> None:
    """`rehearse`: what an update does to each object on a real API server, and the way back.

    Raises:
        ProblemsFound: the API server rejects an object.
        BuildError: see `lab.rehearse.rehearse`.
    """
    import time

    from slipway.lab import rehearse as trial

    done = trial.rehearse(context, chosen(context, env), context.names(only), time.monotonic)
    show(done, trial.text, as_json)
    if done.problems:
        raise ProblemsFound(done.problems)


def registry(context: Context, action: str, *, as_json: bool) -> None:
    """`registry start|stop|status|list`.

    Raises:
        WorkspaceError: an unknown action.
        RegistryError: it cannot be started or reached, or is not ours.
    """
    from slipway.cli import registry as registry_verbs

    show(
        registry_verbs.perform(context, one_of("registry", action, registry_verbs.ACTIONS)),
        registry_verbs.text,
        as_json,
    )


def new(context: Context, facts: dict[str, str]) -> None:
    """`new`: a chart, registered in its umbrella, with its README and its golden files.

    Raises:
        WorkspaceError: a fact is missing or wrong; nothing was written.
        ToolFailed: the new chart does not render.
    """
    from datetime import UTC, datetime

    from slipway import docs as writing
    from slipway.cli import tiers
    from slipway.scaffold import chart as scaffold

    born = scaffold.create(
        context.workspace, scaffold.facts_of(context.workspace, **facts), datetime.now(tz=UTC).date()
    )
    changed = context.reload()
    paths = (*born.paths, *writing.generate(changed))
    if (context.config.root / "tests" / "umbrella").is_dir():
        tiers.refresh_goldens(changed)
        paths = (*paths, "tests/umbrella/golden/")
    print(report.born(paths, born.warnings, born.next_steps))


def doctor(context: Context, *, as_json: bool) -> None:
    """`doctor`: what is there, what is missing, and the command that mends it."""
    from slipway.cli import upkeep
    from slipway.toolchain import doctor as examining

    show(upkeep.examine(context), examining.text, as_json)


def docs(context: Context, action: str) -> None:
    """`docs build|serve|generate|examples`.

    Raises:
        WorkspaceError: an unknown action.
        BuildError: the site cannot be built.
    """
    from slipway import docs as writing

    action = one_of("docs", action, ("build", "serve", "generate", "examples"))
    if action == "generate":
        changed = writing.generate(context)
        print("\n".join(changed) if changed else "every README is as it should be")
    elif action == "examples":
        print(writing.list_examples(context))
    elif action == "serve":
        writing.serve(context)
    else:
        writing.build(context)


def test(context: Context, tier: str, chosen_tests: str, *, update: bool) -> None:
    """`test`: the tiers, fast ones first.

    Raises:
        BuildError: a tool is missing, or a tier failed.
    """
    from slipway.cli import tiers

    code = tiers.run_tiers(context, tier, chosen_tests, update=update)
    if code:
        raise ToolFailed(Problem(where="pytest", fact=f"ended with exit code {code}", hint="the failures stand above"))


def bench(context: Context, *, quick: bool, as_json: bool) -> None:
    """`bench`: the release against the loop."""
    from testing import bench as benchmark

    tools = context.toolbox.ensure(("helm", "ct", "kubeconform", "registry"))
    runner = benchmark.Bench(run=context.run, tools=tools, progress=context.progress, repeats=3 if quick else 5)
    sizes = (10,) if quick else (10, 35, 100, 300)
    show(list(runner.all(sizes, loops=sizes[:3])), benchmark.text, as_json)


def lock(context: Context, *, upgrade: bool) -> None:
    """`lock`: resolve the Python dependencies again.

    Raises:
        BuildError: the resolver fails.
    """
    from slipway.cli import upkeep

    print("\n".join(upkeep.lock(context, upgrade=upgrade)) or "every lock is as it should be")


def crds(context: Context, *, check: bool) -> None:
    """`crds`: generate the definitions, or compare them.

    Raises:
        ProblemsFound: with `check`, when a committed definition differs.
    """
    from slipway.cli import upkeep

    print("\n".join(upkeep.crds(context, check=check)) or "every definition is as its Go module says")
