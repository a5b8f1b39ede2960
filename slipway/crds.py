"""Custom resource definitions, generated from the upstream Go types that `tools/crds/go.mod` pins.

They are committed without descriptions, in `crds/` of the chart that brings them, or under `tools/crds/generated/` when none
does and they are schemas for the checks only. A bump of a module is the upgrade of its definitions: `generate` writes them
anew, `check` finds what was not written anew.
"""

from __future__ import annotations

import json
import os
import re
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
IN_CLUSTER = """\
    # Before everything else, and never pruned: with a definition goes every object of its kind.
    argocd.argoproj.io/sync-options: Prune=false
    argocd.argoproj.io/sync-wave: "-30"
"""
"""Annotations of a definition that a chart brings."""
METADATA = re.compile(r"^metadata:\n(  annotations:\n)?", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the definitions of one API group come from."""

    group: str
    module: str
    packages: tuple[str, ...]
    """Go packages below the module; `apis.go` imports them, so that go.mod keeps the module."""
    chart: str = ""
    """The service that brings them into the cluster; empty when none does."""
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
    chart: str
    """The service that brings them into the cluster."""


SOURCES = (
    Source(
        group="acme.cert-manager.io",
        chart="cert-manager",
        module="github.com/cert-manager/cert-manager",
        packages=("pkg/apis/acme/v1",),
    ),
    Source(
        group="bitnami.com",
        chart="sealed-secrets",
        module="github.com/bitnami/sealed-secrets",
        packages=("pkg/apis/sealedsecrets/v1alpha1",),
    ),
    Source(
        group="cert-manager.io",
        chart="cert-manager",
        module="github.com/cert-manager/cert-manager",
        packages=("pkg/apis/certmanager/v1",),
    ),
    Source(
        group="metallb.io",
        chart="metallb",
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
        chart="cloudnative-pg",
        module="github.com/cloudnative-pg/cloudnative-pg",
        packages=("api/v1",),
    ),
    Source(
        group="traefik.io",
        chart="traefik",
        module="github.com/traefik/traefik/v3",
        packages=("pkg/provider/kubernetes/crd/traefikio/v1alpha1",),
    ),
)

SHIPPED = (
    Shipped(
        group="argoproj.io",
        chart="argo-cd",
        module="github.com/argoproj/argo-cd/v3",
        folder="tools/lab/argocd",
        files=tuple(f"manifests/crds/{name}-crd.yaml" for name in ("application", "applicationset", "appproject")),
    ),
)


def place_of(root: Path, source: Source | Shipped) -> str:
    """The file of a group's definitions, relative to the root; a chart that is not there brings none."""
    if source.chart and (root / "charts" / source.chart / "Chart.yaml").is_file():
        return f"charts/{source.chart}/crds/{source.group}.yaml"
    return f"{GENERATED}/{source.group}.yaml"


def generate(root: Path, run: Runner, toolbox: Toolbox) -> tuple[str, ...]:
    """Write the definitions of every group; returns the files that changed, relative to the root.

    Raises:
        BuildError: controller-gen could not be built, or failed.
    """
    fresh = generated(root, run, toolbox)
    changed = [path for path, text in fresh.items() if read(root / path) != text]
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        replace_text(root / path, fresh[path])
    left = [path for path in committed(root) if path not in fresh]
    for path in left:
        (root / path).unlink()
    return tuple(sorted([*changed, *left]))


def committed(root: Path) -> tuple[str, ...]:
    """Every file with definitions that we wrote, relative to the root."""
    charts = {source.chart for source in (*SOURCES, *SHIPPED) if source.chart}
    patterns = (f"{GENERATED}/*.yaml", *(f"charts/{chart}/crds/*.yaml" for chart in sorted(charts)))
    return tuple(path.relative_to(root).as_posix() for pattern in patterns for path in sorted(root.glob(pattern)))


def check(root: Path, run: Runner, toolbox: Toolbox) -> tuple[Problem, ...]:
    """Every committed file that is not what the pinned modules give; nothing is written.

    Raises:
        BuildError: as `generate`.
    """
    fresh = generated(root, run, toolbox)
    return tuple(
        Problem(
            where=path,
            fact="is not what the modules of tools/crds/go.mod give",
            hint="./inv crds",
            rule="crds.drift",
        )
        for path in sorted({*fresh, *committed(root)})
        if read(root / path) != fresh.get(path)
    )


def in_place(root: Path, source: Source | Shipped, text: str) -> tuple[str, str]:
    """File → text of a group's definitions; those that a chart brings say how Argo CD treats them."""
    path = place_of(root, source)
    if path.startswith("charts/"):
        text = METADATA.sub(f"metadata:\n  annotations:\n{IN_CLUSTER}", text)
    return path, text


def generated(root: Path, run: Runner, toolbox: Toolbox) -> Mapping[str, str]:
    """File, relative to the root → content of every group's definitions."""
    modules = required((root / FOLDER / "go.mod").read_text(encoding="utf-8"))
    from slipway import toolbuild

    program = toolbox.path("controller-gen")
    environment = toolbuild.go_environment(toolbox.folder, os.environ)
    go = toolbuild.find_go(toolbox)
    shipped = dict(in_place(root, item, shipped_text(root, run, go, environment, item)) for item in SHIPPED)
    with tempfile.TemporaryDirectory(prefix="crds-") as scratch:
        run(command(root, program, go, Path(scratch), environment))
        made = dict(
            in_place(
                root,
                source,
                header(source, modules[source.module], toolbox.version("controller-gen"))
                + "".join(definitions(Path(scratch), source)),
            )
            for source in SOURCES
        )
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
