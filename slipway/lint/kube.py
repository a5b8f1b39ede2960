"""Rendered objects against the schemas of Kubernetes and of the custom resources, strictly and with no network.

The Kubernetes schemas are the data of the package kubernetes-validate, in its closed form; those of custom resources come
from the definitions that the repository holds: `charts/*/crds/` and `tools/crds/generated/`. Each kind that is rendered
gets one file of its own under build/cache, with everything that it refers to inside, because the package's references
are addresses on the network.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.build.cases import merged
from slipway.build.documents import SPLIT
from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.tools.kubeconform import Finding, Kubeconform
from slipway.util import cache, yaml
from slipway.util.files import read_text, write_atomic

FORMAT = 2
"""Raised when the schemas would be written in another way."""

DEFINITION_FILES = ("charts/*/crds/*.yaml", "tools/crds/generated/*.yaml")
PLACE = re.compile(r"- (at '.*?': .+?)(?=\s+- at '|\n|$)")
"""One error of kubeconform's message."""

REFERENCE = re.compile(r"^.*#/(?:\$defs|definitions)/")

Gvk = tuple[str, str, str]
"""Group, version, kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """The objects of one render, and what they are called in errors."""

    chart: str
    folders: Mapping[str, str]
    """Chart as its templates are called by helm → folder in the repository."""
    label: str
    """With which values."""
    objects: tuple[Object, ...]

    def where(self, item: Object | None) -> str:
        """The folder of the chart whose template made an object."""
        maker = item.source.rpartition("/charts/")[2].partition("/")[0] if item is not None else self.chart
        return self.folders.get(maker, self.folders.get(self.chart, self.chart))

    @property
    def said(self) -> str:
        """Which render it is."""
        return f"rendered {self.chart} with {self.label}"


def gvk_of(item: Object) -> Gvk:
    """Group, version and kind of an object."""
    group, _, version = item.api_version.rpartition("/")
    return group, version, item.kind


def file_name(gvk: Gvk) -> str:
    """As kubeconform fills in its template; the core group is called like its version there."""
    group, version, kind = gvk
    return f"{kind.lower()}-{group or version}-{version}.json"


TEMPLATE = "{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}.json"


def definition_files(root: Path) -> tuple[Path, ...]:
    """The files with custom resource definitions."""
    return tuple(path for pattern in DEFINITION_FILES for path in sorted(root.glob(pattern)))


def schema_folder(root: Path, folder: Path, kube_version: str) -> Path:
    """Where the schemas for this repository's definitions and Kubernetes version are kept."""
    parts = [part for path in definition_files(root) for part in (path.name, path.read_bytes())]
    return folder / f"{kube_version}-{cache.key_of(FORMAT, *parts)[:16]}"


def write_schemas(root: Path, target: Path, kube_version: str, wanted: Iterable[Gvk]) -> tuple[Gvk, ...]:
    """Make the schema of each kind that has none yet.

    Returns:
        The kinds that nothing describes.
    """
    missing = sorted(gvk for gvk in set(wanted) if not (target / file_name(gvk)).is_file())
    if not missing:
        return ()
    known = {**kubernetes_schemas(kube_version), **custom_schemas(root, {kind for _, _, kind in missing})}
    for gvk in missing:
        if gvk in known:
            write_atomic(target / file_name(gvk), json.dumps(known[gvk]()).encode())
    return tuple(gvk for gvk in missing if gvk not in known)


class _Kubernetes:
    """One kind of Kubernetes' own, bundled when it is asked for."""

    def __init__(self, definitions: Mapping[str, object], name: str) -> None:
        self.definitions, self.name = definitions, name

    def __call__(self) -> object:
        """The kind's schema with every definition that it reaches."""
        reached: dict[str, object] = {}
        queue = [self.name]
        while queue:
            name = queue.pop()
            if name not in reached:
                reached[name] = inline(self.definitions[name], queue)
        return {"$ref": f"#/definitions/{self.name}", "definitions": reached}


class _Custom:
    """One version of a custom resource."""

    def __init__(self, schema: Mapping[str, object]) -> None:
        self.schema = schema

    def __call__(self) -> object:
        """The definition's schema, closed, with the fields that every object has."""
        own = self.schema.get("properties")
        fields = dict(own) if isinstance(own, Mapping) else {}
        text = {"type": "string"}
        base = {"apiVersion": text, "kind": text, "metadata": {"type": "object"}}
        return close({**self.schema, "properties": {**fields, **base}})


def inline(node: object, queue: list[str]) -> object:
    """A definition whose references stay in the file; their names are added to the queue."""
    if isinstance(node, list):
        return [inline(item, queue) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: inline(value, queue) for key, value in node.items()}
    if isinstance(target := node.get("$ref"), str):
        name = REFERENCE.sub("", target)
        queue.append(name)
        made["$ref"] = f"#/definitions/{name}"
    return made


