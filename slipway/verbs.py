"""What the tasks do, one function a verb: wiring and output, no logic of its own."""

from __future__ import annotations

from slipway import pin as pins
from slipway import release as releasing
from slipway import report
from slipway.cli import chosen, show
from slipway.errors import Problem, ProblemsFound, WorkspaceError
from slipway.model import ChartName
from slipway.plan import Action
from slipway.yard import Yard


def release(yard: Yard, env: str, only: str, bump: str, *, dry_run: bool, as_json: bool) -> None:
    """`release`: raise versions if asked to, then converge.

    Raises:
        BuildError: see `release.release`.
    """
    environment = chosen(yard, env)
    if bump:
        yard = raise_versions(yard, only, bump, "", dry_run=dry_run, as_json=as_json)
    if dry_run:
        show(releasing.survey(yard, environment, yard.names(only)), report.plan, as_json)
        return
    done = releasing.release(yard, environment=environment, only=yard.names(only))
    show(done, lambda value: report.outcome(value, yard.config.registry.base), as_json)
    if not as_json and not done.nothing:
        print(report.next_steps(yard.config, environment))


def raise_versions(yard: Yard, only: str, level: str, note: str, *, dry_run: bool, as_json: bool) -> Yard:
    """Raise what changed, and read the workspace again.

    Raises:
        ProblemsFound: the level is below what the change needs.
    """
    from slipway import bump

    bumps = bump.bumps_of(yard, yard.names(only), level)
    if not dry_run:
        bump.apply(yard, bumps, note)
    show(bumps, report.bumps, as_json) if not as_json or dry_run else None
    return yard.reload()


def version(yard: Yard, only: str, level: str, note: str, *, dry_run: bool, as_json: bool) -> None:
    """`version`: raise what changed and its dependents.

    Raises:
        ProblemsFound: the level is below what the change needs.
    """
    from slipway import bump

    bumps = bump.bumps_of(yard, yard.names(only), level)
    if not dry_run:
        bump.apply(yard, bumps, note)
    show(bumps, report.bumps, as_json)


def lint(yard: Yard, only: str, *, as_json: bool) -> None:
    """`lint`: every check over every chart, or over the named ones.

    Raises:
        ProblemsFound: everything that was found.
    """
    from slipway import checks, graph

    names = graph.closure(yard.workspace, list(yard.names(only))) if only else graph.order(yard.workspace)
    builder = yard.builder()
    with yard.progress.step("package") as done:
        built, problems = builder.build(names)
        done(f"{len(built)} charts")
    with yard.progress.step("lint") as done:
        problems += checks.lint(yard, builder, built, names)
        done(f"{len(names)} charts")
    with yard.progress.step("test") as done:
        problems += checks.test(yard, builder, built, names)
        done("the contract of every chart")
    if problems:
        raise ProblemsFound(sorted(set(problems)))
    show({"charts": list(names), "problems": []}, lambda _: f"{len(names)} charts, no problems", as_json)


def package(yard: Yard, only: str, *, as_json: bool) -> None:
    """`package`: archives under build/packages.

    Raises:
        ProblemsFound: a chart could not be packed.
    """
    from slipway import graph
    from slipway.publish import manifest_of

    yard.require_sound()
    names = yard.names(only) or graph.order(yard.workspace)
    with yard.progress.step("package") as done:
        built, problems = yard.builder().build(names)
        done(f"{len(built)} charts")
    if problems:
        raise ProblemsFound(problems)
    rows = [
        {
            "chart": name,
            "version": built[name].archive.version,
            "manifest": manifest_of(built[name].archive)[1],
            "archive": built[name].archive.path.relative_to(yard.config.root).as_posix(),
        }
        for name in names
    ]
    show(
        rows,
        lambda items: report.table(("CHART", "VERSION", "MANIFEST", "ARCHIVE"), (i.values() for i in items)),
        as_json,
    )


def publish(yard: Yard, only: str, *, dry_run: bool, as_json: bool) -> None:
    """`publish`: what is not in the registry, without touching pins.

    Raises:
        BuildError: see `release.publish_only`.
    """
    names = yard.names(only)
    if dry_run:
        show(yard.plan(names), report.plan, as_json)
        return
    done = releasing.publish_only(yard, names)
    show(done, lambda items: report.published(items, yard.config.registry.base), as_json)


def pin(yard: Yard, env: str, only: str, *, dry_run: bool, as_json: bool) -> None:
    """`pin`: the first environment follows the registry, a later one the environment before it.

    Raises:
        WorkspaceError: nothing to promote, or an unknown environment.
        RegistryError: what would be pinned is not in the registry.
    """
    environment = chosen(yard, env)
    reasons = releasing.pin_environment(yard, environment, yard.names(only), dry_run=dry_run)
    told = {"environment": environment, "reasons": list(reasons), "written": bool(reasons) and not dry_run}
    verb = "would write" if dry_run else "wrote"
    text = f"{verb} deploy/{environment}: {'; '.join(reasons)}" if reasons else f"deploy/{environment} is right already"
    show(told, lambda _: text, as_json)


def diff(yard: Yard, env: str, only: str, base: str, *, as_json: bool) -> None:
    """`diff`: how the rendered objects change.

    Raises:
        BuildError: something could not be fetched or rendered.
    """
    from slipway import compare

    environments = (env,) if env else yard.config.environments
    for environment in environments:
        pins.check_environment(yard.config, environment)
    changes = [
        compare.umbrella_changes(yard, name, base) for name in compare.targets(yard, environments, yard.names(only))
    ]
    show(changes, report.changes, as_json)


def registry(yard: Yard, action: str, *, as_json: bool) -> None:
    """`registry start|stop|status|list`.

    Raises:
        WorkspaceError: an unknown action, or start and stop of a registry that is not ours.
        RegistryError: it cannot be started or reached.
    """
    from slipway import registry_verbs

    show(registry_verbs.perform(yard, action), registry_verbs.text, as_json)


def new(
    yard: Yard, service: str, umbrella: str, image: str, port: str, health: str, data: str, app_version: str
) -> None:
    """`new`: a chart, registered in its umbrella.

    Raises:
        WorkspaceError: a fact is missing or wrong; nothing was written.
    """
    from slipway import scaffold

    raise NotImplementedError(scaffold, service, umbrella, image, port, health, data, app_version)


def one_of(where: str, value: str, known: tuple[str, ...]) -> str:
    """A word of a closed list.

    Raises:
        WorkspaceError: it is another word.
    """
    import difflib

    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"use {', '.join(known)}"
        raise WorkspaceError(Problem(where=where, fact=f"there is no {value!r}", hint=hint))
    return value


__all__ = ["Action", "ChartName"]
