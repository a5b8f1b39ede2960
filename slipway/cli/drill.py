"""`drill`: restore the newest backup of a service into volumes that are thrown away, and say whether it can be opened."""

from __future__ import annotations

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.delivery import drill as drills
from slipway.delivery.prepare import kubeconfig_of


def drill(context: Context, service: str, env: str, kubeconfig: str) -> Result:
    """Run the drill of a service on its cluster, and wait for its end.

    Raises:
        BuildError: see `drill.find` and `drill.perform`.
    """
    environment, name = arguments.environment(context, env), arguments.one_name(service, "SERVICE")
    made = drills.find(context, name, environment)
    context.progress.say(f"{made.cron} in {made.namespace}: job/{made.job}")
    log = drills.perform(made, context.kubectl(kubeconfig_of(context.environ, kubeconfig)))
    return Result(value={"drill": made, "log": log}, text=(*log, f"the newest backup of {name} was restored"))
