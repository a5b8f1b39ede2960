"""The fast tier: properties with few examples, the same ones in each run; this repository is read once a worker.

`--hypothesis-profile thorough` tries many others.
"""

import pytest
from hypothesis import settings

from slipway.docs.source import parsing, platform
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
