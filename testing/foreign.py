"""Monorepos that know nothing of this platform, made by `helm create` at the time of the test."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.context import Context, open_context
from slipway.registry import embedded
from slipway.tools.run import Command, Completed, run_process
from testing.faulty import unused_port
from testing.monorepo import Monorepo

LABELS = """\
{{- define "base.team" -}}
team: platform
{{- end -}}
"""
"""The template of a library chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A folder with charts and a slipway.toml, and the port of its registry."""

    repo: Monorepo
    port: int

    @property
    def root(self) -> Path:
        """Of the repository."""
        return self.repo.root

    @property
    def registry(self) -> str:
        """Where its charts are published."""
        return f"oci://127.0.0.1:{self.port}/charts"

    @property
    def environ(self) -> Mapping[str, str]:
        """This process's variables, with the registry's port and helm's folders below the repository's."""
        helm = {f"HELM_{name}_HOME": str(self.root.parent / "helm") for name in ("CACHE", "CONFIG", "DATA")}
        return {**os.environ, **helm, "SLIPWAY_REGISTRY_PORT": str(self.port)}

    def context(self) -> Context:
        """The wiring over the files as they are now."""
        return open_context(self.root, self.environ, quiet=True)

    def helm(self, *arguments: str) -> Completed:
        """Run the real helm in the repository; it must succeed."""
        return run_process(Command(argv=("helm", *arguments), cwd=self.root, env=self.environ))

    def create(self, *folders: str) -> None:
        """Charts as `helm create` makes them."""
        for folder in folders:
            (self.root / folder).parent.mkdir(parents=True, exist_ok=True)
            self.helm("create", folder)

    def library(self, folder: str) -> None:
        """A library chart with one named template, of what `helm create` makes."""
        self.create(folder)
        for path in sorted((self.root / folder / "templates").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (self.root / folder / "values.yaml").unlink()
        self.repo.replace(f"{folder}/Chart.yaml", "type: application", "type: library")
        self.repo.write(f"{folder}/templates/_team.tpl", LABELS)

    def depend(self, folder: str, name: str, repository: str, version: str = "0.1.0") -> None:
        """Add a dependency to a chart that has none yet."""
        entry = f'  - name: {name}\n    version: "{version}"\n    repository: {repository}\n'
        text = self.repo.read(f"{folder}/Chart.yaml")
        if "\ndependencies:\n" not in text:
            text += "dependencies:\n"
        self.repo.write(f"{folder}/Chart.yaml", text + entry)

    def use_library(self, folder: str) -> None:
        """Have the Service of a chart carry the library's label."""
        label = '  labels:\n    {{- include "base.team" . | nindent 4 }}\n'
        self.repo.replace(f"{folder}/templates/service.yaml", "  labels:\n", label)

    def stop(self) -> None:
        """End the registry."""
        embedded.daemon_of(self.context().config).stop()


@contextmanager
def foreign_in(folder: Path, settings: str = 'profile = "plain"\n') -> Iterator[Foreign]:
    """An empty monorepo in a folder, for the time of a block."""
    made = Foreign(repo=Monorepo(root=folder), port=unused_port())
    folder.mkdir(parents=True)
    made.repo.write("slipway.toml", settings)
    try:
        yield made
    finally:
        made.stop()
