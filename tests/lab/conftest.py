"""One real cluster with a real Argo CD for the whole tier; it ends with the tests, however they end."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from slipway.lab import lab
from slipway.lab.place import Place, place_of
from testing import cluster
from testing.cluster import MakePlatform, Platform
from testing.fixtures import repository
from testing.product import product_context
from testing.reality import Reality, reality

__all__ = ["repository"]


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, no_settings_of_the_user: None) -> Iterator[Place]:
    """A running lab that nothing is delivered to yet."""
    # Unix sockets have short names only, and pytest's folders long ones.
    made = place_of(tmp_path_factory.mktemp("lab"))
    lab.start(product_context(), made, attached=True)
    lab.wait_ready(made)
    yield made
    lab.stop(made)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, no_settings_of_the_user: None) -> Iterator[Reality]:
    """A cluster of its own: what real programs do there, kwok does in the other one."""
    with reality(place_of(tmp_path_factory.mktemp("real"))) as made:
        yield made


@pytest.fixture
def deliver(place: Place, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakePlatform]:
    """Make a platform of the test's own in the shared lab; its Applications go when the test is over."""
    made: list[Platform] = []

    def make(name: str, umbrellas: Mapping[str, Sequence[str]] | None = None, **settings: object) -> Platform:
        made.append(cluster.platform(tmp_path / name, place, name, umbrellas, **settings))
        return made[-1]

    yield make
    for one in made:
        clear(one)


def clear(one: Platform) -> None:
    """Take a platform out of the cluster, so that the controllers have no more work with it."""
    kubectl = one.kubectl
    kubectl("delete", "applicationset", f"homelab-{one.name}", "-n", "argocd", "--ignore-not-found")
    for name in one.umbrellas:
        kubectl("delete", "application", name, "-n", "argocd", "--ignore-not-found", "--wait=false")
        kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")
    shutil.rmtree(one.repo.root, ignore_errors=True)


@pytest.fixture(scope="session")
def homelab(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """This repository's staging, Synced and Healthy."""
    made = cluster.checkout(tmp_path_factory.mktemp("checkout") / "homelab", place)
    made.release()
    made.settle(wait_s=cluster.WHOLE_S)
    return made
