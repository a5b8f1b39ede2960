"""`rehearse`: what an update does to each object on a real API server, and the way back."""

from __future__ import annotations

import time

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.core.errors import ProblemsFound
from slipway.lab import rehearse as rehearsals


def rehearse(context: Context, env: str, only: str) -> Result:
    """Rehearse the update; an object that the API server rejects is a problem.

    Raises:
        BuildError: see `lab.rehearse.rehearse`.
    """
    environment, names = arguments.environment(context, env), arguments.charts(context, only)
    done = rehearsals.rehearse(context, environment, names, time.monotonic)
    error = ProblemsFound(done.problems) if done.problems else None
    return Result(value=done, text=rehearsals.text(done), error=error)
