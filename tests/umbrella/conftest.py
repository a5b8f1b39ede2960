"""Golden files of the charts of this repository."""

from testing.fixtures import repository

__all__ = ["repository"]
