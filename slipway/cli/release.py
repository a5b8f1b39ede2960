"""`release`: publish and pin what changed, after raising versions when asked to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from slipway.cli import arguments, report
from slipway.cli.ending import Result
from slipway.config import Config
from slipway.context import Context
from slipway.core.errors import BuildError
from slipway.core.model import ChartKind, ChartName
from slipway.release import release as releases
from slipway.release.dangers.kinds import accepted_names
from slipway.release.release import Outcome
from slipway.release.survey import survey
from slipway.util.terminal import Part, table
from slipway.util.text import being, counted, plain


def release(
    context: Context,
    env: str,
    only: str,
    bump: str,
    *,
    accept: str,
    dry_run: bool,
    say: Callable[[str], None] = print,
) -> Result:
    """Release, or show what a release would do.

    Args:
        context: the wiring.
        env: the environment to pin; the first when empty.
        only: charts, separated by commas; all when empty.
        bump: raise versions first, by at least this level.
        accept: dangers that are accepted, separated by commas.
        dry_run: change nothing.
        say: prints the raised versions before the release begins.

    Raises:
        BuildError: see `release.release`.
    """
    environment, names = arguments.pinned_environment(context, env), arguments.charts(context, only)
    accepted = accepted_names(accept)
    bumps: Sequence[object] = ()
    if arguments.level("--bump", bump):
        from slipway.versioning import bump as versions

        raised = versions.raise_versions(context, names, bump, "", dry_run=dry_run)
        say(report.bumps(raised))
        context, bumps = versions.with_bumps(context, raised), raised
    # A raised chart raises its umbrellas, so they are part of the release.
    above = tuple(name for chart in names for name in context.umbrella_of(chart)) if bump else ()
    wanted = tuple(dict.fromkeys((*names, *above)))
    try:
        return (
            planned(context, environment, wanted, bumps)
            if dry_run
            else released(context, environment, wanted, bumps, accepted)
        )
    except BuildError as error:
        # The versions are raised in the files, whatever became of the release.
        return Result(value={"bumps": bumps}, text="", error=error)


def planned(context: Context, environment: str, names: tuple[ChartName, ...], bumps: Sequence[object]) -> Result:
    """What the release would do."""
    made = survey(context, environment, names)
    error = report.broken(context.workspace, made)
    return Result(value=joined(bumps, made), text=report.plan(made), error=error)


def released(
    context: Context,
    environment: str,
    names: tuple[ChartName, ...],
    bumps: Sequence[object],
    accepted: Collection[str],
) -> Result:
    """What the release did."""
    done = releases.release(context, environment=environment, only=names, accepted=accepted)
    text = outcome(done, context.config.registry.base)
    if not done.published and not done.pinned:
        return Result(value=joined(bumps, done), text=text)
    charts = context.workspace.charts
    umbrellas = [one.name for one in done.published if charts[one.name].kind is ChartKind.UMBRELLA]
    missing = unsealed(context, environment, umbrellas)
    return Result(value=joined(bumps, done), text=(*text, *missing, *next_steps(context.config, environment)))


def unsealed(context: Context, environment: str, umbrellas: Sequence[ChartName] = ()) -> tuple[str, ...]:
    """A line when pods of the release will wait for secrets.

    Args:
        context: the wiring.
        environment: whose secrets.
        umbrellas: those of the release; all of them when empty.
    """
    from slipway.release.secrets import listing

    if not environment:
        return ()
    count = len(listing(context, environment, umbrellas).missing)
    if not count:
        return ()
    some = 0 < len(umbrellas) < len(context.workspace.umbrellas)
    whose = f" of {', '.join(umbrellas)}" if some else ""
    fact = f"{counted(count, 'required secret')}{whose} {being(count)} not sealed in {environment}, and pods wait for {'it' if count == 1 else 'them'}"
    return (f"Missing: {fact}: ./inv secrets --env {environment}",)


def joined(bumps: Sequence[object], value: object) -> dict[str, object]:
    """The raised versions, beside the fields of a value."""
    fields = plain(value)
    assert isinstance(fields, Mapping)
    return {"bumps": bumps, **fields}


def outcome(done: Outcome, base: str) -> tuple[Part, ...]:
    """The published charts and the pins."""
    if done.unchanged:
        pins = f" and deploy/{done.environment} is up to date" if done.environment else " with this content"
        return (f"Nothing to do: {counted(done.kept, 'chart')} {being(done.kept)} published{pins}.",)
    lines: list[Part] = []
    if done.published:
        lines += report.published(done.published, base)
    if done.kept and done.published:
        lines.append(
            f"Kept: {counted(done.kept, 'chart')} that {'was' if done.kept == 1 else 'were'} published with this content."
        )
    if done.signed:
        lines.append(f"Signed: {counted(len(done.signed), 'chart')}.")
    lines += [f"Recorded: {path} names the accepted dangers." for path in done.recorded]
    if done.pinned:
        lines.append(f"Pinned: deploy/{done.environment} ({'; '.join(done.pinned)})")
    return tuple(lines)


def next_steps(config: Config, environment: str) -> tuple[Part, ...]:
    """The commands that follow a release."""
    steps = [("./inv status", "what is here, published and pinned" if environment else "what is here and published")]
    if environment:
        steps.append((f"git add deploy/{environment}", "commit and push it: Argo CD follows the commit"))
    steps += [
        (f"./inv promote --env {later}", "ask this environment, and promote these pins")
        for later in config.environments[1:]
    ]
    if config.registry.embedded:
        steps.append(("./inv registry stop", "the embedded registry runs on; its charts stay in .registry/"))
    if environment and not config.has_repository:
        steps.append(("edit pyproject.toml", "set repository-url to your fork before Argo CD reads deploy/"))
    return ("Next:", table((), ((f"    {command}", why) for command, why in steps)))
