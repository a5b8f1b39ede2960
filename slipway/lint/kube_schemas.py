"""The schemas of Kubernetes and of custom resources as files for kubeconform, strict and without network access.

The Kubernetes schemas are the data of the package kubernetes-validate, in its strict form; those of custom resources come
from the definitions in the repository: `charts/*/crds/` and `tools/crds/generated/`. Each rendered kind gets one
self-contained file under build/cache, because the references of the package are URLs.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from slipway.build.documents import SPLIT, data_of
from slipway.build.render import Object
from slipway.util import cache, yaml
from slipway.util.files import clear_way, read_text, remove, write_atomic
from slipway.util.mapping import dig, listing

FORMAT = 3
"""Part of the cache's key: raised when the files change for the same sources."""

DEFINITION_FILES = ("charts/*/crds/*.yaml", "tools/crds/generated/*.yaml")
VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)-")
REFERENCE = re.compile(r"^.*#/(?:\$defs|definitions)/")

Gvk = tuple[str, str, str]
"""Group, version, kind."""

MakeSchema = Callable[[], object]
"""Makes the schema of a kind, which is only done for kinds that are rendered."""

TEMPLATE = "{{ .ResourceKind }}-{{ .Group }}-{{ .ResourceAPIVersion }}.json"
"""`file_name` as a template for kubeconform."""


def gvk_of(item: Object) -> Gvk:
    """Group, version and kind of an object."""
    group, _, version = item.api_version.rpartition("/")
    return group, version, item.kind


def file_name(gvk: Gvk) -> str:
    """The file of a kind; kubeconform's Group is the version for the core group."""
    group, version, kind = gvk
    return f"{kind.lower()}-{group or version}-{version}.json"


def definition_files(root: Path) -> tuple[Path, ...]:
    """The files with custom resource definitions."""
    return tuple(path for pattern in DEFINITION_FILES for path in sorted(root.glob(pattern)))


@dataclass(frozen=True, kw_only=True)
class Schemas:
    """The schema files of a workspace's kinds, a folder for each Kubernetes version."""

    root: Path
    """Of the workspace, for its custom resource definitions."""
    folder: Path
    """The cache."""
    parsed: dict[frozenset[str], Mapping[Gvk, MakeSchema]] = field(default_factory=dict, repr=False)

    @cached_property
    def definitions(self) -> str:
        """The digest of this repository's custom resource definitions."""
        parts = [part for path in definition_files(self.root) for part in (path.name, path.read_bytes())]
        return cache.key_of(FORMAT, *parts)[:16]

    def folder_of(self, version: str) -> Path:
        """The files of a Kubernetes version."""
        return self.folder / f"{version}-{self.definitions}"

    def path(self, version: str, gvk: Gvk) -> Path:
        """The file of a kind."""
        return self.folder_of(version) / file_name(gvk)

    def has(self, version: str, gvk: Gvk) -> bool:
        """Whether a version has the kind, after `write`."""
        return self.path(version, gvk).is_file()

    def differs(self, version: str, other: str, gvk: Gvk) -> bool:
        """Whether two versions accept different objects of a kind; a kind that none of them has is the same."""
        paths = [self.path(one, gvk) for one in (version, other)]
        texts = [path.read_bytes() if path.is_file() else None for path in paths]
        return texts[0] != texts[1]

    def custom(self, kinds: frozenset[str]) -> Mapping[Gvk, MakeSchema]:
        """The schemas of custom resources, which are the same in every Kubernetes version."""
        if kinds not in self.parsed:
            self.parsed[kinds] = custom_schemas(self.root, kinds)
        return self.parsed[kinds]

    def write(self, version: str, wanted: Iterable[Gvk]) -> None:
        """Write the missing schema files of some kinds; a kind without a schema gets none."""
        if missing := sorted(gvk for gvk in set(wanted) if not is_whole(self.path(version, gvk))):
            known = {**kubernetes_schemas(version), **self.custom(frozenset(kind for _, _, kind in missing))}
            for gvk in missing:
                place = self.path(version, gvk)
                clear_way(place, self.folder)
                remove(place)
                if gvk in known:
                    text = json.dumps(without_descriptions(known[gvk]()), sort_keys=True)
                    write_atomic(place, summed(place.name, text), durable=False)


def summed(name: str, schema: str) -> str:
    """A schema's text with a checksum in front, as a comment: kubeconform reads the file, and we ask whether it is whole."""
    return f'{{"$comment": "{cache.key_of(name, schema)}", {schema.removeprefix("{")}'


