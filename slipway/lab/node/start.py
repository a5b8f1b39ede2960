"""Start a lab with a real node and bring the platform up in it, from the bare cluster on, as an operator does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from slipway.build.render import Object
from slipway.context import Context
from slipway.core.errors import Problem, ToolMissing
from slipway.delivery.bootstrap import bootstrap
from slipway.lab import folder, lab, plan, provide
from slipway.lab.lab import Lab
from slipway.lab.node import catalogue, cluster_dns, contents, internet, prepare
from slipway.lab.node.images import references
from slipway.lab.node.internet import Internet
from slipway.lab.place import Place
from slipway.lint.platform_facts import platform_facts
from slipway.toolchain import groups, node_machine
from slipway.workspace.documents import platform_document

CONTROL_PLANE = tuple(name for name in plan.CLUSTER if name != "kwok")
NODE = (
    "containerd", "containerd-shim-runc-v2", "ctr", "runc", "cni-bridge", "cni-loopback", "cni-host-local", "cni-portmap",
    "kubelet", "kube-proxy", "kube-router", "coredns", "stand-in", internet.NAME,
)  # fmt: skip
"""Programs that are built."""


def missing(environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """What this machine lacks for a node."""
    found = []
    if not node_machine.is_root_on_linux():
        fact = "needs Linux and root: it makes networks and mounts"
        found.append(
            Problem(where="--node", fact=fact, hint="sudo ./inv lab up --node, or ./inv lab up without a node")
        )
    if lacking := node_machine.lacking_packages(environ.get("PATH")):
        fact = f"this machine lacks {', '.join(lacking)}"
        found.append(Problem(where="--node", fact=fact, hint=f"apt-get install {' '.join(lacking)}"))
    return tuple(found)


def start(context: Context, place: Place, environment: str, *, attached: bool = False) -> None:
    """Build what the node runs, make the folder and start the supervisor; does not wait.

    Raises:
        ToolMissing: this machine lacks something.
        BuildError: a program or a chart cannot be built.
    """
    if problems := missing(context.environ):
        raise ToolMissing(problems)
    groups.ensure_group(context.toolbox.home, "lab", context.progress)
    with context.progress.step("render") as done:
        objects = lab.rendered(context, lab.build(context), environment)
        done(f"{len(objects)} objects")
    programs = programs_of(context, objects)
    with context.progress.step("images") as done:
        made, shown = contents.images_of(objects, programs, Internet.of(place).trusted, context.environ, context.run)
        real = sum(item.program != "stand-in" for item in shown)
        done(f"{real} with the real program, {len(shown) - real} with a stand-in")
    from slipway.lint import kube_schemas

    files = kube_schemas.definition_files(context.config.root)
    here = context.workspace.environments[environment]
    with context.progress.step("node") as done:
        prepare.prepare(
            place,
            facts=prepare.facts_of(platform_facts(context.workspace, platform_document(here))[0]),
            programs=programs,
            contents=made,
            definitions=tuple(path for path in files if folder.simulated(path)),
            shown=shown,
            environ=context.environ,
        )
        lab.supervise(place, attached=attached)
        done("started")


def programs_of(context: Context, objects: Iterable[Object]) -> Mapping[str, Path]:
    """Every program that the node and its pods need."""
    named = frozenset({cluster_dns.IMAGE, *(name for item in objects for name in references(item.data))})
    wanted = dict.fromkeys((*CONTROL_PLANE, "registry", *NODE, *catalogue.tools(named)))
    packaged = [name for name in wanted if name in groups.PROGRAMS]
    built = context.toolbox.ensure(name for name in wanted if name not in groups.PROGRAMS)
    return {**built, **{name: groups.program(context.toolbox.home, name, context.progress) for name in packaged}}


def install(here: Lab, *, secrets: bool = True) -> None:
    """Publish, provide what only a person can, and bootstrap.

    Args:
        here: the lab.
        secrets: whether those that nobody sealed are created.

    Raises:
        BuildError: the cluster refuses something, or Argo CD does not start.
    """
    context = here.context
    built = lab.build(context)
    with context.progress.step("publish") as done:
        published = lab.publish_tree(here, built)
        done(f"{len(published)} charts")
    if secrets:
        with context.progress.step("secrets") as done:
            done(f"{provide.provide_secrets(here, Internet.of(here.place).known)} that nobody sealed")
    bootstrap(context, here.environment, here.kubectl, files=lab.deploy_files(here))
