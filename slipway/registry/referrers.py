"""What refers to a published chart: its signature and its attestations, each a manifest of its own.

A registry lists them by its referrers API. Where it has none, a client keeps the list under a tag that is made of the
chart's digest. Both ways are those of cosign and oras, so either side finds what the other has written.

Source: OCI distribution specification 1.1, Listing Referrers and Referrers Tag Schema; cosign v3.1.3 specs/BUNDLE_SPEC.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from slipway.core.errors import AlreadyPublished, Problem, RegistryError
from slipway.core.model import Digest
from slipway.registry.client import Registry
from slipway.registry.manifest import INDEX_TYPE, MANIFEST_TYPE, Manifest, referrers_tag, sha256
from slipway.registry.publish import Hook
from slipway.util.go_json import encode

EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
EMPTY = b"{}"
"""Config of a manifest that has none. Source: OCI image specification 1.1, Guidance for an Empty Descriptor."""
MOST = 100
"""Referrers of one chart that are read; who may write to a registry could add any number."""
TRIES = 5
"""How often the list is written when other publishers write it at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Something to attach: one file, and what it is."""

    type: str
    content: bytes = field(repr=False)
    annotations: Mapping[str, str]


def attached(registry: Registry, name: str, subject: Digest, kind: str) -> Iterator[bytes]:
    """The files of one type that are attached to a manifest.

    Raises:
        RegistryError: the registry does not answer, or does not return what it lists.
    """
    listed = registry.referrers(name, subject) or registry.manifest(name, referrers_tag(subject), INDEX_TYPE)
    for entry in entries_of(listed)[:MOST]:
        manifest = registry.manifest(name, str(entry.get("digest")))
        if manifest is None or manifest.data.get("artifactType") != kind:
            continue
        layers = manifest.data.get("layers")
        for layer in layers if isinstance(layers, list) else ():
            if isinstance(layer, dict) and layer.get("mediaType") == kind:
                yield registry.blob(name, Digest(str(layer.get("digest"))))


def attach(registry: Registry, name: str, subject: Manifest, artifacts: Sequence[Artifact], effect: Hook) -> None:
    """Attach files to a manifest; what is attached already stays.

    Raises:
        RegistryError: the registry refuses one of them, or does not keep the list.
    """
    made = [(artifact, manifest_of(artifact, subject)) for artifact in artifacts]
    registry.push_blob(name, EMPTY)
    for artifact, body in made:
        registry.push_blob(name, artifact.content)
        registry.put_manifest(name, sha256(body), body)
        effect(f"{name} {subject.digest}: {artifact.type}")
    if registry.referrers(name, subject.digest) is None:
        keep_list(registry, name, subject.digest, [descriptor_of(*item) for item in made])
        effect(f"{name} {subject.digest}: list of referrers")


def keep_list(registry: Registry, name: str, subject: Digest, wanted: Sequence[Mapping[str, object]]) -> None:
    """Add entries to the list under the tag, until it has them.

    Raises:
        RegistryError: the tag cannot be written, or others overwrite it again and again.
    """
    tag = referrers_tag(subject)
    for _ in range(TRIES):
        there = entries_of(registry.manifest(name, tag, INDEX_TYPE))
        known = {str(entry.get("digest")) for entry in there}
        missing = [entry for entry in wanted if entry["digest"] not in known]
        if not missing:
            return
        body = encode({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [*there, *missing]})
        try:
            registry.put_manifest(name, tag, body, INDEX_TYPE)
        except AlreadyPublished as error:
            if entries_of(registry.manifest(name, tag, INDEX_TYPE)) != there:
                continue  # another publisher was faster
            raise RegistryError(
                Problem(
                    where=f"{registry.where(name)}:{tag}",
                    fact="the registry does not let the list of signatures grow",
                    evidence=error.problems[0].evidence,
                    hint="exclude the tags sha256-* from the rule that makes tags immutable; they list signatures",
                )
            ) from error
    fact = "other publishers overwrite the list of signatures"
    raise RegistryError(Problem(where=f"{registry.where(name)}:{tag}", fact=fact, hint="run the command again"))


def entries_of(index: Manifest | None) -> list[Mapping[str, object]]:
    """The entries of an index."""
    listed = index.data.get("manifests") if index is not None else None
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def manifest_of(artifact: Artifact, subject: Manifest) -> bytes:
    """The manifest that refers to the subject; the same bytes for the same file."""
    return encode(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": artifact.type,
            "config": {"mediaType": EMPTY_TYPE, "digest": sha256(EMPTY), "size": len(EMPTY)},
            "layers": [{"mediaType": artifact.type, "digest": sha256(artifact.content), "size": len(artifact.content)}],
            "subject": {"mediaType": MANIFEST_TYPE, "digest": subject.digest, "size": len(subject.body)},
            "annotations": dict(artifact.annotations),
        }
    )


def descriptor_of(artifact: Artifact, body: bytes) -> dict[str, object]:
    """The entry of a manifest in the list."""
    return {
        "mediaType": MANIFEST_TYPE,
        "digest": sha256(body),
        "size": len(body),
        "artifactType": artifact.type,
        "annotations": dict(artifact.annotations),
    }
