"""One lab from outside: start its supervisor, wait for it, publish the working tree to it, hand it to Argo CD, end it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slipway import compare, deploy, graph, plan, publish
from slipway.build import Built
from slipway.config import RegistryConfig
from slipway.errors import Problem, ProblemsFound, ToolFailed, WorkspaceError
from slipway.lab import folder as folders
from slipway.lab.place import PORTS, Place, free_ports, supervises
from slipway.lab.plan import Extent
from slipway.lab.state import Phase, State
from slipway.model import Chart, ChartName, Pin, Published
from slipway.render import Object
from slipway.tools.kubectl import Kubectl
from slipway.tools.process import reap, wait_until
from slipway.tools.run import Command, spawn_daemon
from slipway.toolshelf import CHECKOUT
from slipway.yard import Yard

MANAGER = "slipway-lab"
"""Field manager of what we apply ourselves."""
START_S = 120.0
"""How long the components may take to be ready; they take about 10 s."""
STOP_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab and the checkout that it runs."""

    place: Place
    yard: Yard
    """The checkout, publishing to the lab's registry."""
    environment: str

    @property
    def kubectl(self) -> Kubectl:
        """As the lab's administrator."""
        return self.yard.kubectl(self.place.kubeconfig)


def start(
    yard: Yard,
    place: Place,
    *,
    attached: bool = False,
    extent: Extent = Extent.WHOLE,
    definitions: Sequence[Path] | None = None,
) -> None:
    """Make the folder and start the supervisor; does not wait.

    Args:
        yard: the wiring of the checkout.
        place: the lab.
        attached: end the lab when this process ends.
        extent: how much is started.
        definitions: files with the custom resource definitions that are there from the start; None for those of the
            checkout that no umbrella brings in time.

    Raises:
        BuildError: a program cannot be built.
    """
    from slipway.groups import ensure_group
    from slipway.lint import kube

    ensure_group(yard.toolbox.home, "lab", yard.progress)
    programs = yard.toolbox.ensure(extent.value)
    folders.prepare(
        place,
        ports=free_ports(PORTS),
        programs=programs,
        definitions=folders.from_start(kube.definition_files(yard.config.root)) if definitions is None else definitions,
        argocd_namespace=yard.config.argocd_namespace,
        path=yard.environ.get("PATH", os.defpath),
        extent=extent,
    )
    argv = (sys.executable, "-m", "slipway.lab.supervisor", str(place.folder), *(("--attached",) if attached else ()))
    pid = spawn_daemon(Command(argv=argv, cwd=CHECKOUT), place.logs / "supervisor.log")
    wait_until(lambda: place.state() is not None or not reap(pid), START_S)
    if place.running() is None:
        raise ToolFailed(Problem(where=str(place.folder), fact="the lab's supervisor says nothing"))


def wait_ready(place: Place) -> State:
    """Wait until every component is ready.

    Raises:
        ToolFailed: one failed, or it took too long.
    """
    limit = time.monotonic() + START_S
    while True:
        found = place.state()
        if found is not None and found.phase is Phase.READY:
            return found
        alive = place.running() is not None
        if not alive or time.monotonic() > limit:
            raise ToolFailed(tuple(troubles(place, place.state())))
        time.sleep(0.05)


def troubles(place: Place, found: State | None) -> Iterator[Problem]:
    """Why a lab is not ready: the components that failed, or those that it still waits for."""
    hint = f"./inv lab logs --what COMPONENT{name_flag(place)}"
    for name in found.failed if found else ():
        assert found is not None
        said = found.parts[name].said
        yield Problem(where=f"lab {place.name}, {name}", fact=said[0], evidence=said[1:], hint=hint)
    if found is None or not found.failed:
        parts = found.parts if found else {}
        waiting = ", ".join(name for name, part in parts.items() if part.phase in {Phase.WAITING, Phase.STARTING})
        yield Problem(where=f"lab {place.name}", fact="did not start", evidence=(f"not ready: {waiting}",), hint=hint)


def name_flag(place: Place) -> str:
    """The flag that names a lab in a command; empty for the default one."""
    from slipway.lab.place import DEFAULT

    return "" if place.name == DEFAULT else f" --name {place.name}"