def kubernetes_schemas(kube_version: str) -> dict[Gvk, _Kubernetes | _Custom]:
    """Every kind of a Kubernetes version; none when the package does not have the version."""
    spec = importlib.util.find_spec("kubernetes_validate")
    places = spec.submodule_search_locations if spec is not None else None
    for place in places or ():
        path = Path(place) / "kubernetes-json-schema" / f"v{kube_version}-local-strict" / "_definitions.json"
        if path.is_file():
            data = json.loads(path.read_bytes())
            definitions = data.get("$defs") or data.get("definitions") or {}
            return {
                (str(gvk["group"]), str(gvk["version"]), str(gvk["kind"])): _Kubernetes(definitions, name)
                for name, definition in definitions.items()
                for gvk in definition.get("x-kubernetes-group-version-kind", ())
            }
    return {}


def custom_schemas(root: Path, kinds: Iterable[str]) -> dict[Gvk, _Kubernetes | _Custom]:
    """Every version of the repository's definitions of these kinds."""
    found: dict[Gvk, _Kubernetes | _Custom] = {}
    # Reading every definition takes half a second, and few are asked for.
    names = "|".join(map(re.escape, sorted(kinds)))
    named = re.compile(rf"""\bkind["']?[ \t]*:[ \t]*["']?(?:{names})\b""")
    for path in definition_files(root):
        texts = [text for text in SPLIT.split(read_text(path, path.relative_to(root).as_posix())) if named.search(text)]
        for document in (document for text in texts for document in yaml.load_all(text)):
            if not isinstance(document, dict) or document.get("kind") != "CustomResourceDefinition":
                continue
            spec = document["spec"]
            for version in spec["versions"]:
                gvk = (str(spec["group"]), str(version["name"]), str(spec["names"]["kind"]))
                found[gvk] = _Custom(version.get("schema", {}).get("openAPIV3Schema", {}))
    return found


def close(node: object) -> object:
    """A schema whose objects refuse unknown fields, and whose extensions are told in JSON schema's own words."""
    if isinstance(node, list):
        return [close(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: value if key in {"default", "enum", "example"} else close(value) for key, value in node.items()}
    if node.get("x-kubernetes-int-or-string") is True:
        closed = {key: value for key, value in closed.items() if key not in {"type", "anyOf"}}
        return {**closed, "type": ["integer", "string"]}
    properties = node.get("properties")
    named = isinstance(properties, dict) and all(isinstance(value, dict) for value in properties.values())
    if named and "additionalProperties" not in node and not node.get("x-kubernetes-preserve-unknown-fields"):
        closed["additionalProperties"] = False
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        closed["type"] = [node["type"], "null"]
    return closed


def check(
    kubeconform: Kubeconform, cases: Sequence[Manifests], *, root: Path, folder: Path, kube_version: str, scratch: Path
) -> tuple[Problem, ...]:
    """Every object that does not fit its schema, or has none; one process for all, equal objects once.

    Args:
        kubeconform: the pinned program.
        cases: what was rendered.
        root: of the workspace, for its custom resource definitions.
        folder: where schemas are kept.
        kube_version: whose schemas.
        scratch: an empty folder for the input files.
    """
    target = schema_folder(root, folder, kube_version)
    unknown = set(write_schemas(root, target, kube_version, {gvk_of(item) for case in cases for item in case.objects}))
    seen: set[str] = set()
    files: dict[str, Manifests] = {}
    found: list[Problem] = []
    for index, case in enumerate(cases):
        texts = []
        for item in case.objects:
            key = f"{case.said} {item.title}" if gvk_of(item) in unknown else item.text
            if key in seen:
                continue
            seen.add(key)
            if gvk_of(item) in unknown:
                found.append(unknown_kind(case, item))
            else:
                texts.append(item.text)
        if texts:
            path = scratch / f"{index:04d}.yaml"
            path.write_text("---\n".join(texts), encoding="utf-8")
            files[str(path)] = case
    if files:
        findings = kubeconform.validate([Path(name) for name in files], [f"{target}/{TEMPLATE}"])
        # It works on several files at once, and says what it has found first.
        findings = tuple(sorted(findings, key=lambda finding: (list(files).index(finding.file), finding.object)))
        found += [misfit(files[finding.file], finding) for finding in findings]
    return merged(found)


def misfit(case: Manifests, finding: Finding) -> Problem:
    """An object that does not fit its schema."""
    said = PLACE.findall(finding.message) or [" ".join(finding.message.split())]
    return Problem(
        where=case.where(next((item for item in case.objects if item.title == finding.object), None)),
        fact=f"{finding.object} does not fit its schema: {'; '.join(said)}",
        evidence=(case.said,),
        rule="object.schema",
    )


def unknown_kind(case: Manifests, item: Object) -> Problem:
    """An object of a kind that nothing describes."""
    return Problem(
        where=case.where(item),
        fact=f"{item.title}: nothing describes {item.kind} of {item.api_version}",
        evidence=(case.said,),
        hint="put its definition into crds/ of the chart that owns it, or under tools/crds (./inv crds)",
        rule="object.unknown-kind",
    )
