"""Small monorepos, written into a folder: a library, services, umbrellas and two environments."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent

DRAFT_07 = "http://json-schema.org/draft-07/schema#"

SCHEMA = {
    "$schema": DRAFT_07,
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "global": {"$ref": "global.json"},
        "common": {"type": "object"},
        "enabled": {"type": "boolean", "description": "Whether the umbrella renders this chart."},
        "text": {"type": "string", "description": "Text of the ConfigMap."},
        "count": {"type": "integer", "description": "A number."},
    },
}

GLOBAL = {
    "$schema": DRAFT_07,
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "domain": {"type": "string", "description": "Parent of every host."},
        "timezone": {"type": "string", "description": "Time zone of every pod."},
    },
}

METADATA = """\
metadata:
  name: {{ .Chart.Name }}
  namespace: {{ .Release.Namespace }}
  labels:
    app.kubernetes.io/name: {{ .Chart.Name }}
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/managed-by: {{ .Release.Service }}
    app.kubernetes.io/part-of: tests
"""
"""What every object of these charts begins with, in a template."""

TEMPLATE = f"""\
{{{{- define "common.all" -}}}}
apiVersion: v1
kind: ConfigMap
{METADATA}data:
  text: {{{{ .Values.text | quote }}}}
  domain: {{{{ (.Values.global).domain | default "none" | quote }}}}
{{{{- end -}}}}
"""


def with_object(template: str, header: str, rest: str) -> str:
    """A template of the library with one object more for each chart: what is above its metadata, and what is below."""
    return template.replace("{{- end -}}", f"\n---\n{header}{METADATA}{rest}{{{{- end -}}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Monorepo:
    """A monorepo on disk that can be changed between two releases."""

    root: Path

    def write(self, path: str, text: str) -> None:
        """Write a file of the repository."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """Read a file of the repository."""
        return (self.root / path).read_text(encoding="utf-8")

    def replace(self, path: str, old: str, new: str) -> None:
        """Change one piece of a file; it must be there exactly once."""
        text = self.read(path)
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {path}"
        self.write(path, text.replace(old, new))

    def configure(self, **settings: object) -> None:
        """Write pyproject.toml with the pinned tools and these settings of `[tool.slipway]`."""
        lines = [f"{key.replace('_', '-')} = {json.dumps(value)}" for key, value in settings.items()]
        tools = ['helm = "v4.3.1"', 'ct = "v3.14.0"', 'kubeconform = "v0.8.0"', 'registry = "v3.1.2"']
        self.write("pyproject.toml", "\n".join(["[tool.slipway]", *lines, "", "[tool.slipway.tools]", *tools, ""]))

    def library(self, version: str = "1.0.0", template: str = TEMPLATE) -> None:
        """charts/common with one template."""
        self.chart_yaml("charts/common", {"name": "common", "version": version, "type": "library"})
        self.write("charts/common/templates/_all.tpl", template)
        self.write("charts/common/schemas/values.json", json.dumps(SCHEMA, indent=2))
        self.write("charts/common/schemas/global.json", json.dumps(GLOBAL, indent=2))
        self.write("charts/common/values.yaml", "{}\n")

    def service(self, name: str, version: str = "1.0.0", text: str = "hello", library: str = "1.0.0") -> None:
        """A service that renders one ConfigMap."""
        dependency = {"name": "common", "version": library, "repository": "file://../common"}
        self.chart_yaml(
            f"charts/{name}",
            {
                "name": name,
                "version": version,
                "appVersion": "1.0.0",
                "type": "application",
                "dependencies": [dependency],
            },
        )
        self.write(f"charts/{name}/values.yaml", f"text: {text}\n")
        self.write(f"charts/{name}/templates/all.yaml", '{{- include "common.all" . }}\n')
        schema = {"$schema": DRAFT_07, "$ref": "../common/schemas/values.json"}
        self.write(f"charts/{name}/values.schema.json", json.dumps(schema) + "\n")
        self.write(
            f"charts/{name}/CHANGELOG.md", f"# Changelog\n\n## [{version}] - 2026-01-01\n\n### Added\n\n- First.\n"
        )

    def umbrella(
        self, name: str, members: Sequence[str], version: str = "1.0.0", member_version: str = "1.0.0"
    ) -> None:
        """An umbrella of services at one version."""
        dependencies = [
            {
                "name": member,
                "version": member_version,
                "repository": f"file://../../charts/{member}",
                "condition": f"{member}.enabled",
            }
            for member in members
        ]
        self.chart_yaml(
            f"umbrella/{name}",
            {"name": name, "version": version, "type": "application", "dependencies": dependencies},
        )
        self.write(f"umbrella/{name}/values.yaml", "".join(f"{member}:\n  enabled: true\n" for member in members))
        self.write(
            f"umbrella/{name}/CHANGELOG.md", f"# Changelog\n\n## [{version}] - 2026-01-01\n\n### Added\n\n- First.\n"
        )

    def chart_yaml(self, folder: str, fields: dict[str, object]) -> None:
        """Chart.yaml with the fields every chart has."""
        head = {"apiVersion": "v2", **fields, "description": f"The {fields['name']} chart", "kubeVersion": ">=1.33.0-0"}
        self.write(f"{folder}/Chart.yaml", yaml.safe_dump(head, sort_keys=False))

    def environment(self, name: str, domain: str) -> None:
        """values/<name>/platform.yaml."""
        self.write(f"values/{name}/platform.yaml", f"domain: {domain}\ntimezone: UTC\n")

    def copy(self, target: Path) -> Monorepo:
        """The same repository in another folder, without what was built."""
        shutil.copytree(self.root, target, ignore=shutil.ignore_patterns("build", ".registry", ".tools"))
        return Monorepo(root=target)


def small(root: Path, services: Sequence[str] = ("radarr", "sonarr"), umbrella: str = "htpc") -> Monorepo:
    """A library, a few services, one umbrella, staging and production."""
    repo = Monorepo(root=root)
    repo.configure()
    repo.library()
    for name in services:
        repo.service(name)
    repo.umbrella(umbrella, services)
    repo.environment("staging", "staging.example.org")
    repo.environment("production", "example.org")
    return repo


def values_of_one(name: str) -> str:
    """The values of a real service under another name, which knows none of its neighbours."""
    text = (ROOT / "charts/sonarr/values.yaml").read_text(encoding="utf-8")
    alone = "".join(line for line in text.splitlines(keepends=True) if "{app: " not in line)
    # The type of a widget is a word of the start page.
    return alone.replace("sonarr", name).replace(f"type: {name}", "type: sonarr")


def large(root: Path, services: int, per_umbrella: int = 10) -> Monorepo:
    """A monorepo of real charts: the real library, and services with the values of a real one under other names."""
    repo = Monorepo(root=root)
    repo.configure()
    shutil.copytree(ROOT / "charts/common", root / "charts/common", ignore=shutil.ignore_patterns("charts"))
    # The definitions of Traefik's objects are not copied, so routes are plain Ingress objects.
    repo.replace("charts/common/values.yaml", "    kind: IngressRoute\n", "    kind: Ingress\n")
    version = yaml.safe_load(repo.read("charts/common/Chart.yaml"))["version"]
    names = [f"service-{number:03d}" for number in range(services)]
    for name in names:
        repo.service(name, library=version)
        repo.write(f"charts/{name}/values.yaml", values_of_one(name))
        schema = (ROOT / "charts/sonarr/values.schema.json").read_text(encoding="utf-8").replace("sonarr", name)
        repo.write(f"charts/{name}/values.schema.json", schema)
    for start in range(0, services, per_umbrella):
        members = names[start : start + per_umbrella]
        # One member of a namespace prunes the repository of its backups.
        keeper = f"charts/{members[0]}/values.yaml"
        repo.replace(keeper, "\nbackup:\n", "\nbackup:\n  repository: {method: retention}\n")
        repo.umbrella(f"namespace-{start // per_umbrella:02d}", members)
    for environment in ("staging", "production"):
        shutil.copytree(
            ROOT / f"tests/values/{environment}",
            root / f"values/{environment}",
            ignore=lambda _, found: [f for f in found if f != "platform.yaml"],
        )
    return repo
