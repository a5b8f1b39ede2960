"""The real charts of utils under the real helm."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from testing.objects import Attempt, Render, attempt_in, must, refused
from testing.rendering import Context


@pytest.fixture(scope="session")
def utils_context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """This repository, built once."""
    return Context(folder=tmp_path_factory.mktemp("utils"))


@pytest.fixture(scope="session")
def attempt(utils_context: Context, tmp_path_factory: pytest.TempPathFactory) -> Attempt:
    """Objects and helm's refusal."""
    return attempt_in(utils_context, tmp_path_factory.mktemp("values"))


@pytest.fixture(scope="session")
def render(attempt: Attempt) -> Render:
    """A render that must succeed."""
    return must(attempt)


@pytest.fixture(scope="session")
def refusal(attempt: Attempt) -> Callable[..., str]:
    """What helm says of values that it must refuse."""
    return refused(attempt)
