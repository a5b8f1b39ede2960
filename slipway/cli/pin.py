"""`pin`: write deploy/<env>."""

from __future__ import annotations

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.release import pinning
from slipway.release.dangers.kinds import accepted_names


def pin(context: Context, env: str, only: str, *, accept: str, dry_run: bool) -> Result:
    """Pin the first environment to the registry, a later one to the environment before it.

    Raises:
        WorkspaceError: there is nothing to promote.
        RegistryError: what would be pinned is not in the registry.
    """
    environment = arguments.environment(context, env)
    reasons = pinning.pin_environment(
        context, environment, arguments.umbrellas(context, only), dry_run=dry_run, accepted=accepted_names(accept)
    )
    value = {"environment": environment, "reasons": reasons, "written": bool(reasons) and not dry_run}
    verb = "would write" if dry_run else "wrote"
    changed = f"{verb} deploy/{environment}: {'; '.join(reasons)}"
    return Result(value=value, text=changed if reasons else f"deploy/{environment} is up to date")
