"""Start a lab with a real node and bring the platform up in it, from the bare cluster on, as an operator does."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from slipway.build.builder import Built
from slipway.build.render import Object
from slipway.context import Context
from slipway.core.errors import Problem, ToolMissing
from slipway.core.model import ChartName
from slipway.delivery.bootstrap import bootstrap
from slipway.gitops.applications import documents
from slipway.lab import folder, lab, plan
from slipway.lab.lab import MANAGER, Lab
from slipway.lab.node import catalogue, cluster_dns, contents, prepare
from slipway.lab.node.images import references
from slipway.lab.place import Place
from slipway.lint.platform_facts import platform_facts
from slipway.release import diff
from slipway.release import secrets as inventory
from slipway.toolchain import groups, node_machine
from slipway.workspace.documents import platform_document

NODE = (
    "containerd", "containerd-shim-runc-v2", "ctr", "runc", "cni-bridge", "cni-loopback", "cni-host-local", "cni-portmap",
    "kubelet", "kube-proxy", "kube-router", "coredns", "stand-in",
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
        objects = rendered(context, lab.build(context), environment)
        done(f"{len(objects)} objects")
    programs = programs_of(context, objects)
    with context.progress.step("images") as done:
        made, shown = contents.images_of(objects, programs, context.environ, context.run)
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
    wanted = dict.fromkeys((*plan.CLUSTER, "registry", *NODE, *catalogue.tools(named)))
    packaged = [name for name in wanted if name in groups.PROGRAMS]
    built = context.toolbox.ensure(name for name in wanted if name not in groups.PROGRAMS)
    return {**built, **{name: groups.program(context.toolbox.home, name, context.progress) for name in packaged}}


def rendered(context: Context, built: Mapping[ChartName, Built], environment: str) -> tuple[Object, ...]:
    """The objects of every umbrella."""
    umbrellas = context.workspace.umbrellas
    return tuple(item for one in umbrellas for item in diff.render_umbrella(context, built[one.name], environment))


def install(here: Lab) -> None:
    """Publish, provide what only a person can, and bootstrap.

    Raises:
        BuildError: the cluster refuses something, or Argo CD does not start.
    """
    context = here.context
    built = lab.build(context)
    with context.progress.step("publish") as done:
        published = lab.publish_tree(here, built)
        done(f"{len(published)} charts")
    with context.progress.step("secrets") as done:
        made = tuple(secret_objects(here))
        here.kubectl.apply(documents(made), manager=MANAGER)
        done(f"{sum(item['kind'] == 'Secret' for item in made)} that nobody sealed")
    bootstrap(context, here.environment, here.kubectl, files=lab.deploy_files(here))


def secret_objects(here: Lab) -> Iterator[Mapping[str, object]]:
    """Namespaces, and the secrets that a person or a program that is not here would make, with random values."""
    found = inventory.listing(here.context, here.environment, ())
    environment = here.context.workspace.environments[here.environment]
    facts = platform_facts(here.context.workspace, platform_document(environment))[0]
    for name in dict.fromkeys(entry.namespace for entry in found.secrets):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    for entry in found.secrets:
        maker = entry.producer.partition(" ")[0]
        if entry.missing or (maker in PLAYED and entry.keys):
            data = {key: secrets.token_hex(16).encode() for key in entry.keys}
            yield secret(entry.namespace, entry.name, data)
        elif maker == "Certificate":
            from slipway.lab import pki

            domain = str(facts["domain"])
            certificate, key_file = pki.pair((domain, f"*.{domain}"))
            (here.place.folder / CERTIFICATE).write_bytes(certificate)
            yield secret(
                entry.namespace, entry.name, {"tls.crt": certificate, "tls.key": key_file}, "kubernetes.io/tls"
            )


def secret(namespace: str, name: str, data: Mapping[str, bytes], kind: str = "Opaque") -> dict[str, object]:
    """A Secret."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": kind,
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }


CERTIFICATE = "wildcard.crt"
"""In the lab's folder: what the routes are served with."""
PLAYED = frozenset({"Cluster"})
"""Kinds whose secrets their operators make, which have no program here."""
