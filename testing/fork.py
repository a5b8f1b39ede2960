"""A fork: a clone of this repository whose operator wrote facts of another home, switched members off and added a service."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from slipway.config import load_config
from slipway.context import open_context
from slipway.core.model import ChartName
from slipway.registry import embedded
from slipway.registry.publish import publish_all
from slipway.tools.git import Git
from slipway.tools.process import free_port
from slipway.tools.run import Command, Completed, run_process
from slipway.versioning.levels import ChangeKind, Evidence, Level
from slipway.versioning.semver import next_version
from slipway.versioning.version import Bump, apply
from slipway.workspace import discover, graph
from testing.product import commit_product, equip, introduce

ENVIRONMENT = "home"
ANSWERS: Mapping[str, object] = {
    "environments": [ENVIRONMENT],
    "repository-url": "https://git.example.net/me/home.git",
    "registry": "embedded",
    "kube-version": "1.36.0",
    "domain": "casa.example.net",
    "tls": {"issuer": "letsencrypt-production"},
    "email": "me@example.net",
    "timezone": "America/Lima",
    "lan": {"cidr": "10.7.0.0/16"},
    "addressPool": "10.7.9.0/28",
    "ingressAddress": "10.7.9.3",
    "storage": {"class": "ceph-block"},
    "services": {"htpc": ["jellyfin", "prowlarr", "qbittorrent", "radarr", "scraparr", "sonarr"]},
}
"""Of a home with one environment, in which nobody uses two members."""
SERVICE = "bookshelf"
IMAGE = f"ghcr.io/example/bookshelf:1.4.0@sha256:{'1' * 64}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """The repository that releases of the platform come from, and the clone of it that runs a home."""

    folder: Path
    port: int

    @property
    def upstream(self) -> Path:
        """The platform's repository."""
        return self.folder / "platform"

    @property
    def root(self) -> Path:
        """The fork."""
        return self.folder / "homelab"

    @property
    def git(self) -> Git:
        """Of the fork."""
        return Git(run=run_process, root=self.root)

    @property
    def environ(self) -> Mapping[str, str]:
        """Variables of a task."""
        return {"SLIPWAY_REGISTRY_PORT": str(self.port)}

    def inv(self, *arguments: str) -> Completed:
        """A task in the fork, to its end."""
        argv = (str(self.root / "inv"), *arguments)
        return run_process(Command(argv=argv, cwd=self.root, env=self.environ, ok_codes=None, timeout_s=1800))

    def ok(self, *arguments: str) -> str:
        """The output of a task that must succeed."""
        done = self.inv(*arguments)
        assert done.code == 0, f"./inv {' '.join(arguments)}\n{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit everything in the fork."""
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")

    def settle(self) -> None:
        """The facts of this home in place of those that the platform comes with."""
        answers = self.folder / "answers.yaml"
        answers.write_text(json.dumps(ANSWERS), encoding="utf-8")
        self.ok("configure", "--answers", str(answers))

    def grow(self) -> str:
        """A service of its own."""
        return self.ok(
            "new", SERVICE, "--umbrella", "htpc", "--image", IMAGE, "--port", "8080", "--data", "/config:5Gi"
        )

    def publish(self) -> None:
        """Publish every chart as it is, without the checks of a release."""
        context = open_context(self.root, {**os.environ, **self.environ}, quiet=True)
        built, problems = context.builder().build(graph.order(context.workspace))
        assert problems == ()
        levels = graph.levels(context.workspace)
        publish_all(context.registry, [[built[name].archive for name in level] for level in levels])

    def upstream_takes(self, chart: str, tag: str, level: Level) -> str:
        """A commit of the platform: a newer image of one chart, and the versions that follow from it; returns its release's tag."""
        git = Git(run=run_process, root=self.upstream)
        values = self.upstream / "charts" / chart / "values.yaml"
        text, changed = re.subn(r"(?m)^( +tag: ).*$", rf"\g<1>{tag}", values.read_text(encoding="utf-8"), count=1)
        assert changed == 1
        values.write_text(text, encoding="utf-8")
        workspace = discover.load(load_config(self.upstream, {}))
        name = ChartName(chart)
        evidence = Evidence(level=level, kind=ChangeKind.CHANGED, fact=f"image {tag}")
        after: dict[ChartName, str] = {}
        bumps = []
        for each in (name, *graph.dependents(workspace, [name])):
            one = workspace.charts[each]
            after[each] = next_version(one.version, [one.version], level)
            edits = {entry.name: after[entry.name] for entry in one.dependencies if entry.name in after}
            bumps.append(
                Bump(
                    chart=each, folder=one.folder, before=one.version, after=after[each], level=level,
                    against=one.version, evidence=(evidence,), dependencies=edits, published=(one.version,),
                )
            )  # fmt: skip
        apply(self.upstream, bumps, date(2026, 12, 1))
        git("add", "--all")
        git("commit", "--quiet", f"--message=Take {chart} {tag}")
        release = f"v1.{len(git('tag', '--list').stdout.split()) + 1}.0"
        git("tag", release)
        return release

    def leave(self) -> None:
        """End what was started."""
        embedded.daemon_of(load_config(self.root, {**os.environ, **self.environ})).stop()


def forked(folder: Path) -> Fork:
    """A clone of the working tree, equipped with the programs of this checkout."""
    made = Fork(folder=folder, port=free_port())
    commit_product(made.upstream)
    Git(run=run_process, root=folder)("clone", "--quiet", "--origin", "upstream", str(made.upstream), str(made.root))
    introduce(made.git)
    equip(made.root)
    return made
