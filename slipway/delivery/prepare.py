"""What a bootstrap needs to know, and everything that it can refuse before the cluster is touched."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway.build.render import Object
from slipway.config import SigningMode
from slipway.context import Context
from slipway.core.errors import Problem, RegistryError, ToolFailed, WorkspaceError
from slipway.core.model import ChartName, Pin
from slipway.delivery import pinned as pinned_chart
from slipway.gitops import applications
from slipway.gitops.pins import check_environment
from slipway.tools.kubectl import Data, Kubectl
from slipway.tools.run import tail
from slipway.util import yaml
from slipway.workspace import environments
from slipway.workspace.pinned import PINS, deploy_folder, parse_pins

ANSWER_S = 10
"""How long the API server may take to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What is known before anything is changed."""

    environment: str
    server: str
    """Address of the API server."""
    kube_version: str
    pin: Pin
    namespace: Data
    """The Namespace object."""
    objects: tuple[Object, ...]
    """Of the umbrella, in helm's order."""
    files: Mapping[str, bytes]
    """Of `deploy/<environment>`."""


def prepare(context: Context, environment: str, kubectl: Kubectl, files: Mapping[str, bytes] | None = None) -> Ready:
    """Everything that can be refused, before the cluster is touched.

    Raises:
        BuildError: as `bootstrap`.
    """
    own = files is None
    files = deploy_files(context, environment) if files is None else files
    held = pinned(context, environment, files, same_registry=own)
    if own and context.config.signing.mode is not SigningMode.OFF:
        from slipway.signing.verdict import require_signed

        # Every one: Argo CD installs the others as soon as it runs.
        require_signed(context, parse_pins(files[PINS], f"deploy/{environment}/{PINS}")[1].values())
    version = kube_version(kubectl)
    return Ready(
        environment=environment,
        server=kubectl("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}").stdout.strip(),
        kube_version=version,
        pin=held,
        namespace=namespace_of(context, environment, files),
        objects=pinned_objects(context, environment, held, version),
        files=files,
    )


def deploy_files(context: Context, environment: str) -> dict[str, bytes]:
    """The files of `deploy/<environment>` that Argo CD needs.

    Raises:
        WorkspaceError: there is no such environment, or one of them is missing.
    """
    check_environment(context.config, environment)
    folder = deploy_folder(context.config, environment)
    wanted = (PINS, *applications.SYNCED, applications.ROOT)
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        where = f"deploy/{environment}"
        fact = f"has no {', '.join(missing)}" if folder.is_dir() else "is not there: nothing is pinned yet"
        raise WorkspaceError(Problem(where=where, fact=fact, hint=release_hint(context, environment)))
    return {name: (folder / name).read_bytes() for name in wanted}


def release_hint(context: Context, environment: str) -> str:
    """The command that writes an environment's pins."""
    first = environment == context.config.environments[0]
    return "./inv release" if first else f"./inv pin --env {environment}"


def pinned(context: Context, environment: str, files: Mapping[str, bytes], *, same_registry: bool = True) -> Pin:
    """The pin of Argo CD's umbrella.

    Args:
        context: the wiring.
        environment: for messages.
        files: with the pins.
        same_registry: whether Argo CD must read from the registry of the settings.

    Raises:
        WorkspaceError: there is none, or the pins are of another registry than the settings.
    """
    where, name = f"deploy/{environment}/{PINS}", ChartName(context.config.argocd_namespace)
    registry, pins = parse_pins(files[PINS], where)
    again = release_hint(context, environment)
    if name not in pins:
        there = f"pinned: {', '.join(sorted(pins)) or 'nothing'}"
        raise WorkspaceError(Problem(where=where, fact=f"does not pin {name}", evidence=(there,), hint=again))
    if same_registry and registry != context.config.registry.base:
        evidence = (f"pins     {registry}", f"settings {context.config.registry.base}")
        hint = f"{again}, or set SLIPWAY_REGISTRY={registry}"
        raise WorkspaceError(
            Problem(where=where, fact="is of another registry than the settings", evidence=evidence, hint=hint)
        )
    return pins[name]


def kube_version(kubectl: Kubectl) -> str:
    """The cluster's version as Argo CD passes it to helm: without `v`, and without what a distribution adds.

    Source: argo-cd v3.6.1 reposerver/repository/repository.go:1278-1290.

    Raises:
        ToolFailed: the cluster does not answer.
    """
    done = kubectl("get", "--raw", "/version", f"--request-timeout={ANSWER_S}s", ok_codes=None)
    try:
        version = str(json.loads(done.stdout)["gitVersion"]) if done.code == 0 else ""
    except (ValueError, KeyError, TypeError):
        version = ""
    if not (found := re.match(r"v?(\d+\.\d+\.\d+)", version)):
        evidence = tail(done.stderr if done.stderr.strip() else done.stdout, 3)
        hint = f"kubectl --kubeconfig {kubectl.kubeconfig} version; another cluster: --kubeconfig FILE"
        raise ToolFailed(
            Problem(where=str(kubectl.kubeconfig), fact="the cluster does not answer", evidence=evidence, hint=hint)
        )
    return found.group(1)


def namespace_of(context: Context, environment: str, files: Mapping[str, bytes]) -> dict[str, object]:
    """Argo CD's namespace, with the labels and annotations that its Application gives it.

    Raises:
        WorkspaceError: the ApplicationSet is not one of ours.
    """
    name, where = context.config.argocd_namespace, f"deploy/{environment}/applicationset.yaml"
    manifest: Any = yaml.parse(files["applicationset.yaml"], where).mapping
    try:
        spec = manifest["spec"]
        elements = spec["generators"][0]["list"]["elements"]
        (facts,) = (element for element in elements if element["name"] == name)
        metadata = json.dumps(spec["template"]["spec"]["syncPolicy"]["managedNamespaceMetadata"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        fact = f"has no element {name} with a namespace"
        raise WorkspaceError(Problem(where=where, fact=fact, hint=release_hint(context, environment))) from error
    for key, value in facts.items():
        metadata = metadata.replace(f"{{{{.{key}}}}}", str(value))
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **json.loads(metadata)}}


def pinned_objects(context: Context, environment: str, held: Pin, version: str) -> tuple[Object, ...]:
    """The umbrella as Argo CD renders it: the archive of the pinned digest, with the values that travel in it.

    Raises:
        RegistryError: it cannot be had, has no values for the environment, or does not render.
    """
    context.config.build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bootstrap-", dir=context.config.build) as scratch:
        values = environments.file_name(environment)
        if pinned_chart.content_of(context, held, Path(scratch), values) is None:
            where, fact = f"{held.name} {held.version}", f"the published package has no {values}"
            raise RegistryError(Problem(where=where, fact=fact, hint=release_hint(context, environment)))
        return pinned_chart.objects(context, held, environment, Path(scratch), kube_version=version)


def kubeconfig_of(environ: Mapping[str, str], named: str) -> Path:
    """The kubeconfig that was named, that of KUBECONFIG, or the user's.

    Raises:
        WorkspaceError: it is not there.
    """
    configured = named or environ.get("KUBECONFIG", "")
    path = Path(configured) if configured else Path(environ.get("HOME", "~")).expanduser() / ".kube" / "config"
    if not path.is_file():
        where = "--kubeconfig" if named else "KUBECONFIG" if configured else "kubeconfig"
        hint = "name one file: --kubeconfig FILE; k3s writes /etc/rancher/k3s/k3s.yaml"
        raise WorkspaceError(Problem(where=where, fact=f"{path} is not a file", hint=hint))
    return path.absolute()
