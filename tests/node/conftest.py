"""One real node with the whole platform for the tier; it ends with the tests, however they end."""

from collections.abc import Iterator

import pytest

from slipway.lab.place import place_of
from testing.monorepo import ROOT
from testing.node import NodeLab, node_lab

ENVIRONMENT = "production"


@pytest.fixture(scope="session")
def node(no_settings_of_the_user: None) -> Iterator[NodeLab]:
    """The platform on a real node."""
    # Unix sockets have short names only, and pytest's folders long ones; the node sees the checkout anyway.
    with node_lab(place_of(ROOT, "node-tests"), ENVIRONMENT) as made:
        yield made
