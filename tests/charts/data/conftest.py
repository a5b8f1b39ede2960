"""The real charts, rendered once for this folder."""

from collections.abc import Mapping

import pytest

from slipway.build.render import Object
from slipway.util.mapping import dig, listing
from testing.rendering import Repository


@pytest.fixture(scope="session")
def objects(repository: Repository):
    """What a chart renders with some values."""

    def render(chart: str, values: str) -> tuple[Object, ...]:
        return repository.rendered(repository.case(chart, values)).objects

    return render


def container_of(pod: Mapping[str, object], name: str) -> Mapping[str, object]:
    """A container of a pod template, whatever its role."""
    spec = dig(pod, "spec")
    return next(item for key in ("initContainers", "containers") for item in listing(spec, key) if item["name"] == name)


@pytest.fixture(scope="session")
def container():
    """A container of a rendered workload."""

    def find(item: Object, name: str) -> Mapping[str, object]:
        paths = {"CronJob": ("spec", "jobTemplate", "spec", "template")}
        return container_of(dig(item.data, *paths.get(item.kind, ("spec", "template"))), name)

    return find
