"""The charts of utils, rendered by helm."""

from testing.fixtures import attempt, refusal, render

__all__ = ["attempt", "refusal", "render"]
