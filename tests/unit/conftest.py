"""The fast tier: properties with few examples, the same ones in each run; this repository is read once a worker.

`--hypothesis-profile thorough` tries many others.
"""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from slipway.docs.source import parsing, platform
from slipway.util.interrupts import ENDING
from testing.product import product

settings.register_profile("unit", max_examples=25, deadline=None, database=None, derandomize=True)
settings.register_profile("thorough", max_examples=500, deadline=None, database=None)
settings.load_profile("unit")


@pytest.fixture(scope="session")
def parsed() -> parsing.ParsedWorkspace:
    """This repository in the environments of the tests, as the pages read it."""
    return parsing.parse_workspace(product())


@pytest.fixture(scope="session")
def real(parsed: parsing.ParsedWorkspace) -> platform.Platform:
    """Its production."""
    return platform.platform(parsed, "production")


@pytest.fixture
def own_signals() -> Iterator[None]:
    """A task that ends ignores further signals; this process, and what other tests start, go on hearing them."""
    before = {number: signal.getsignal(number) for number in (*ENDING, signal.SIGALRM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
