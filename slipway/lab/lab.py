"""Control of one lab: start its supervisor, wait for it, publish the working tree to it, hand it to Argo CD, stop it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slipway.build.builder import Built
from slipway.build.render import Object
from slipway.config import RegistryConfig
from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound, ToolFailed, WorkspaceError
from slipway.core.model import ChartName, Pin, Published
from slipway.gitops import applications
from slipway.lab import folder as folders
from slipway.lab.place import PORTS, Place, free_ports, supervises
from slipway.lab.plan import Extent
from slipway.lab.state import Phase, State
from slipway.registry import publish
from slipway.release import diff, plan
from slipway.release.survey import plan_of
from slipway.toolchain.toolbox import CHECKOUT
from slipway.tools.background import spawn_daemon
from slipway.tools.kubectl import Kubectl
from slipway.tools.process import reap, wait_until
from slipway.tools.run import Command
from slipway.workspace import graph

MANAGER = "slipway-lab"
"""Field manager of what we apply ourselves."""
START_S = 120.0
"""How long the components may take to be ready; they take about 10 s."""
NODE_START_S = 300.0
"""The same with a real node, which unpacks its images first."""
STOP_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab and the checkout that it runs."""

    place: Place
    context: Context
    """The checkout, publishing to the lab's registry."""
    environment: str

    @property
    def kubectl(self) -> Kubectl:
        """As the lab's administrator."""
        return self.context.kubectl(self.place.kubeconfig)


def start(
    context: Context,
    place: Place,
    *,
    attached: bool = False,
    extent: Extent = Extent.WHOLE,
    definitions: Sequence[Path] | None = None,
) -> None:
    """Make the folder and start the supervisor; does not wait.

    Args:
        context: the wiring of the checkout.
        place: the lab.
        attached: end the lab when this process ends.
        extent: how much is started.
        definitions: files with the custom resource definitions that are there from the start; None for those of the
            checkout that no umbrella brings in time.

    Raises:
        BuildError: a program cannot be built.
    """
    from slipway.lint import kube_schemas
    from slipway.toolchain.groups import ensure_group

    ensure_group(context.toolbox.home, "lab", context.progress)
    programs = context.toolbox.ensure(extent.value)
    folders.prepare(
        place,
        ports=free_ports(PORTS),
        programs=programs,
        definitions=folders.from_start(kube_schemas.definition_files(context.config.root))
        if definitions is None
        else definitions,
        argocd_namespace=context.config.argocd_namespace,
        path=context.environ.get("PATH", os.defpath),
        extent=extent,
    )
    supervise(place, attached=attached)


def supervise(place: Place, *, attached: bool) -> None:
    """Start the supervisor of a folder that is prepared; does not wait for the components.

    Raises:
        ToolFailed: it does not run.
    """
    argv = (sys.executable, "-m", "slipway.lab.supervisor", str(place.folder), *(("--attached",) if attached else ()))
    pid = spawn_daemon(Command(argv=argv, cwd=CHECKOUT), place.logs / "supervisor.log")
    wait_until(lambda: place.state() is not None or not reap(pid), START_S)
    if place.running() is None:
        raise ToolFailed(Problem(where=str(place.folder), fact="the supervisor wrote no state"))


def wait_ready(place: Place, wait_s: float = START_S) -> State:
    """Wait until every component is ready.

    Raises:
        ToolFailed: one failed, or it took too long.
    """
    limit = time.monotonic() + wait_s
    while True:
        found = place.state()
        if found is not None and found.phase is Phase.READY:
            return found
        alive = place.running() is not None
        if not alive or time.monotonic() > limit:
            raise ToolFailed(tuple(startup_problems(place, place.state())))
        time.sleep(0.05)


def startup_problems(place: Place, found: State | None) -> Iterator[Problem]:
    """Why a lab is not ready: the components that failed, or those that it still waits for."""
    hint = f"./inv lab logs --what COMPONENT{name_flag(place)}"
    for name in found.failed if found else ():
        assert found is not None
        output = found.parts[name].output
        yield Problem(where=f"lab {place.name}, {name}", fact=output[0], evidence=output[1:], hint=hint)
    if found is None or not found.failed:
        parts = found.parts if found else {}
        waiting = ", ".join(name for name, part in parts.items() if part.phase in {Phase.WAITING, Phase.STARTING})
        yield Problem(where=f"lab {place.name}", fact="did not start", evidence=(f"not ready: {waiting}",), hint=hint)


