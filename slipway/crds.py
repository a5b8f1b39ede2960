"""Custom resource definitions, generated from the upstream Go types that `tools/crds/go.mod` pins.

They are committed under `tools/crds/generated/<group>.yaml`, without descriptions, as schemas for the checks. A bump of a
module is the upgrade of its definitions: `generate` writes them anew, `check` finds what was not written anew.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from slipway.errors import Problem
from slipway.gotools import required
from slipway.toolbox import Toolbox
from slipway.tools.process import replace_text
from slipway.tools.run import Command, Runner

FOLDER = "tools/crds"
GENERATED = f"{FOLDER}/generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the definitions of one API group come from."""

    group: str
    module: str
    packages: tuple[str, ...]
    """Go packages below the module; `apis.go` imports them, so that go.mod keeps the module."""
    plurals: tuple[str, ...] = ()
    """The resources that are wanted; empty: all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """Definitions that a module carries as files: what its authors make of the types is more than controller-gen gives."""

    group: str
    module: str
    folder: str
    """Module folder of ours that requires it."""
    files: tuple[str, ...]
    """Below the module."""


SOURCES = (
    Source(
        group="acme.cert-manager.io",
        module="github.com/cert-manager/cert-manager",
        packages=("pkg/apis/acme/v1",),
    ),
    Source(
        group="bitnami.com",
        module="github.com/bitnami/sealed-secrets",
        packages=("pkg/apis/sealedsecrets/v1alpha1",),
    ),
    Source(
        group="cert-manager.io",
        module="github.com/cert-manager/cert-manager",
        packages=("pkg/apis/certmanager/v1",),
    ),
    Source(
        group="metallb.io",
        module="go.universe.tf/metallb",
        packages=("api/v1beta1", "api/v1beta2"),
    ),
    Source(
        group="monitoring.coreos.com",
        module="github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring",
        packages=("v1",),
        # The platform runs no operator; these are what charts may offer to one.
        plurals=("podmonitors", "probes", "prometheusrules", "servicemonitors"),
    ),
    Source(
        group="postgresql.cnpg.io",
        module="github.com/cloudnative-pg/cloudnative-pg",
        packages=("api/v1",),
    ),
    Source(
        group="traefik.io",
        module="github.com/traefik/traefik/v3",
        packages=("pkg/provider/kubernetes/crd/traefikio/v1alpha1",),
    ),
)

SHIPPED = (
    Shipped(
        group="argoproj.io",
        module="github.com/argoproj/argo-cd/v3",
        folder="tools/lab/argocd",
        files=tuple(f"manifests/crds/{name}-crd.yaml" for name in ("application", "applicationset", "appproject")),
    ),
)


def generate(root: Path, run: Runner, toolbox: Toolbox) -> tuple[str, ...]:
    """Write the definitions of every group; returns the files that changed, relative to the root.

    Raises:
        BuildError: controller-gen could not be built, or failed.
    """
    folder = root / GENERATED
    folder.mkdir(parents=True, exist_ok=True)
    fresh = generated(root, run, toolbox)
    changed = [name for name, text in fresh.items() if read(folder / name) != text]
    for name in changed:
        replace_text(folder / name, fresh[name])
    left = [path.name for path in sorted(folder.glob("*.yaml")) if path.name not in fresh]
    for name in left:
        (folder / name).unlink()
    return tuple(f"{GENERATED}/{name}" for name in sorted([*changed, *left]))


def check(root: Path, run: Runner, toolbox: Toolbox) -> tuple[Problem, ...]:
    """Every committed file that is not what the pinned modules give; nothing is written.

    Raises:
        BuildError: as `generate`.
    """
    folder = root / GENERATED
    fresh = generated(root, run, toolbox)
    names = sorted({*fresh, *(path.name for path in folder.glob("*.yaml"))})
    return tuple(
        Problem(
            where=f"{GENERATED}/{name}",
            fact="is not what the modules of tools/crds/go.mod give",
            hint="./inv crds",
            rule="crds.drift",
        )
        for name in names
        if read(folder / name) != fresh.get(name)
    )


def generated(root: Path, run: Runner, toolbox: Toolbox) -> Mapping[str, str]:
    """File name → content of every group's definitions."""
    modules = required((root / FOLDER / "go.mod").read_text(encoding="utf-8"))
    from slipway import toolbuild

    program = toolbox.path("controller-gen")
    environment = toolbuild.go_environment(toolbox.folder, os.environ)
    go = toolbuild.find_go(toolbox)
    shipped = {f"{item.group}.yaml": shipped_text(root, run, go, environment, item) for item in SHIPPED}
    with tempfile.TemporaryDirectory(prefix="crds-") as scratch:
        run(command(root, program, go, Path(scratch), environment))
        made = {
            f"{source.group}.yaml": header(source, modules[source.module], toolbox.version("controller-gen"))
            + "".join(definitions(Path(scratch), source))
            for source in SOURCES
        }
    return {**shipped, **made}


def shipped_text(root: Path, run: Runner, go: Path, environment: Mapping[str, str], item: Shipped) -> str:
    """The definitions that a module ships, without descriptions.

    Raises:
        BuildError: the module cannot be had.
    """
    version = required((root / item.folder / "go.mod").read_text(encoding="utf-8"))[item.module]
    download = (str(go), "mod", "download", "-json", item.module)
    found = json.loads(run(Command(argv=download, cwd=root / item.folder, env=environment)).stdout)
    documents = [yaml.safe_load((Path(found["Dir"]) / name).read_bytes()) for name in item.files]
    head = (
        f"# From {item.module} {version}, its own files\n# without descriptions. `./inv crds` writes it; do not edit.\n"
    )
    return head + "".join(f"---\n{yaml.safe_dump(described_less(document))}" for document in documents)


def described_less(value: object) -> object:
    """A definition without the descriptions of its schemas; a property that is called so stays."""
    if isinstance(value, list):
        return [described_less(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: described_less(item)
        for key, item in value.items()
        if not (key == "description" and isinstance(item, str) and ("type" in value or "properties" in value))
    }


def command(root: Path, program: Path, go: Path, output: Path, environment: Mapping[str, str]) -> Command:
    """One run of controller-gen over the packages of every source; it loads them with the given Go."""
    packages = ";".join(f"{source.module}/{package}" for source in SOURCES for package in source.packages)
    path = os.pathsep.join([str(go.parent), os.environ.get("PATH", "")])
    return Command(
        argv=(str(program), "crd:maxDescLen=0", f"paths={packages}", f"output:crd:dir={output}"),
        cwd=root / FOLDER,
        env={**environment, "PATH": path},
    )


def definitions(folder: Path, source: Source) -> tuple[str, ...]:
    """The documents of a group, in the order of their names; each starts with `---`."""
    prefix = f"{source.group}_"
    paths = sorted(folder.glob(f"{prefix}*.yaml"))
    return tuple(
        path.read_text(encoding="utf-8")
        for path in paths
        if not source.plurals or path.stem.removeprefix(prefix) in source.plurals
    )


def header(source: Source, version: str, generator: str) -> str:
    """Says where a file comes from."""
    return (
        f"# Generated from {source.module} {version}\n"
        f"# by controller-gen {generator}, without descriptions. `./inv crds` writes it; do not edit.\n"
    )


def read(path: Path) -> str | None:
    """A file's text, or None when there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
