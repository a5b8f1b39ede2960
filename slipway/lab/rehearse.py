"""`rehearse`: what is published, then the working tree, then what was published again, on a cluster of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.cluster import rehearsal
from slipway.cluster.apply import DEFINITION
from slipway.cluster.rehearsal import Action, Outcome, PlatformState, UmbrellaState
from slipway.context import Context
from slipway.core.errors import Problem
from slipway.core.model import ChartName
from slipway.delivery import pinned as published
from slipway.gitops import pins
from slipway.lab import folder as folders
from slipway.lab import lab, provide
from slipway.lab.place import place_of
from slipway.lab.plan import Extent
from slipway.lint import kube_schemas
from slipway.release import diff, rehearsed
from slipway.tools.kubectl import Kubectl
from slipway.util import yaml
from slipway.util.terminal import Part, Text, table
from slipway.util.text import counted
from slipway.workspace.annotations import namespace_annotations, typed

HEAD = ("UMBRELLA", "OBJECT", "UPDATE", "AND BACK", "MESSAGE")
IMMUTABLE = ("immutable", "updates to statefulset spec", "may not change", "can be resized")
"""How the API server says that a field cannot change. Source: kubernetes pkg/apis/*/validation and pvc resize admission."""
NOTHING = "nothing"
REASONS = 3
"""Reasons or fields that a line of the table names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsedObject:
    """One object through the whole rehearsal."""

    umbrella: str
    object: str
    holds_data: bool
    update: Action
    back: Action | None
    """None when nothing was published, so that there is no way back."""
    reasons: tuple[str, ...]

    @property
    def rejected(self) -> bool:
        """Whether a step of it was refused."""
        return Action.REJECTED in {self.update, self.back}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What came of it."""

    environment: str
    labels: Mapping[str, str]
    """Umbrella → `pinned 1.0.0 → working tree 1.1.0`."""
    rows: tuple[RehearsedObject, ...]
    before: tuple[Outcome, ...]
    """Objects of what is published that the API server refuses already."""
    seconds: float

    @property
    def problems(self) -> tuple[Problem, ...]:
        """One for each object that was refused."""
        return tuple(problem(self.environment, row) for row in self.rows if row.rejected)


def rehearse(context: Context, environment: str, only: Sequence[ChartName], clock: Callable[[], float]) -> Rehearsal:
    """Apply the three states to a cluster of its own, which is gone afterwards.

    Args:
        context: the wiring of the checkout.
        environment: whose values and pins.
        only: umbrellas, or charts whose umbrellas are meant; all when empty.
        clock: seconds.

    Raises:
        BuildError: a chart cannot be built or rendered, a pinned one cannot be had, or the cluster does not start.
    """
    began = clock()
    pins.check_environment(context.config, environment)
    context.config.build.mkdir(parents=True, exist_ok=True)
    progress = context.progress
    with tempfile.TemporaryDirectory(prefix=".rehearse-", dir=context.config.build) as scratch:
        with progress.step("render") as done:
            past = pinned(context, environment, only, Path(scratch))
            tree = working(context, environment, only)
            done(f"{counted(count(past), 'object')} published, {count(tree)} in the working tree")
        with cluster(context, (past, tree)) as kubectl:
            provide.storage_of_scenes(kubectl, (past, tree))
            provide.secrets_of_scenes(kubectl, (past, tree))
            with progress.step("published") as done:
                before = rehearsal.apply_state(kubectl, {}, past)
                done(counted(count(past), "object"))
            with progress.step("update") as done:
                update = rehearsal.apply_state(kubectl, past, tree)
                done(tally(verdict.action for verdict in update))
            back: tuple[Outcome, ...] = ()
            if past:
                with progress.step("back") as done:
                    back = rehearsal.apply_state(kubectl, tree, past)
                    done(tally(verdict.action for verdict in back))
    rehearsal_done = Rehearsal(
        environment=environment,
        labels={name: transition(past.get(name), tree.get(name)) for name in sorted({*past, *tree})},
        rows=rows(update, back),
        before=tuple(verdict for verdict in before if verdict.action is Action.REJECTED),
        seconds=clock() - began,
    )
    rejected = {row.umbrella for row in rehearsal_done.rows if row.rejected}
    rehearsed.remember(context, environment, [ChartName(name) for name in tree if name not in rejected])
    return rehearsal_done


def pinned(context: Context, environment: str, only: Sequence[ChartName], scratch: Path) -> PlatformState:
    """What an environment is pinned to; a pin whose umbrella is no longer there is part of it too.

    Raises:
        RegistryError: a pinned archive cannot be had.
    """
    found = {}
    meant = context.umbrellas_of(only)
    for name, held in pins.current_pins(context.config, environment).items():
        if not only or name in meant:
            text = published.content_of(context, held, scratch, "Chart.yaml") or b""
            found[str(name)] = UmbrellaState(
                label=published.label(held),
                objects=published.objects(context, held, environment, scratch),
                pod_security=typed(
                    yaml.parse(text, f"{name} {held.version}").mapping, context.config.annotation_prefix
                ).pod_security,
            )
    return found


def working(context: Context, environment: str, only: Sequence[ChartName]) -> PlatformState:
    """What the files render.

    Raises:
        ProblemsFound: a chart cannot be built.
        ToolFailed: it cannot be rendered.
    """
    return {
        str(name): UmbrellaState(
            label=f"working tree {context.workspace.charts[name].version}",
            objects=diff.objects_of(context, name, environment),
            pod_security=namespace_annotations(context.workspace.charts[name]).pod_security,
        )
        for name in context.umbrellas_of(only)
    }


@contextmanager
def cluster(context: Context, scenes: Iterable[PlatformState]) -> Iterator[Kubectl]:
    """A control plane of its own, with the definitions that the scenes use and do not bring.

    Raises:
        ToolFailed: it does not start.
    """
    place = place_of(context.config.root, f"rehearsal-{os.getpid()}")
    # Outside of the step: the first start of all builds its programs, and tells of that itself.
    lab.start(
        context, place, attached=True, extent=Extent.CLUSTER, definitions=definitions(context.config.root, scenes)
    )
    try:
        with context.progress.step("control plane") as done:
            found = lab.wait_ready(place)
            done(f"{len(found.parts)} components")
        yield context.kubectl(place.kubeconfig)
    finally:
        lab.stop(place)


def definitions(root: Path, scenes: Iterable[PlatformState]) -> tuple[Path, ...]:
    """The files with definitions of a group that some scene uses without bringing them."""
    needed: set[str] = set()
    for scene in scenes:
        objects = [item for part in scene.values() for item in part.objects]
        brought = {str(item.at("spec", "group")) for item in objects if item.kind == DEFINITION}
        needed |= {item.group for item in objects} - brought
    return tuple(
        path
        for path in kube_schemas.definition_files(root)
        if needed & set(folders.GROUP.findall(path.read_text(encoding="utf-8")))
    )


def count(scene: PlatformState) -> int:
    """Its objects."""
    return sum(len(part.objects) for part in scene.values())


def transition(past: UmbrellaState | None, tree: UmbrellaState | None) -> str:
    """From what to what."""
    return f"{past.label if past else NOTHING} → {tree.label if tree else NOTHING}"


def tally(actions: Iterable[Action]) -> str:
    """`2 restarted, 70 unchanged`, the worst first."""
    listed = list(actions)
    return ", ".join(f"{listed.count(action)} {action}" for action in Action if action in listed) or "no objects"


def rows(update: Sequence[Outcome], back: Sequence[Outcome]) -> tuple[RehearsedObject, ...]:
    """Both ways of each object side by side: what holds data first, then the worst; `back` is empty when there is no way back."""
    returned = {(verdict.umbrella, verdict.object): verdict for verdict in back}
    made = []
    for verdict in update:
        other = returned.get((verdict.umbrella, verdict.object))
        reasons = verdict.details
        if other is not None and other.action is Action.REJECTED:
            reasons = (*reasons, *(f"back: {line}" for line in other.details))
        made.append(
            RehearsedObject(
                umbrella=verdict.umbrella,
                object=verdict.object,
                holds_data=verdict.holds_data,
                update=verdict.action,
                back=other.action if other is not None else None,
                reasons=reasons,
            )
        )
    return tuple(sorted(made, key=lambda row: row.update is Action.UNCHANGED and not row.rejected))


def problem(environment: str, row: RehearsedObject) -> Problem:
    """A row that was refused."""
    way = "the update" if row.update is Action.REJECTED else "the way back"
    fixed = any(word in line for line in row.reasons for word in IMMUTABLE)
    return Problem(
        where=f"{row.umbrella} in {environment}, {row.object}",
        fact=f"{way} is rejected",
        evidence=row.reasons,
        hint="this cannot change in place: keep the published value, or give the object another name" if fixed else "",
    )


def text(done: Rehearsal) -> Text:
    """For a person."""
    lines: list[Part] = [f"{name} in {done.environment}: {label}" for name, label in done.labels.items()]
    fresh = {name for name, label in done.labels.items() if label.startswith(NOTHING)}
    shown = [row for row in done.rows if row.rejected or not dull(row, fresh)]
    lines += [f"{name}: {sum(row.umbrella == name for row in done.rows)} objects, all new" for name in sorted(fresh)]
    if shown:
        lines += ["", table(HEAD, (cells(row) for row in shown)), ""]
    lines += [
        f"published already: {verdict.object} is rejected: {' '.join(verdict.details)}" for verdict in done.before
    ]
    lines.append(f"update: {tally(row.update for row in done.rows)}")
    if backs := [row.back for row in done.rows if row.back is not None]:
        lines.append(f"and back: {tally(backs)}")
    lines.append(f"rehearsed in {done.seconds:.0f} s")
    return lines


def dull(row: RehearsedObject, fresh: Collection[str]) -> bool:
    """Whether a row says nothing by itself: no change, or one of the many objects of a new umbrella."""
    return row.update is Action.UNCHANGED or (row.umbrella in fresh and row.update is Action.ADDED)


def cells(row: RehearsedObject) -> tuple[str, ...]:
    """A line of the table."""
    data = " (data)" if row.holds_data else ""
    more = f" and {len(row.reasons) - REASONS} more" if len(row.reasons) > REASONS else ""
    reasons = "" if row.rejected else ", ".join(row.reasons[:REASONS]) + more
    return (row.umbrella, row.object + data, str(row.update), str(row.back or "-"), reasons)
