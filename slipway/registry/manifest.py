"""Manifests, digests and tags of charts in an OCI registry. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from slipway.core.model import Digest, input_digest_key
from slipway.registry.body import parsed

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
CONFIG_TYPE = "application/vnd.cncf.helm.config.v1+json"
CHART_TYPE = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
"""Source of the four: helm v4.3.1 pkg/registry/constants.go and the OCI image specification."""


def sha256(content: bytes) -> Digest:
    """Digest of some bytes."""
    return Digest(f"sha256:{hashlib.sha256(content).hexdigest()}")


def differs(content: bytes, digest: str) -> bool:
    """Whether some bytes do not have a digest; False for one of an algorithm that we do not know."""
    algorithm, _, value = digest.partition(":")
    known = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}.get(algorithm)
    return known is not None and known(content).hexdigest() != value


def tag_of(version: str) -> str:
    """The tag of a version; `+` is no tag character, Helm writes `_`."""
    return version.replace("+", "_")


REFERRERS_TAG = re.compile(r"sha256-[0-9a-f]{64}(\.[a-z]+)?")
"""The second form is of cosign before version 3."""


def lists(tag: str) -> bool:
    """Whether a tag has no chart, but the list of what refers to one."""
    return REFERRERS_TAG.fullmatch(tag) is not None


def referrers_tag(subject: Digest) -> str:
    """The tag with the list of what refers to a manifest, in a registry without the API for it.

    Source: OCI distribution specification 1.1, Referrers Tag Schema.
    """
    return subject.replace(":", "-", 1)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest whose bytes have its digest."""

    body: bytes = field(repr=False)
    digest: Digest

    @cached_property
    def data(self) -> Mapping[str, object]:
        """The parsed body; empty when it is no JSON object."""
        try:
            data = parsed(self.body)
        except ValueError:
            return {}
        return data if isinstance(data, dict) else {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations of the manifest."""
        found = self.data.get("annotations")
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}

    def input_digest(self, prefix: str) -> Digest | None:
        """What the chart was made from, by the annotation with a prefix; None when someone else published it."""
        found = self.annotations.get(input_digest_key(prefix))
        return Digest(found) if found else None

    @property
    def chart_layers(self) -> tuple[Digest, ...]:
        """Digests of the layers that hold a chart's archive; one in a chart, none in anything else."""
        layers = self.data.get("layers")
        return tuple(
            Digest(str(layer.get("digest")))
            for layer in (layers if isinstance(layers, list) else ())
            if isinstance(layer, dict) and layer.get("mediaType") == CHART_TYPE
        )

    @property
    def chart_layer(self) -> Digest | None:
        """Digest of the chart's archive; None when this is not a chart."""
        return next(iter(self.chart_layers), None)
