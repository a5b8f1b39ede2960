"""Rendered objects against the schemas of custom resources and of every Kubernetes version that their chart supports."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slipway.build.cases import merged
from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.core.rules import Rule
from slipway.lint.api_removal import next_minor, removals
from slipway.lint.kube_schemas import TEMPLATE, Gvk, Schemas, gvk_of
from slipway.lint.kube_versions import minor, spelled_out, supports
from slipway.tools.kubeconform import Finding, Kubeconform
from slipway.util import parallel
from slipway.versioning.levels import numbers

SCHEMA = Rule("object.schema", "A rendered object is valid under the schema of its kind.")
UNKNOWN_KIND = Rule("object.unknown-kind", "The kind of every rendered object has a schema.")
NOT_SERVED = Rule(
    "object.not-served", "Every Kubernetes version that a chart supports serves the API versions of its objects."
)
REMOVED_NEXT = Rule(
    "object.removed-next", "No object has an API version that the next minor version of Kubernetes does not serve."
)

ERROR = re.compile(r"- (at '.*?': .+?)(?=\s+- at '|\n|$)")
"""One error in a message of kubeconform."""
THREADS = 2
"""kubeconform processes at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """The objects of one render, and its name in messages."""

    chart: str
    folders: Mapping[str, str]
    """Chart, as helm names it in the paths of its templates → folder in the repository."""
    label: str
    """Names the set of values."""
    objects: tuple[Object, ...]
    kube_range: str = ""
    """`kubeVersion` of the chart; one without it claims nothing, and is validated for the configured version alone."""

    def where(self, item: Object | None) -> str:
        """The folder of the chart whose template rendered an object."""
        chart = item.source.rpartition("/charts/")[2].partition("/")[0] if item is not None else self.chart
        return self.folders.get(chart, self.folders.get(self.chart, self.chart))

    def supports(self, version: str) -> bool:
        """Whether the chart says so of a Kubernetes version."""
        return bool(self.kube_range) and supports(self.kube_range, version)

    @property
    def title(self) -> str:
        """The render as evidence."""
        return f"rendered {self.chart} with {self.label}"


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with an object in one Kubernetes version."""

    problem: Problem
    version: str
    """Empty when the version does not matter."""


def schema_problems(
    kubeconform: Kubeconform,
    renders: Sequence[Manifests],
    *,
    schemas: Schemas,
    versions: Sequence[str],
    scratch: Path,
) -> tuple[Problem, ...]:
    """Objects that violate their schema or have none; one process for each version, equal objects once.

    Args:
        kubeconform: the pinned program.
        renders: the rendered objects.
        schemas: of the workspace's kinds.
        versions: of Kubernetes; the first is asked about every object, another one about the kinds whose schema differs
            from that of the first, in the charts that support it.
        scratch: an empty folder for the input files.
    """
    kinds = {gvk_of(item) for manifests in renders for item in manifests.objects}
    first, *others = versions
    versions = (first, *(version for version in others if any(one.supports(version) for one in renders)))
    for version in versions:
        schemas.write(version, kinds)
    served = {kind: tuple(version for version in versions if schemas.has(version, kind)) for kind in kinds}

    def of_version(version: str) -> list[Violation]:
        asked = kinds if version == first else {kind for kind in kinds if schemas.differs(version, first, kind)}
        chosen = renders if version == first else [one for one in renders if one.supports(version)]
        return list(
            violations(
                kubeconform,
                chosen,
                asked=asked,
                served=served,
                schemas=schemas,
                version=version,
                scratch=scratch / version,
            )
        )

    found = [Violation(problem, "") for problem in removed_next(renders, minor(max(versions, key=numbers)))]
    found += [violation for each in parallel.each(of_version, versions, THREADS) for violation in each]
    return merged(once_for_all_versions(found, versions))


def once_for_all_versions(found: Iterable[Violation], versions: Sequence[str]) -> Iterator[Problem]:
    """The same fact in several versions is one problem, which names them.

    A violation in the first version names none: the others were not asked where their schema is the same.
    """
    together: dict[Problem, list[str]] = {}
    for violation in found:
        together.setdefault(violation.problem, []).append(violation.version)
    for problem, seen in together.items():
        if "" in seen or (versions[0] in seen and problem.rule == SCHEMA.identifier):
            yield problem
        else:
            yield replace(problem, fact=f"{problem.fact} in Kubernetes {spelled_out(list(map(minor, seen)))}")


def violations(
    kubeconform: Kubeconform,
    renders: Sequence[Manifests],
    *,
    asked: Collection[Gvk],
    served: Mapping[Gvk, Sequence[str]],
    schemas: Schemas,
    version: str,
    scratch: Path,
) -> Iterator[Violation]:
    """The objects of some kinds in one version."""
    seen: set[str] = set()
    files: dict[str, Manifests] = {}
    for index, manifests in enumerate(renders):
        texts = []
        for item in manifests.objects:
            kind = gvk_of(item)
            if kind not in asked:
                continue
            if version not in served[kind]:
                yield without_schema(manifests, item, served[kind], version)
            elif item.text not in seen:
                seen.add(item.text)
                texts.append(item.text)
        if texts:
            path = scratch / f"{index:04d}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text("---\n".join(texts), encoding="utf-8")
            files[str(path)] = manifests
    if files:
        findings = kubeconform.validate([Path(name) for name in files], [f"{schemas.folder_of(version)}/{TEMPLATE}"])
        # kubeconform validates several files at once, and reports them in any order.
        order = {name: index for index, name in enumerate(files)}
        for finding in sorted(findings, key=lambda finding: (order[finding.file], finding.object)):
            yield Violation(invalid_object(files[finding.file], finding), version)


def invalid_object(manifests: Manifests, finding: Finding) -> Problem:
    """An object that violates its schema."""
    errors = ERROR.findall(finding.message) or [" ".join(finding.message.split())]
    return SCHEMA.problem(
        where=manifests.where(next((item for item in manifests.objects if item.title == finding.object), None)),
        fact=f"{finding.object} violates its schema: {'; '.join(errors)}",
        evidence=(manifests.title,),
    )


def removed_next(renders: Iterable[Manifests], newest: str) -> Iterator[Problem]:
    """Objects whose API version ends with the minor version after `newest`."""
    upcoming = next_minor(newest)
    for manifests in renders:
        for item in manifests.objects:
            end = removals().get(gvk_of(item))
            if end is not None and end.removed == upcoming:
                yield REMOVED_NEXT.problem(
                    where=manifests.where(item),
                    fact=f"{item.title}: Kubernetes {upcoming} does not serve {item.kind} of {item.api_version}",
                    evidence=(*((f"deprecated since {end.deprecated}",) if end.deprecated else ()), manifests.title),
                    hint=f"use {end.replacement}" if end.replacement else "",
                )


def without_schema(manifests: Manifests, item: Object, served: Sequence[str], version: str) -> Violation:
    """An object whose kind has no schema, in any version or in this one."""
    if served:
        problem = NOT_SERVED.problem(
            where=manifests.where(item),
            fact=f"{item.title}: there is no {item.kind} of {item.api_version}",
            evidence=(f"there is in Kubernetes {spelled_out(sorted(map(minor, served)))}", manifests.title),
            hint="use an API version that they all have, or narrow kubeVersion in Chart.yaml",
        )
        return Violation(problem, version)
    problem = UNKNOWN_KIND.problem(
        where=manifests.where(item),
        fact=f"{item.title}: there is no schema for {item.kind} of {item.api_version}",
        evidence=(manifests.title,),
        hint="add its definition to crds/ of the chart that owns it, or to tools/crds (./inv crds)",
    )
    return Violation(problem, "")
