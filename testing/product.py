"""This repository as the platform's own tests see it, whoever runs it: what an operator adds or sets is not there.

An operator writes `values/` and settings, adds charts to umbrellas, and has numbers of his own. The tests have facts of their own
in `tests/values`, and know the members that the platform comes with; so none of them fails because of a fork.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from slipway.config import PYPROJECT, Config, edit
from slipway.config.load import build, read_table
from slipway.config.settings import PRODUCT, check
from slipway.context import Context, open_context
from slipway.core.model import Chart, ChartKind, ChartName, Workspace
from slipway.tools.git import Git
from slipway.tools.run import run_process
from slipway.versioning import changelog
from slipway.workspace import editing, removal
from slipway.workspace.chart_yaml import parse_chart
from slipway.workspace.editing import Change
from slipway.workspace.environment_folder import read_environments
from testing.workspaces import ROOT, load, text_of

FACTS = ROOT / "tests" / "values"
IDENTITY = {"user.name": "Reader", "user.email": "reader@example.org"}
FIRST = "1.0.0"
SETTINGS = """\
[tool.slipway]
registry = "embedded"
environments = ["staging", "production"]
source = "oci"
rolling-sync = false
kube-version = "1.37.0"
repository-url = "https://git.example.org/homelab/homelab.git"
"""
"""What an operator sets, as the tests have it; `tests/values` are the facts of these environments."""
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "argocd": ("argocd", "baseline"),
    "htpc": (
        "autobrr", "baseline", "flaresolverr", "jellyfin", "media", "prowlarr", "qbittorrent", "radarr", "scraparr",
        "sonarr",
    ),
    "infra": (
        "alertmanager", "alloy", "authelia", "baseline", "blackbox-exporter", "cert-manager", "cloudflared",
        "cloudnative-pg", "coredns", "crowdsec", "external-dns", "grafana", "jaeger", "kube-state-metrics",
        "local-path-provisioner", "loki", "metallb", "node-exporter", "prometheus", "sealed-secrets", "traefik",
    ),
    "utils": (
        "baseline", "homepage", "immich", "immich-postgres", "immich-valkey", "nextcloud", "nextcloud-postgres",
        "nextcloud-redis", "tandoor", "tandoor-postgres",
    ),
}  # fmt: skip
"""Umbrella → the members that the platform comes with. A new one gets its line here; a chart without one is the operator's."""


def product() -> Workspace:
    """The charts that the platform comes with, in the environments of the tests."""
    everything = load(ROOT)
    config = replace(product_config({}), root=ROOT / "tests")
    umbrellas = {name: without_own(everything.charts[ChartName(name)]) for name in MEMBERS}
    environments, problems = read_environments(config, set(umbrellas))
    assert not problems, text_of(problems)
    members = {dependency.name for umbrella in umbrellas.values() for dependency in umbrella.dependencies}
    charts = {
        name: umbrellas.get(name, chart)
        for name, chart in everything.charts.items()
        if name in umbrellas or name in members or chart.kind is ChartKind.LIBRARY
    }
    return replace(everything, charts=charts, environments=environments)


def own_members(umbrella: Chart) -> tuple[str, ...]:
    """What an operator added to an umbrella."""
    return tuple(entry.key for entry in umbrella.dependencies if entry.key not in MEMBERS[str(umbrella.name)])


def without_own(umbrella: Chart) -> Chart:
    """An umbrella without what an operator added to it."""
    if not (added := own_members(umbrella)):
        return umbrella
    text, values = (ROOT / umbrella.where).read_bytes(), umbrella.files["values.yaml"]
    for key in added:
        text = removal.remove_dependency(text, key, umbrella.where)
        values = removal.remove_key(values, key, f"{umbrella.folder}/values.yaml")
    return parse_chart(text, umbrella.folder, {**umbrella.files, "values.yaml": values}, umbrella.beside)


