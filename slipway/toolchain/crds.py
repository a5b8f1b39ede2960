"""Custom resource definitions, generated from the upstream Go types that `tools/crds/go.mod` pins.

They are committed without descriptions, in `crds/` of the chart that installs them, or under `tools/crds/generated/` when none
does and they are schemas for the checks only. A bump of a module is the upgrade of its definitions: `generate` writes them
anew, `check` finds what was not written anew.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from slipway.core.errors import Problem
from slipway.toolchain.crd_sources import SHIPPED, SOURCES, Conversion, CrdSource, Shipped
from slipway.toolchain.gotool import required
from slipway.toolchain.toolbox import Toolbox
from slipway.tools.run import Command, Runner
from slipway.util import yaml
from slipway.util.files import read_text
from slipway.util.generated import outdated, update

FOLDER = "tools/crds"
GENERATED = f"{FOLDER}/generated"
LIFECYCLE = "slipway/lint/api_lifecycle.json"
"""The announced ends of Kubernetes' own API versions."""
IN_CLUSTER = """\
    # Before everything else, and never pruned: deleting a definition deletes every object of its kind.
    argocd.argoproj.io/sync-options: Prune=false
    argocd.argoproj.io/sync-wave: "-30"
"""
"""Annotations of a definition under `crds/` of a chart."""
METADATA = re.compile(r"^metadata:\n(  annotations:\n)?", re.MULTILINE)


def place_of(root: Path, source: CrdSource | Shipped) -> str:
    """The file of a group's definitions, relative to the root; none for a chart that is missing."""
    if source.chart and (root / "charts" / source.chart / "Chart.yaml").is_file():
        return f"charts/{source.chart}/crds/{source.group}.yaml"
    return f"{GENERATED}/{source.group}.yaml"


def generate(root: Path, run: Runner, toolbox: Toolbox) -> tuple[str, ...]:
    """Write the definitions of every group; returns the files that changed, relative to the root.

    Raises:
        BuildError: controller-gen could not be built, or failed.
    """
    return update(root, generated(root, run, toolbox), committed(root))


def committed(root: Path) -> tuple[str, ...]:
    """Every file that we wrote, relative to the root."""
    charts = {source.chart for source in (*SOURCES, *SHIPPED) if source.chart}
    patterns = (f"{GENERATED}/*.yaml", *(f"charts/{chart}/crds/*.yaml" for chart in sorted(charts)))
    patterns = (*patterns, LIFECYCLE)
    return tuple(path.relative_to(root).as_posix() for pattern in patterns for path in sorted(root.glob(pattern)))


def check(root: Path, run: Runner, toolbox: Toolbox) -> tuple[Problem, ...]:
    """Every committed file that is not what the pinned modules give; nothing is written.

    Raises:
        BuildError: as `generate`.
    """
    return tuple(
        Problem(
            where=path,
            fact="is not what the modules of tools/crds/go.mod give",
            hint="./inv crds",
            rule="crds.drift",
        )
        for path in outdated(root, generated(root, run, toolbox), committed(root))
    )


def in_place(root: Path, source: CrdSource | Shipped, text: str) -> tuple[str, str]:
    """File → text of a group's definitions; those under `crds/` of a chart get annotations for Argo CD."""
    path = place_of(root, source)
    if path.startswith("charts/"):
        text = METADATA.sub(f"metadata:\n  annotations:\n{IN_CLUSTER}", text)
    return path, text


def generated(root: Path, run: Runner, toolbox: Toolbox) -> Mapping[str, str]:
    """File, relative to the root → content: every group's definitions, and the lifecycle of Kubernetes' own kinds."""
    modules = required(read_text(root / FOLDER / "go.mod", f"{FOLDER}/go.mod"))
    from slipway.toolchain import compiling

    program = toolbox.path("controller-gen")
    environment = compiling.go_environment(toolbox.folder, toolbox.environ)
    go = compiling.find_go(toolbox)
    path = os.pathsep.join([str(go.parent), toolbox.environ.get("PATH", "")])
    shipped = dict(in_place(root, item, shipped_text(root, run, go, environment, item)) for item in SHIPPED)
    with tempfile.TemporaryDirectory(prefix="crds-") as scratch:
        run(command(root, program, Path(scratch), {**environment, "PATH": path}))
        made = dict(
            in_place(
                root,
                source,
                header(source, modules[source.module], toolbox.version("controller-gen"))
                + "".join(definitions(Path(scratch), source)),
            )
            for source in SOURCES
        )
        lifecycle = run(
            Command(argv=(str(go), "run", "./lifecycle"), cwd=root / FOLDER, env={**environment, "PATH": path})
        ).stdout
    return {**shipped, **made, LIFECYCLE: lifecycle}


def shipped_text(root: Path, run: Runner, go: Path, environment: Mapping[str, str], item: Shipped) -> str:
    """The definitions that a module ships, without descriptions.

    Raises:
        BuildError: the module cannot be downloaded.
    """
    version = required(read_text(root / item.folder / "go.mod", f"{item.folder}/go.mod"))[item.module]
    download = (str(go), "mod", "download", "-json", item.module)
    found = json.loads(run(Command(argv=download, cwd=root / item.folder, env=environment)).stdout)
    documents = [data for name in item.files for data in yaml.load_all(read_text(Path(found["Dir"]) / name))]
    head = (
        f"# From {item.module} {version}, its own files\n# without descriptions. `./inv crds` writes it; do not edit.\n"
    )
    return head + "".join(f"---\n{yaml.dump(described_less(document)).decode()}" for document in documents)


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


def command(root: Path, program: Path, output: Path, environment: Mapping[str, str]) -> Command:
    """One run of controller-gen over the packages of every source; it loads them with the Go of PATH."""
    packages = ";".join(f"{source.module}/{package}" for source in SOURCES for package in source.packages)
    return Command(
        argv=(str(program), "crd:maxDescLen=0", f"paths={packages}", f"output:crd:dir={output}"),
        cwd=root / FOLDER,
        env=environment,
    )


def definitions(folder: Path, source: CrdSource) -> tuple[str, ...]:
    """The documents of a group, in the order of their names; each starts with `---`."""
    prefix = f"{source.group}_"
    paths = sorted(folder.glob(f"{prefix}*.yaml"))
    plurals = {path.stem.removeprefix(prefix): path for path in paths}
    return tuple(
        with_conversion(path.read_text(encoding="utf-8"), source.converted.get(plural))
        for plural, path in plurals.items()
        if not source.plurals or plural in source.plurals
    )


def with_conversion(text: str, conversion: Conversion | None) -> str:
    """A definition with its `conversion` section."""
    return text if conversion is None else text.replace("\nspec:\n", f"\nspec:\n{conversion.text}", 1)


def header(source: CrdSource, version: str, generator: str) -> str:
    """The comment at the head of a generated file."""
    return (
        f"# Generated from {source.module} {version}\n"
        f"# by controller-gen {generator}, without descriptions. `./inv crds` writes it; do not edit.\n"
    )