def is_whole(place: Path) -> bool:
    """Whether a schema's file is as it was written."""
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return text == summed(place.name, "{" + text.partition(", ")[2])


def kubernetes_schemas(kube_version: str) -> dict[Gvk, MakeSchema]:
    """The kinds of a Kubernetes version; none when the package does not have the version."""
    for folder in package_folders():
        path = folder / f"v{kube_version}-local-strict" / "_definitions.json"
        if path.is_file():
            data = json.loads(path.read_bytes())
            definitions = data.get("$defs") or data.get("definitions") or {}
            return {
                (str(gvk["group"]), str(gvk["version"]), str(gvk["kind"])): bundled(definitions, name)
                for name, definition in definitions.items()
                for gvk in definition.get("x-kubernetes-group-version-kind", ())
            }
    return {}


def package_folders() -> Iterator[Path]:
    """Where the package kubernetes-validate has its data."""
    spec = importlib.util.find_spec("kubernetes_validate")
    for location in (spec.submodule_search_locations if spec is not None else None) or ():
        yield Path(location) / "kubernetes-json-schema"


def known_versions() -> tuple[str, ...]:
    """The Kubernetes versions whose schemas are available: the newest of each minor version, in order."""
    names = [path.name for folder in package_folders() for path in folder.glob("v*-local-strict")]
    found = sorted(tuple(map(int, match.groups())) for name in names if (match := VERSION.match(name)))
    newest = {version[:2]: version for version in found}
    return tuple(".".join(map(str, version)) for version in newest.values())


def without_descriptions(node: object) -> object:
    """A schema without the texts that no check reads, so that versions which accept the same are equal."""
    if isinstance(node, list):
        return [without_descriptions(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: without_descriptions(value)
        for key, value in node.items()
        if not (key == "description" and isinstance(value, str))
    }


def bundled(definitions: Mapping[str, object], name: str) -> MakeSchema:
    """A kind's schema together with every definition that it refers to."""

    def make() -> object:
        reached: dict[str, object] = {}
        queue = [name]
        while queue:
            reference = queue.pop()
            if reference not in reached:
                reached[reference] = with_local_references(definitions[reference], queue)
        return {"$ref": f"#/definitions/{name}", "definitions": reached}

    return make


def with_local_references(node: object, queue: list[str]) -> object:
    """A definition whose references are local to the file; the names that they refer to are added to the queue."""
    if isinstance(node, list):
        return [with_local_references(item, queue) for item in node]
    if not isinstance(node, dict):
        return node
    local = {key: with_local_references(value, queue) for key, value in node.items()}
    if isinstance(target := node.get("$ref"), str):
        name = REFERENCE.sub("", target)
        queue.append(name)
        local["$ref"] = f"#/definitions/{name}"
    return local


def custom_schemas(root: Path, kinds: Iterable[str]) -> dict[Gvk, MakeSchema]:
    """The versions of the repository's custom resource definitions of these kinds."""
    found: dict[Gvk, MakeSchema] = {}
    # Parsing every definition takes half a second, and few are needed.
    names = "|".join(map(re.escape, sorted(kinds)))
    mentions_kind = re.compile(rf"""\bkind["']?[ \t]*:[ \t]*["']?(?:{names})\b""")
    for path in definition_files(root):
        texts = [
            text
            for text in SPLIT.split(read_text(path, path.relative_to(root).as_posix()))
            if mentions_kind.search(text)
        ]
        # A definition that was rendered is parsed already.
        for document in (
            made for text in texts for made in (yaml.load_all(text) if "\n---" in text else [data_of(text)])
        ):
            if not isinstance(document, dict) or document.get("kind") != "CustomResourceDefinition":
                continue
            spec = dig(document, "spec")
            for version in listing(spec, "versions"):
                gvk = (str(spec.get("group")), str(version.get("name")), str(dig(spec, "names").get("kind")))
                found[gvk] = closed_schema(dig(version, "schema", "openAPIV3Schema"))
    return found


def closed_schema(schema: Mapping[str, object]) -> MakeSchema:
    """The schema of a custom resource, which refuses unknown fields, with the fields of every object."""

    def make() -> object:
        string = {"type": "string"}
        base = {"apiVersion": string, "kind": string, "metadata": {"type": "object"}}
        return close({**schema, "properties": {**dig(schema, "properties"), **base}})

    return make


def close(node: object) -> object:
    """A schema whose objects refuse unknown fields, with Kubernetes' extensions as standard keywords."""
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
