"""The files of a new chart. Pure: facts in, texts out.

The texts are written by hand, not dumped, so that a new chart reads like the others: comments where it differs from what
one expects, short mappings on one line.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from slipway.core.model import Chart
from slipway.workspace.editing import quoted, scalar
from slipway.workspace.value_edits import MODELINE

DRAFT_07 = "http://json-schema.org/draft-07/schema#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A volume that outlives its pod."""

    name: str
    path: str
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a new chart is made from."""

    name: str
    umbrella: str
    repository: str
    tag: str
    digest: str
    """Empty when it is not known."""
    port: int
    health: str
    """Path, or `tcp`."""
    claims: tuple[Claim, ...]
    app_version: str
    description: str
    title: str
    group: str
    """Of the start page."""
    library: Chart
    version: str = "1.0.0"


def chart_files(facts: Facts) -> dict[str, bytes]:
    """Path → content, without the changelog."""
    reference = {"$schema": DRAFT_07, "$ref": f"../{facts.library.folder.rpartition('/')[2]}/schemas/values.json"}
    files = {
        "Chart.yaml": chart_yaml(facts),
        "values.yaml": values_yaml(facts),
        "values.schema.json": json.dumps(reference, indent=2) + "\n",
        "templates/all.yaml": f'{{{{- include "{facts.library.name}.all" . }}}}\n',
        "ci/ingress-values.yaml": "# The other kind of route.\nglobal:\n  route:\n    kind: Ingress\n",
    }
    return {path: text.encode("utf-8") for path, text in files.items()}


def chart_yaml(facts: Facts) -> str:
    """Chart.yaml."""
    kube = facts.library.metadata.get("kubeVersion")
    lines = [
        "apiVersion: v2",
        f"name: {scalar(facts.name)}",
        f"description: {scalar(facts.description)}",
        "type: application",
        f"version: {facts.version}",
        f"appVersion: {quoted(facts.app_version)}",
        *([f"kubeVersion: {json.dumps(str(kube))}"] if kube else []),
        *exceptions(facts),
        "dependencies:",
        f"  - name: {facts.library.name}",
        f"    version: {facts.library.version}",
        f"    repository: file://../{facts.library.folder.rpartition('/')[2]}",
    ]
    return "\n".join(lines) + "\n"


def exceptions(facts: Facts) -> list[str]:
    """What the contract of every chart asks for and this one does not have yet."""
    if facts.digest:
        return []
    return ["annotations:", '  slipway.homelab/exception.image: "app: the digest of its image is not known yet"']


def values_yaml(facts: Facts) -> str:
    """values.yaml: one workload, its Service, its route, its volumes, and the edges of its network."""
    return "\n".join(
        [
            f"{MODELINE}values.schema.json",
            *controllers(facts),
            *("service:", f"  {scalar(facts.name)}:", "    ports:", f"      http: {{port: {facts.port}}}"),
            *("route:", f"  {scalar(facts.name)}:", f'    host: "{facts.name}.{{{{ .Values.global.domain }}}}"'),
            "    access: internal",
            *persistence(facts.claims),
            "network:",
            "  # Everything else is refused, except asking the cluster's DNS.",
            "  ingress:",
            "    traefik: {from: {peer: traefik}, ports: [http], purpose: web interface}",
            *("dashboard:", f"  name: {scalar(facts.title)}", f"  group: {scalar(facts.group)}"),
            *(f"  icon: {scalar(f'{facts.name}.svg')}", f"  description: {scalar(facts.description)}"),
            *backup(facts.claims),
            "",
        ]
    )


def controllers(facts: Facts) -> list[str]:
    """The workload with one container."""
    lines = ["controllers:", f"  {scalar(facts.name)}:"]
    if facts.claims:
        lines += ["    # A volume for one node: never two writers.", "    strategy: Recreate"]
    lines += [
        "    containers:",
        "      app:",
        "        image:",
        f"          repository: {scalar(facts.repository)}",
        f"          tag: {scalar(facts.tag)}",
        *([f"          digest: {facts.digest}"] if facts.digest else []),
        "        env:",
        '          TZ: "{{ .Values.global.timezone }}"',
        "        probes:",
        *(f"          {kind}: {probe(facts.health)}" for kind in ("startup", "liveness", "readiness")),
        "        resources:",
        "          requests: {cpu: 25m, memory: 128Mi}",
        "          limits: {memory: 512Mi}",
    ]
    return lines


def probe(health: str) -> str:
    """One probe on one line; its times are the library's."""
    how = "tcp: true" if health == "tcp" else f"path: {scalar(health)}"
    return f"{{{how}, port: http}}"


def persistence(claims: Sequence[Claim]) -> list[str]:
    """The volumes, and and /tmp, which most programs write to."""
    lines = ["persistence:"]
    for claim in claims:
        lines += [f"  {scalar(claim.name)}:", f"    size: {scalar(claim.size)}", "    mounts:"]
        lines += [f"      app: [{{path: {scalar(claim.path)}}}]"]
    return [
        *lines,
        *("  tmp:", "    type: emptyDir", "    sizeLimit: 256Mi", "    mounts:", "      app: [{path: /tmp}]"),
    ]


def backup(claims: Sequence[Claim]) -> list[str]:
    """Every volume is saved by its files until somebody knows better."""
    if not claims:
        return []
    entries = (f"  {scalar(claim.name)}: {{persistence: {scalar(claim.name)}, method: files}}" for claim in claims)
    return ["backup:", *entries]
