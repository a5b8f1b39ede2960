"""`remove`: take a service out, and say what stays of it."""

from __future__ import annotations

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.context import Context
from slipway.scaffold import remove as services
from slipway.scaffold.remove import Removal


def remove(context: Context, service: str, *, dry_run: bool) -> Result:
    """Remove a service from its umbrella and from the values.

    Raises:
        WorkspaceError: there is no such service, or it cannot be removed; nothing was written.
    """
    found = services.removal_of(context.workspace, arguments.one_name(service, "SERVICE"))
    if not dry_run:
        services.remove(context.workspace, found)
    value = {"removed": found.folder, "changed": sorted(found.texts), "data": found.data, "written": not dry_run}
    return Result(value=value, text=text(found, dry_run=dry_run))


def text(found: Removal, *, dry_run: bool) -> str:
    """What is gone, what stays in the cluster and how it goes, and what follows."""
    would = "would be " if dry_run else ""
    lines = [f"{would}removed {found.folder}/"] if found.folder else []
    lines += [f"{would}{'changed' if content else 'removed'} {path}" for path, content in sorted(found.texts.items())]
    lines += [f"note: {found.name} had a member of its own, which stays: ./inv remove {each}" for each in found.related]
    lines += [f"note: {path} has secrets of it: git rm {path}" for path in found.sealed]
    if found.data:
        lines.append("Data that stays in the cluster, because volumes are protected from pruning:")
        lines += [f"    {left.namespace}: {left.what}, {left.size}; {left.backup}" for left in found.data]
        selector = f"-l app.kubernetes.io/name={found.name}"
        lines += [
            f"    kubectl -n {each} get pvc {selector}    # delete pvc, when nobody needs it"
            for each in found.namespaces
        ]
    if not dry_run:
        lines += ["Next:", "    ./inv lint", "    ./inv version", "    ./inv release"]
        lines += [f"    git checkout HEAD -- {' '.join(filter(None, (found.folder, *sorted(found.texts))))}    # back"]
    return "\n".join(lines)
