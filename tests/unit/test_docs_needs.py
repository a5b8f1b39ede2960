"""What the platform asks of a machine: the sums on the page are those of the objects that helm renders."""

import functools
from decimal import Decimal
from pathlib import Path

import pytest

from slipway.docs.snippets import requirements
from slipway.docs.source import platform
from slipway.docs.source.schema import Map, lookup
from slipway.util import yaml
from slipway.util.mapping import dig
from slipway.versioning.evidence.objects import size_bytes

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "umbrella" / "golden"
ALWAYS = {"Deployment", "StatefulSet", "DaemonSet"}


@functools.cache
def rendered(umbrella: str) -> list[Map]:
    """The objects of a namespace in production."""
    paths = sorted((GOLDEN / "production" / umbrella).glob("*.yaml"))
    return [yaml.parse(path.read_bytes(), path.name).mapping for path in paths]


def kept(item: Map) -> Decimal:
    """Bytes of memory that the scheduler keeps for the pods of an object, as it counts them."""
    kind, spec = item["kind"], dig(item["spec"]) if "spec" in item else {}
    if kind == "Cluster":
        return int(str(spec["instances"])) * size_bytes(lookup(spec, "resources", "requests", "memory"))
    if kind not in ALWAYS:
        return Decimal(0)
    pod = lookup(spec, "template", "spec")
    running = [
        *pod["containers"],
        *(one for one in pod.get("initContainers", ()) if one.get("restartPolicy") == "Always"),
    ]
    return int(str(spec.get("replicas", 1))) * sum(
        size_bytes(lookup(one, "resources", "requests", "memory")) for one in running
    )


@pytest.mark.parametrize("umbrella", ["argocd", "htpc", "infra", "utils"])
def test_the_memory_of_a_namespace_is_what_its_pods_request(real: platform.Platform, umbrella: str) -> None:
    answer = requirements.total(real.of(umbrella)).memory

    assert answer == sum(kept(item) for item in rendered(umbrella)) > 0


@pytest.mark.parametrize("umbrella", ["htpc", "infra", "utils"])
def test_the_volumes_of_a_namespace_are_its_claims(real: platform.Platform, umbrella: str) -> None:
    objects = rendered(umbrella)
    claims = sum(
        size_bytes(lookup(item, "spec", "resources", "requests", "storage"))
        for item in objects
        if item["kind"] == "PersistentVolumeClaim"
    )
    databases = sum(
        size_bytes(lookup(item, "spec", "storage", "size")) for item in objects if item["kind"] == "Cluster"
    )

    assert requirements.total(real.of(umbrella)).storage == claims + databases


def test_what_is_switched_off_or_ends_by_itself_asks_for_nothing() -> None:
    resources = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
    values = {
        "controllers": {
            "on": {"replicas": 2, "containers": {"app": {"resources": resources}, "off": {"enabled": False, "resources": resources}}},
            "off": {"enabled": False, "containers": {"app": {"resources": resources}}},
            "nightly": {"type": "CronJob", "containers": {"app": {"resources": resources}}},
        },
        "persistence": {"kept": {"size": "3Gi"}, "off": {"enabled": False, "size": "5Gi"}},
    }  # fmt: skip

    assert sum(requirements.of_values(values), requirements.Requirements()) == requirements.Requirements(
        cpu=1.0, memory=2 * requirements.GIB, memory_limit=4 * requirements.GIB, storage=3 * requirements.GIB
    )


def test_memory_and_cores_count_the_same_in_every_spelling_of_a_quantity() -> None:
    def asked(memory: str, cpu: str) -> requirements.Requirements:
        container = {"resources": {"requests": {"memory": memory, "cpu": cpu}, "limits": {"memory": memory}}}
        return sum(
            requirements.of_values({"controllers": {"app": {"containers": {"app": container}}}}),
            requirements.Requirements(),
        )

    assert asked("1048576Ki", "1500m") == asked("1Gi", "1.5") == asked("1073741824", "15e-1")
    assert asked("1048576Ki", "1500m").memory == 2**30
