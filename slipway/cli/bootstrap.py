"""`bootstrap`: install Argo CD in a bare cluster."""

from __future__ import annotations

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.delivery import bootstrap as installation
from slipway.delivery.prepare import kubeconfig_of


def bootstrap(context: Context, env: str, kubeconfig: str, *, dry_run: bool) -> Result:
    """Apply Argo CD's umbrella and hand deploy/<env> over to it.

    Raises:
        BuildError: see `delivery.bootstrap.bootstrap`.
    """
    environment = arguments.environment(context, env)
    kubectl = context.kubectl(kubeconfig_of(context.environ, kubeconfig))
    done = installation.bootstrap(context, environment, kubectl, dry_run=dry_run)
    return Result(value=done, text=installation.text(done))