def attach(yard: Yard, place: Place, environment: str) -> Lab:
    """The handle of a running lab.

    Raises:
        WorkspaceError: it does not run.
    """
    if place.running() is None:
        raise WorkspaceError(
            Problem(where=f"lab {place.name}", fact="does not run", hint=f"./inv lab up{name_flag(place)}")
        )
    return Lab(place=place, yard=lab_yard(yard, place), environment=environment)


def lab_yard(yard: Yard, place: Place) -> Yard:
    """The same checkout, publishing to a lab's registry."""
    served = (place.folder / "registry" / "config.yml").read_text(encoding="utf-8")
    from slipway import yamls

    address = yamls.parse(served.encode(), "config.yml").mapping["http"]
    assert isinstance(address, dict)
    registry = RegistryConfig(host=str(address["addr"]), prefix="charts", plain_http=True)
    config = replace(yard.config, registry=registry)
    return Yard(config=config, environ=yard.environ, run=yard.run, progress=yard.progress)


def build(yard: Yard) -> Mapping[ChartName, Built]:
    """Stage and pack every chart.

    Raises:
        ProblemsFound: one cannot be packed.
    """
    yard.require_sound()
    built, problems = yard.builder().build(graph.order(yard.workspace))
    if problems:
        raise ProblemsFound(problems)
    return built


def publish_tree(lab: Lab, built: Mapping[ChartName, Built]) -> tuple[Published, ...]:
    """Publish the working tree to the lab's registry, unchecked: the lab is the check.

    Raises:
        AlreadyPublished: a version is in the lab's registry with other content.
    """
    yard = lab.yard
    levels = [[built[name].archive for name in level] for level in graph.levels(yard.workspace)]
    return tuple(publish.publish_all(yard.registry, levels).values())


def deploy_files(lab: Lab) -> dict[str, bytes]:
    """`deploy/<environment>/` for what is published in the lab; nothing is written into the checkout."""
    yard = lab.yard
    pins = plan.pins_of(yard.workspace, yard.plan())
    return files_of(lab, pins)


def files_of(lab: Lab, pins: Mapping[ChartName, Pin]) -> dict[str, bytes]:
    """The same for given pins."""
    charts = lab.yard.workspace.charts
    members = [deploy.member_of(charts[name], item) for name, item in sorted(pins.items()) if name in charts]
    return deploy.files(lab.yard.config, lab.environment, members)


def hand_over(lab: Lab, files: Mapping[str, bytes]) -> None:
    """Apply what the root Application would sync: projects, the registry's address, the ApplicationSet.

    The sealed secrets come from git, which a lab does not have, and no lab has the key that opens them.

    Raises:
        ToolFailed: the API server refuses one.
    """
    target = lab.place.folder / "deploy" / lab.environment
    target.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (target / name).write_bytes(content)
    lab.kubectl.apply(b"---\n".join(files[name] for name in deploy.SYNCED if name != deploy.SEALED), manager=MANAGER)


def storage_classes(objects: Sequence[Object]) -> tuple[str, ...]:
    """The classes that claims ask for and that nothing rendered provides."""
    provided = {item.name for item in objects if item.kind == "StorageClass"}
    wanted = {name for item in objects for name in class_names(item.data)}
    return tuple(sorted(wanted - provided))


def class_names(value: object) -> Iterator[str]:
    """Every `storageClassName` below a value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "storageClassName" and isinstance(item, str):
                yield item
            else:
                yield from class_names(item)
    elif isinstance(value, list):
        for item in value:
            yield from class_names(item)


def provide_storage(lab: Lab, built: Mapping[ChartName, Built]) -> None:
    """Make the storage classes that the umbrellas count on.

    Raises:
        ToolFailed: an umbrella cannot be rendered, or the API server refuses a class.
    """
    umbrellas: list[Chart] = list(lab.yard.workspace.umbrellas)
    objects = [
        item for one in umbrellas for item in compare.render_umbrella(lab.yard, built[one.name], lab.environment)
    ]
    if names := storage_classes(objects):
        lab.kubectl.apply(deploy.documents(folders.storage_class(name) for name in names), manager=MANAGER)


def stop(place: Place) -> bool:
    """End a lab and remove its folder; returns whether it ran.

    Raises:
        ToolFailed: the supervisor does not end.
    """
    found = place.running()
    if found is not None:
        os.kill(found.pid, signal.SIGTERM)
        if not wait_until(lambda: not supervises(found.pid, place.folder), STOP_S):
            raise ToolFailed(Problem(where=f"lab {place.name}", fact=f"process {found.pid} does not end"))
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