def product_context() -> Context:
    """The wiring over these charts, in these environments."""
    return replace(open_context(ROOT, os.environ, quiet=True), config=product_config(os.environ), edited=product())


def product_config(environ: Mapping[str, str]) -> Config:
    """The settings of this repository, with those of an operator from the tests."""
    own = tomllib.loads(SETTINGS)["tool"]["slipway"]
    table = {key: value for key, value in read_table(ROOT)[1].items() if key in PRODUCT}
    settings, problems = check({**table, **own}, environ)
    assert not problems, text_of(problems)
    return build(ROOT, PYPROJECT, settings)


def copy_product(root: Path, *names: str) -> Path:
    """Folders and files of this repository, by their paths in it, below another root, as `product` has them; returns it."""
    for name in names:
        source = FACTS if name == "values" else ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, root / name)
    if "pyproject.toml" in names:
        settings = root / "pyproject.toml"
        settings.write_text(edit.with_settings_of(settings.read_text(encoding="utf-8"), SETTINGS), encoding="utf-8")
    if {"charts", "umbrella"} <= {*names}:
        forget_operator(root)
    return root


def forget_operator(root: Path) -> None:
    """Take out the operator's charts, and let every chart be at its first release."""
    kept = product()
    for name, chart in load(ROOT).charts.items():
        if name not in kept.charts:
            shutil.rmtree(root / chart.folder)
            continue
        for key in own_members(chart) if chart.kind is ChartKind.UMBRELLA else ():
            values = root / chart.folder / "values.yaml"
            values.write_bytes(removal.remove_key(values.read_bytes(), key, chart.folder))
            (root / chart.where).write_bytes(
                removal.remove_dependency((root / chart.where).read_bytes(), key, chart.where)
            )
        begin(root / chart.folder)


def begin(folder: Path) -> None:
    """Put a chart at its first release."""
    path, log = folder / "Chart.yaml", folder / "CHANGELOG.md"
    text = re.sub(rb"(?m)^( *)version: .*$", rb"\g<1>version: " + FIRST.encode(), path.read_bytes())
    history = changelog.parse(log.read_text(encoding="utf-8"))
    if len(history.sections) > 1:
        oldest = replace(history.sections[-1], version=FIRST)
        log.write_text(changelog.render(replace(history, sections=(oldest,))), encoding="utf-8")
        items = changelog.items_of(log.read_text(encoding="utf-8"), FIRST)
        text = editing.set_changes(
            text, [Change(kind=str(one.kind), description=one.description) for one in items], str(path)
        )
    path.write_bytes(text)


def commit_product(root: Path) -> Git:
    """The working tree as the first commit of a repository, with what git would take and nothing that a release writes."""
    listed = Git(run=run_process, root=ROOT)("ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith(("deploy/", "values/", "charts/", "umbrella/")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    copy_product(root, "charts", "umbrella", "values", "pyproject.toml")
    git = Git(run=run_process, root=root)
    git("init", "--quiet", "--initial-branch=main")
    introduce(git)
    git("add", "--all")
    git("commit", "--quiet", "--message=Homelab")
    return git


def introduce(git: Git) -> None:
    """Tell git who commits."""
    for setting, value in IDENTITY.items():
        git("config", setting, value)


def equip(root: Path) -> None:
    """The programs and packages that are there already, under the checkout's own name."""
    (root / ".tools").mkdir(exist_ok=True)
    for made in (ROOT / ".tools").glob("*-*/"):
        if not (root / ".tools" / made.name).exists():
            (root / ".tools" / made.name).symlink_to(made)
    venv = root / ".venv"
    shutil.copytree(Path(sys.prefix) / ".slipway", venv / ".slipway")
    (venv / ".slipway" / "place").write_text(f"{root}\n", encoding="utf-8")
    for name in ("bin", "lib", "pyvenv.cfg"):
        (venv / name).symlink_to(Path(sys.prefix) / name)
