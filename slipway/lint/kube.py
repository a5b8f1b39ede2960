"""Rendered objects against the schemas of Kubernetes and of the custom resources, strictly and with no network.

The Kubernetes schemas are the data of the package kubernetes-validate; the custom ones come from the definitions that
the repository holds: `charts/*/crds/` and `tools/crds/generated/`. Both are closed here: an unknown field is an error.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from slipway.errors import Problem
from slipway.render import Rendered
from slipway.tools.kubeconform import Kubeconform

FORMAT = "1"
"""Raised when the schemas would be closed in another way."""

DEFINITION_FILES = ("charts/*/crds/*.yaml", "tools/crds/generated/*.yaml")


def locations(root: Path, cache: Path, kube_version: str) -> tuple[str, ...]:
    """kubeconform's schema locations; made when they are not there."""
    kubernetes = kubernetes_schemas(cache, kube_version)
    custom = custom_schemas(root, cache)
    return (
        f"{kubernetes}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json",
        f"{custom}/{{{{ .Group }}}}_{{{{ .ResourceAPIVersion }}}}_{{{{ .ResourceKind }}}}.json",
    )


def kubernetes_schemas(cache: Path, kube_version: str) -> Path:
    """Folder with the closed schemas of one Kubernetes version."""
    import kubernetes_validate

    source = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{kube_version}-local"
    target = cache / f"kubernetes-{kube_version}-{FORMAT}"
    if not target.is_dir():
        files = {path.name: close(json.loads(path.read_bytes())) for path in sorted(source.glob("*.json"))}
        write_folder(target, files)
    return target


def custom_schemas(root: Path, cache: Path) -> Path:
    """Folder with the closed schemas of every custom resource definition of the repository."""
    paths = [path for pattern in DEFINITION_FILES for path in sorted(root.glob(pattern))]
    digest = hashlib.sha256(FORMAT.encode())
    for path in paths:
        digest.update(path.read_bytes())
    target = cache / f"custom-{digest.hexdigest()[:12]}"
    if not target.is_dir():
        write_folder(target, dict(item for path in paths for item in definitions(path)))
    return target


def definitions(path: Path) -> Iterator[tuple[str, object]]:
    """`group_version_kind.json` → schema, for each version of each definition in a file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for document in yaml.load_all(path.read_bytes(), Loader=loader):
        if isinstance(document, dict) and document.get("kind") == "CustomResourceDefinition":
            spec = document["spec"]
            for version in spec["versions"]:
                name = f"{spec['group']}_{version['name']}_{spec['names']['kind'].lower()}.json"
                schema = version["schema"]["openAPIV3Schema"]
                schema["properties"] = {**schema.get("properties", {}), "metadata": {"type": "object"}}
                yield name, close(schema)


def close(node: object) -> object:
    """A schema whose objects refuse unknown fields, as kubeconform's own strict schemas do."""
    if isinstance(node, list):
        return [close(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: close(value) for key, value in node.items()}
    if closed.get("x-kubernetes-int-or-string") is True:
        return {key: value for key, value in closed.items() if key != "type"} | {"type": ["integer", "string"]}
    properties = node.get("properties")
    named = isinstance(properties, dict) and all(isinstance(value, dict) for value in properties.values())
    if named and "additionalProperties" not in node and not node.get("x-kubernetes-preserve-unknown-fields"):
        closed["additionalProperties"] = False
    return closed


def write_folder(target: Path, files: Mapping[str, object]) -> None:
    """Write JSON files into a folder that appears as a whole."""
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for name, content in files.items():
        (temporary / name).write_text(json.dumps(content), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    temporary.rename(target)


def check(
    kubeconform: Kubeconform, rendered: Sequence[Rendered], schema_locations: Sequence[str], scratch: Path
) -> Iterator[Problem]:
    """Every object of every render that does not conform; one process for all.

    Args:
        kubeconform: the pinned program.
        rendered: what to validate; failed renders are passed over.
        schema_locations: of `locations`.
        scratch: an empty folder for the input files.
    """
    titles: dict[str, str] = {}
    for index, item in enumerate(rendered):
        if item.objects:
            path = scratch / f"{index:04d}.yaml"
            path.write_text(item.text, encoding="utf-8")
            titles[str(path)] = f"{item.target.chart} ({item.target.label})"
    if not titles:
        return
    for finding in kubeconform.validate([Path(name) for name in titles], schema_locations):
        yield Problem(
            where=f"{titles[finding.file]}: {finding.object}",
            fact="does not fit its schema",
            evidence=tuple(finding.message.splitlines()[:5]),
            rule="kube.schema",
        )
