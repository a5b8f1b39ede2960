"""Start a lab, publish the working tree to it, and wait until every Application is Synced and Healthy."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from slipway.cluster import applications
from slipway.cluster.application_table import live
from slipway.context import Context
from slipway.core.errors import ToolFailed
from slipway.lab import lab, provide, status
from slipway.lab.lab import Lab
from slipway.lab.place import Place
from slipway.lab.real import join
from slipway.util import filelock
from slipway.util.progress import Progress
from slipway.util.text import being, counted

HEALTHY_S = 600.0
"""How long the Applications may take until they are Synced and Healthy."""
NODE_HEALTHY_S = 1200.0
"""The same with a real node: programs start, webhooks refuse until they run, and a certificate waits for two DNS challenges
of more than a minute each."""


def up(
    context: Context,
    place: Place,
    environment: str,
    real: Sequence[str] = (),
    *,
    node: bool = False,
    secrets: bool = True,
) -> Mapping[str, object]:
    """Start the lab unless it runs, publish the working tree, and wait until every Application is Synced and Healthy.

    Args:
        context: the wiring.
        place: the lab.
        environment: what is delivered.
        real: components that run as real programs, besides those that do already.
        node: whether a new lab has a real node.
        secrets: whether those that nobody sealed are created.

    Raises:
        WorkspaceError: a real component's pod does not exist, or lacks something.
        ToolFailed: a component failed.
        AlreadyPublished: the lab has a chart's version with other content.
        NotConverged: an Application is not Synced and Healthy in time.
    """
    began = time.monotonic()
    # Programs are built first: it may take minutes, and a failure should come before anything runs.
    join.programs(context, real)
    with filelock.hold(place.folder.parent / f"{place.name}.lock", what="another start of this lab", wait_s=600.0):
        if place.running() is None:
            if node:
                from slipway.lab.node import start

                start.start(context, place, environment)
            else:
                lab.start(context, place)
        here = lab.attach(context, place, environment)
        with ended_explained(place):
            deliver(here, secrets=secrets)
            names = [str(umbrella.name) for umbrella in here.context.workspace.umbrellas]
            with live(context.progress) as on_change:
                found = applications.wait_until_healthy(
                    here.kubectl,
                    context.config.argocd_namespace,
                    names,
                    wait_s=NODE_HEALTHY_S if place.has_node else HEALTHY_S,
                    on_change=on_change,
                    may_return=lambda: place.running() is not None,
                )
            if wanted := (*join.running(place), *real):
                with context.progress.step("real components") as done:
                    done(", ".join(join.join(here, wanted)))
    report_restarts(context.progress, place)
    took = time.monotonic() - began
    summary = f"{counted(len(found), 'Application')} {being(len(found))} Synced and Healthy after {took:.0f} s"
    rows = [item.row for item in found]
    return {
        "lab": place.name,
        "summary": summary,
        "next": next_steps(place),
        "applications": rows,
        **status.real_rows(place),
        **(status.node_rows(here, state.pid) if (state := place.running()) else {}),
    }


def report_restarts(progress: Progress, place: Place) -> None:
    """Name the components that were restarted: the Applications do not show it."""
    found = place.state()
    for name, part in found.parts.items() if found else ():
        if part.restarts:
            logs = f"./inv lab logs --what {name}{lab.name_flag(place)}"
            progress.say(f"{name} {part.output[0]} and was started again: {logs}")


@contextmanager
def ended_explained(place: Place) -> Iterator[None]:
    """Replace the error of a program by that of the lab, when a component of the lab failed.

    Raises:
        ToolFailed: the component's error, or the program's.
    """
    try:
        yield
    except ToolFailed as error:
        found = place.state()
        if found is None or not found.failed:
            raise
        raise ToolFailed(tuple(lab.startup_problems(place, found))) from error


def deliver(here: Lab, *, secrets: bool) -> None:
    """Build while the control plane starts, publish, and hand over to Argo CD.

    Args:
        here: the lab.
        secrets: whether those that nobody sealed are created.

    Raises:
        BuildError: see `up`.
    """
    progress = here.context.progress
    if here.place.has_node:
        from slipway.lab.node import start

        with progress.step("node, control plane") as done:
            found = lab.wait_ready(here.place, lab.NODE_START_S)
            done(f"{len(found.parts)} components")
        start.install(here, secrets=secrets)
        return
    with progress.step("package") as done:
        built = lab.build(here.context)
        done(counted(len(built), "chart"))
    with progress.step("control plane, Argo CD") as done:
        found = lab.wait_ready(here.place)
        done(f"{len(found.parts)} components")
    if secrets:
        with progress.step("secrets") as done:
            done(f"{provide.provide_secrets(here)} that nobody sealed")
    with progress.step("publish") as done:
        provide.provide_storage(here, built)
        published = lab.publish_tree(here, built)
        lab.hand_over(here, lab.deploy_files(here))
        done(f"{counted(len(published), 'chart')} to the lab's registry, ApplicationSet applied")


def next_steps(place: Place) -> str:
    """The commands for a running lab."""
    flag = lab.name_flag(place)
    return f"./inv lab kubectl{flag} get pods -A   |   ./inv lab status{flag}   |   ./inv lab down{flag}"
