"""`restore`: bring a service back to a backup."""

from __future__ import annotations

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.delivery import recovery
from slipway.delivery import restore as plans
from slipway.delivery.prepare import kubeconfig_of


def restore(context: Context, service: str, env: str, snapshot: str, kubeconfig: str, *, apply: bool) -> Result:
    """Show the steps, or run them.

    Raises:
        BuildError: see `recovery.plan` and `recovery.perform`.
    """
    environment, name = arguments.environment(context, env), arguments.one_name(service, "SERVICE")
    plans.check_snapshot(snapshot or plans.LATEST)
    made = recovery.plan(context, name, environment, snapshot)
    if apply:
        recovery.perform(context, made, context.kubectl(kubeconfig_of(context.environ, kubeconfig)))
    return Result(value=made, text=f"{name} is restored from {made.snapshot}" if apply else plans.text(made))
