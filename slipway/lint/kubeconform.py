"""Rendered objects against the schemas of Kubernetes and of custom resources."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.build.cases import merged
from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.core.rules import Rule
from slipway.lint.kube_schemas import TEMPLATE, gvk_of, schema_folder, write_schemas
from slipway.tools.kubeconform import Finding, Kubeconform

SCHEMA = Rule("object.schema", "A rendered object is valid under the schema of its kind.")
UNKNOWN_KIND = Rule("object.unknown-kind", "The kind of every rendered object has a schema.")

ERROR = re.compile(r"- (at '.*?': .+?)(?=\s+- at '|\n|$)")
"""One error in a message of kubeconform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """The objects of one render, and its name in messages."""

    chart: str
    folders: Mapping[str, str]
    """Chart, as helm names it in the paths of its templates → folder in the repository."""
    label: str
    """Names the set of values."""
    objects: tuple[Object, ...]

    def where(self, item: Object | None) -> str:
        """The folder of the chart whose template rendered an object."""
        chart = item.source.rpartition("/charts/")[2].partition("/")[0] if item is not None else self.chart
        return self.folders.get(chart, self.folders.get(self.chart, self.chart))

    @property
    def title(self) -> str:
        """The render as evidence."""
        return f"rendered {self.chart} with {self.label}"


def schema_problems(
    kubeconform: Kubeconform,
    renders: Sequence[Manifests],
    *,
    root: Path,
    folder: Path,
    kube_version: str,
    scratch: Path,
) -> tuple[Problem, ...]:
    """Objects that violate their schema or have none; one process for all renders, equal objects once.

    Args:
        kubeconform: the pinned program.
        renders: the rendered objects.
        root: of the workspace, for its custom resource definitions.
        folder: cache of the schemas.
        kube_version: version of the Kubernetes schemas.
        scratch: an empty folder for the input files.
    """
    target = schema_folder(root, folder, kube_version)
    kinds = {gvk_of(item) for manifests in renders for item in manifests.objects}
    unknown = set(write_schemas(root, target, kube_version, kinds))
    seen: set[str] = set()
    files: dict[str, Manifests] = {}
    found: list[Problem] = []
    for index, manifests in enumerate(renders):
        texts = []
        for item in manifests.objects:
            has_schema = gvk_of(item) not in unknown
            key = item.text if has_schema else f"{manifests.title} {item.title}"
            if key in seen:
                continue
            seen.add(key)
            if has_schema:
                texts.append(item.text)
            else:
                found.append(unknown_kind(manifests, item))
        if texts:
            path = scratch / f"{index:04d}.yaml"
            path.write_text("---\n".join(texts), encoding="utf-8")
            files[str(path)] = manifests
    if files:
        findings = kubeconform.validate([Path(name) for name in files], [f"{target}/{TEMPLATE}"])
        # kubeconform validates several files at once, and reports them in any order.
        order = {name: index for index, name in enumerate(files)}
        findings = tuple(sorted(findings, key=lambda finding: (order[finding.file], finding.object)))
        found += [invalid_object(files[finding.file], finding) for finding in findings]
    return merged(found)


def invalid_object(manifests: Manifests, finding: Finding) -> Problem:
    """An object that violates its schema."""
    errors = ERROR.findall(finding.message) or [" ".join(finding.message.split())]
    return SCHEMA.problem(
        where=manifests.where(next((item for item in manifests.objects if item.title == finding.object), None)),
        fact=f"{finding.object} violates its schema: {'; '.join(errors)}",
        evidence=(manifests.title,),
    )


def unknown_kind(manifests: Manifests, item: Object) -> Problem:
    """An object whose kind has no schema."""
    return UNKNOWN_KIND.problem(
        where=manifests.where(item),
        fact=f"{item.title}: there is no schema for {item.kind} of {item.api_version}",
        evidence=(manifests.title,),
        hint="add its definition to crds/ of the chart that owns it, or to tools/crds (./inv crds)",
    )
