"""Small charts around the real library, rendered by helm; each (chart, values) is rendered once a run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from slipway.build import schema
from slipway.build.render import Object, Renderer, Request
from slipway.util import cache
from testing.workspaces import ROOT

LIBRARY = ROOT / "charts" / "common"
TEMPLATE = '{{- include "common.all" . }}\n'
ROOT_SCHEMA = json.dumps({"$schema": schema.DRAFT_07, "$ref": "../common/schemas/values.json"})

MINIMAL = """
controllers:
  demo:
    containers:
      app:
        image: {repository: registry.test/demo, tag: 1.2.3}
"""
"""The smallest service; a test's values are merged over it by helm."""


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """What helm rendered, with the questions that tests ask."""

    items: tuple[Object, ...]

    def __iter__(self) -> Iterator[Object]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def titles(self) -> list[str]:
        """Kind and name of each, in helm's order."""
        return [item.title for item in self.items]

    def of(self, kind: str) -> list[Object]:
        """Every object of a kind."""
        return [item for item in self.items if item.kind == kind]

    def one(self, kind: str, name: str | None = None) -> Object:
        """The only object of a kind, or the one of a name."""
        found = [item for item in self.of(kind) if name is None or item.name == name]
        assert len(found) == 1, f"{kind} {name or ''}: {self.titles}"
        return found[0]

    def pod(self, kind: str = "Deployment") -> Mapping[str, object]:
        """The pod template of the only workload of a kind."""
        path = ("spec", "jobTemplate", "spec", "template") if kind == "CronJob" else ("spec", "template")
        made = self.one(kind).at(*path)
        assert isinstance(made, Mapping)
        return made

    def pod_spec(self, kind: str = "Deployment") -> Mapping[str, Any]:
        """The pod's spec of the only workload of a kind."""
        made = self.pod(kind)["spec"]
        assert isinstance(made, Mapping)
        return made

    def container(self, name: str = "app", kind: str = "Deployment") -> Mapping[str, Any]:
        """A container of the only workload of a kind, wherever the pod has it."""
        spec = self.pod_spec(kind)
        return next(
            item for key in ("containers", "initContainers") for item in spec.get(key, ()) if item["name"] == name
        )


@dataclass(frozen=True, kw_only=True)
class ChartFactory:
    """Makes charts around the library and renders them."""

    folder: Path
    renderer: Renderer
    made: dict[str, Path] = field(default_factory=dict)
    minimal: str = MINIMAL

    def chart(
        self,
        name: str = "demo",
        *,
        values: str = MINIMAL,
        version: str = "1.0.0",
        app_version: str = "1.2.3",
        members: Mapping[str, str] | None = None,
        own_schema: str = ROOT_SCHEMA,
        files: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> Path:
        """A chart with the library, with files of its own, and with other such charts when it has members (name → values)."""
        key = repr(
            (name, values, version, app_version, sorted((members or {}).items()), own_schema, files, annotations)
        )
        if key not in self.made:
            path = self.folder / f"{len(self.made)}" / name
            self._write(
                path,
                name,
                values=values,
                version=version,
                app_version=app_version,
                members=members or {},
                own=own_schema,
                annotations=annotations or {},
            )
            for place, text in (files or {}).items():
                (path / place).parent.mkdir(parents=True, exist_ok=True)
                (path / place).write_text(text)
            self.made[key] = path
        return self.made[key]

    def _write(
        self,
        path: Path,
        name: str,
        *,
        values: str,
        version: str,
        app_version: str,
        members: Mapping[str, str],
        own: str,
        annotations: Mapping[str, str],
    ) -> None:
        fragments = {item.name: item.read_bytes() for item in sorted((LIBRARY / "schemas").glob("*.json"))}
        (path / "templates").mkdir(parents=True)
        dependencies: list[dict[str, str]] = [{"name": "common", "version": "1.0.0", "repository": "file://../common"}]
        if members:
            dependencies = [
                {
                    "name": member,
                    "version": version,
                    "repository": f"file://../{member}",
                    "condition": f"{member}.enabled",
                }
                for member in sorted(members)
            ]
            schemas = {member: schema.bundle(own.encode(), fragments, member) for member in members}
            bundled = schema.umbrella_schema(schemas, fragments)
            for member, text in members.items():
                self._write(
                    path / "charts" / member,
                    member,
                    values=text,
                    version=version,
                    app_version=app_version,
                    members={},
                    own=own,
                    annotations={},
                )
        else:
            bundled = schema.bundle(own.encode(), fragments, name)
            (path / "templates" / "all.yaml").write_text(TEMPLATE)
            shutil.copytree(LIBRARY, path / "charts" / "common", ignore=shutil.ignore_patterns("*.md"))
        metadata = {"apiVersion": "v2", "name": name, "version": version, "appVersion": app_version}
        noted = {"annotations": dict(annotations)} if annotations else {}
        (path / "Chart.yaml").write_text(yaml.safe_dump({**metadata, **noted, "dependencies": dependencies}))
        (path / "values.yaml").write_text(values)
        (path / "values.schema.json").write_bytes(schema.to_json(bundled))

    def run(self, chart: Path, values: str, release: str, namespace: str) -> tuple[Rendering, str]:
        """The objects, and helm's error when it refused."""
        overlay = chart.parent / f"{cache.key_of(values)}.yaml"
        overlay.write_text(values)
        request = Request(
            chart=chart, digest=str(chart), release=release, namespace=namespace, values=(overlay,) if values else ()
        )
        done = self.renderer.render(request)
        return Rendering(items=done.objects), done.error
