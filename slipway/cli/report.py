"""What each task says when it is done, as text. It decides nothing and reads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from slipway.config import Config
from slipway.core.model import Published
from slipway.release.explain import Explanation
from slipway.release.plan import Action, Plan, Step
from slipway.release.release import Outcome
from slipway.release.status import Row
from slipway.util.text import being, counted, table

if TYPE_CHECKING:
    from slipway.build.render import Change
    from slipway.release.diff import Difference
    from slipway.versioning.version import Bump

MARK = {Action.PUBLISH: "+", Action.KEEP: "✔", Action.CONFLICT: "✘"}
"""A sign beside the word, never instead of it."""


def plan(made: Plan) -> str:
    """The plan, a line for each chart that moves, then the pins."""
    moving = [step for step in made.steps if step.action is not Action.KEEP]
    lines = []
    if moving:
        lines.append(
            table(
                ("", "CHART", "VERSION", "ACTION", "REASON"),
                ((MARK[step.action], step.chart, step.version, str(step.action), reason(step)) for step in moving),
            )
        )
    kept = len(made.steps) - len(moving)
    lines.append(f"{kept} of {counted(len(made.steps), 'chart')} {being(kept)} published with this content.")
    for pins in made.pins:
        what = "; ".join(pins.reasons) if pins.reasons else "as the release would write it"
        lines.append(f"deploy/{pins.environment}: {what}")
    return "\n".join(lines)


def reason(step: Step) -> str:
    """A step's reason with what moved below it."""
    return f"{step.reason}; with {', '.join(step.because)}" if step.because else step.reason


def status(rows: Sequence[Row]) -> str:
    """The table of local, published and pinned versions."""
    environments = list(rows[0].pins) if rows else []

    def pinned(row: Row, environment: str) -> str:
        if not row.pins[environment]:
            return "-"
        return row.pins[environment] + (" ✔" if row.current[environment] else " (older)")

    return table(
        ("CHART", "KIND", "LOCAL", "REGISTRY", *(name.upper() for name in environments)),
        (
            (row.chart, str(row.kind), row.local, row.registry, *(pinned(row, name) for name in environments))
            for row in rows
        ),
    )


def explanation(told: Explanation) -> str:
    """Why a chart is in the plan."""
    lines = [f"{told.chart} {told.step.version}: {told.step.action}, {told.step.reason}"]
    if any(len(chain) > 1 for chain in told.chains):
        lines.append("chain:")
        lines += ["    " + " → ".join(f"{s.chart} {s.version} ({s.action})" for s in chain) for chain in told.chains]
    if told.changes:
        lines.append(f"differs from the published {told.against} in:")
        lines += [f"    {change}" for change in told.changes]
    elif told.step.action is Action.PUBLISH and not told.against:
        lines.append("no version of it was ever published")
    lines.append(f"vendored by: {', '.join(told.dependents) or 'nothing'}")
    return "\n".join(lines)


def outcome(done: Outcome, base: str) -> str:
    """What a release did."""
    if done.nothing:
        return f"Nothing to do: {counted(done.kept, 'chart')} {being(done.kept)} published and deploy/{done.environment} is right."
    lines = []
    if done.published:
        lines.append(f"Published to {base}:")
        rows = ((f"  {item.name}", item.version, item.manifest) for item in done.published)
        lines.append(table(("  CHART", "VERSION", "MANIFEST"), rows))
    if done.kept and done.published:
        lines.append(
            f"Kept: {counted(done.kept, 'chart')} that {'was' if done.kept == 1 else 'were'} published with this content."
        )
    if done.pinned:
        lines.append(f"Pinned: deploy/{done.environment} ({'; '.join(done.pinned)})")
    return "\n".join(lines)


def published(items: Sequence[Published], base: str) -> str:
    """What was published."""
    if not items:
        return f"Nothing to do: everything is published in {base}."
    rows = ((f"  {item.name}", item.version, item.manifest) for item in items)
    return f"Published to {base}:\n" + table(("  CHART", "VERSION", "MANIFEST"), rows)


def bumps(made: Sequence[Bump]) -> str:
    """Raised versions, each with the evidence for it."""
    if not made:
        return "No version needs raising: everything is published with its content, or was never published."
    lines = []
    for bump in made:
        change = f"{bump.before} → {bump.after}" if bump.raised else f"{bump.after}, brought up to date"
        lines.append(f"{bump.chart} {change} ({bump.level})")
        lines += [f"    {item.level}: {item.description}" for item in bump.evidence]
        lines += [f"    wants {name} {version}" for name, version in sorted(bump.dependencies.items())]
    return "\n".join(lines)


def differences(found: Sequence[Difference]) -> str:
    """Changed objects, umbrella by umbrella, with what would be lost first."""
    lines: list[str] = []
    for item in found:
        lines.append(f"{item.umbrella} in {item.environment}: {item.old or 'nothing'} → {item.new}")
        lines += [f"    DANGER: {name} is removed, and it holds data" for name in item.dangers]
        lines += changes(item.changes) or ["    no object changes"]
        if item.server is not None:
            lines.append(f"{item.umbrella} in {item.environment}, on the server: live → dry run")
            if item.server.missing_namespace:
                lines.append(f"    there is no namespace {item.umbrella}: every object is new")
            else:
                lines += [f"    rejected: {name}: {said}" for name, said in item.server.rejected.items()]
                lines += changes(item.server.changes) or ["    no object changes"]
    return "\n".join(lines)


def changes(found: Sequence[Change]) -> list[str]:
    """A line for each object, and what changed in it."""
    lines = []
    for change in found:
        lines.append(f"    {change.kind}: {change.object}")
        if change.kind == "changed":
            lines += [f"        {line}" for line in change.text.splitlines()[2:]]
    return lines


def born(paths: Sequence[str], warnings: Sequence[str], steps: Sequence[str]) -> str:
    """What `new` wrote, and what to do next."""
    lines = [f"wrote {path}" for path in paths]
    lines += [f"note: {warning}" for warning in warnings]
    return "\n".join([*lines, "Next:", *(f"    {step}" for step in steps)])


def next_steps(config: Config, environment: str) -> str:
    """What to do after a release."""
    steps = [
        ("./inv status", "what is here, published and pinned"),
        (f"git add deploy/{environment}", "commit and push it: Argo CD follows the commit"),
        *((f"./inv pin --env {later}", "promote these pins") for later in config.environments[1:]),
    ]
    if config.registry.embedded:
        steps.append(("./inv registry stop", "the embedded registry runs on; its charts stay in .registry/"))
    if "example." in config.repository_url or not config.repository_url:
        steps.append(("edit pyproject.toml", "set repository-url to your fork before Argo CD reads deploy/"))
    width = max(len(command) for command, _ in steps)
    return "\n".join(["Next:", *(f"    {command.ljust(width)}  {why}" for command, why in steps)])
