"""Fixtures of several folders of tests; a conftest.py imports those that its tests use."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from testing.objects import Attempt, Render, attempt_in, must, refused
from testing.rendering import Repository


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The charts of this repository, built once for all tests of a worker."""
    return Repository(folder=tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="session")
def attempt(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Attempt:
    """Render a chart of this repository: its objects, and helm's error."""
    return attempt_in(repository, tmp_path_factory.mktemp("values"))


@pytest.fixture(scope="session")
def render(attempt: Attempt) -> Render:
    """Render a chart of this repository, which must succeed."""
    return must(attempt)


@pytest.fixture(scope="session")
def refusal(attempt: Attempt) -> Callable[..., str]:
    """Helm's error for values that it must refuse."""
    return refused(attempt)