def name_flag(place: Place) -> str:
    """The flag that names a lab in a command; empty for the default one."""
    from slipway.lab.place import DEFAULT

    return "" if place.name == DEFAULT else f" --name {place.name}"


def attach(context: Context, place: Place, environment: str) -> Lab:
    """The handle of a running lab.

    Raises:
        WorkspaceError: it does not run.
    """
    if place.running() is None:
        raise WorkspaceError(
            Problem(where=f"lab {place.name}", fact="is not running", hint=f"./inv lab up{name_flag(place)}")
        )
    return Lab(place=place, context=lab_context(context, place), environment=environment)


def lab_context(context: Context, place: Place) -> Context:
    """The same checkout, publishing to a lab's registry."""
    config = replace(context.config, registry=registry_at(place.addresses.registry))
    return Context(config=config, environ=context.environ, run=context.run, progress=context.progress)


def registry_at(host: str) -> RegistryConfig:
    """A lab's registry at `host:port`."""
    return RegistryConfig(host=host, prefix="charts", plain_http=True)


def build(context: Context) -> Mapping[ChartName, Built]:
    """Stage and pack every chart.

    Raises:
        ProblemsFound: one cannot be packed.
    """
    context.require_sound()
    built, problems = context.builder().build(graph.order(context.workspace))
    if problems:
        raise ProblemsFound(problems)
    return built


def rendered(context: Context, built: Mapping[ChartName, Built], environment: str) -> tuple[Object, ...]:
    """The objects of every umbrella."""
    umbrellas = context.workspace.umbrellas
    return tuple(item for one in umbrellas for item in diff.render_umbrella(context, built[one.name], environment))


def publish_tree(lab: Lab, built: Mapping[ChartName, Built]) -> tuple[Published, ...]:
    """Publish the working tree to the lab's registry, unchecked: the lab is the check.

    Raises:
        AlreadyPublished: a version is in the lab's registry with other content.
    """
    context = lab.context
    levels = [[built[name].archive for name in level] for level in graph.levels(context.workspace)]
    return tuple(publish.publish_all(context.registry, levels).values())


def deploy_files(lab: Lab) -> dict[str, bytes]:
    """`deploy/<environment>/` for what is published in the lab; nothing is written into the checkout."""
    context = lab.context
    pins = plan.pins_of(context.workspace, plan_of(context))
    return files_of(lab, pins)


def files_of(lab: Lab, pins: Mapping[ChartName, Pin]) -> dict[str, bytes]:
    """The same for given pins."""
    charts = lab.context.workspace.charts
    umbrellas = [
        applications.pinned_umbrella(charts[name], item) for name, item in sorted(pins.items()) if name in charts
    ]
    config = replace(lab.context.config, registry=registry_at(lab.place.addresses.registry_inside))
    return applications.files(config, lab.environment, umbrellas)


def hand_over(lab: Lab, files: Mapping[str, bytes]) -> None:
    """Apply what the root Application would sync: projects, the registry's address, the ApplicationSet.

    Sealed secrets come from git, which a lab does not have, and no lab has the key that decrypts them.

    Raises:
        ToolFailed: the API server refuses one.
    """
    target = lab.place.folder / "deploy" / lab.environment
    target.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (target / name).write_bytes(content)
    lab.kubectl.apply(
        b"---\n".join(files[name] for name in applications.SYNCED if name != applications.SEALED), manager=MANAGER
    )


def stop(place: Place) -> bool:
    """End a lab and remove its folder; returns whether it ran.

    Raises:
        ToolFailed: the supervisor does not end.
    """
    found = place.running()
    if found is not None:
        os.kill(found.pid, signal.SIGTERM)
        if not wait_until(lambda: not supervises(found.pid, place.folder), STOP_S):
            raise ToolFailed(Problem(where=f"lab {place.name}", fact=f"process {found.pid} did not exit"))
    if place.has_node:
        from slipway.lab.node import cgroups

        cgroups.remove(place)
    remove(place.folder)
    return found is not None


def remove(folder: Path) -> None:
    """Delete a lab's folder; the repo-server leaves folders that even their owner may not list."""
    for path, names, _ in os.walk(folder):
        for name in names:
            (Path(path) / name).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.parent.is_dir() and not any(folder.parent.iterdir()):
        folder.parent.rmdir()
