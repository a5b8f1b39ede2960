"""Whether what is pinned is signed, and refusing what is not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from slipway.config import SigningMode
from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound
from slipway.core.model import ChartName, Digest, Pin
from slipway.registry.client import READERS
from slipway.signing.bundle import SIGNATURE
from slipway.toolchain.groups import ensure_group
from slipway.util.parallel import each

if TYPE_CHECKING:
    from slipway.signing.signer import Found, Signer

GROUP = "seal"
"""The packages that sign and verify."""
RULE = "verify.signature"


def signer_of(context: Context) -> Signer | None:
    """Who signs for a checkout, with what it needs installed; None when signing is off.

    Raises:
        WorkspaceError: its public key cannot be used.
        ToolFailed: the packages for it cannot be installed.
    """
    if context.config.signing.mode is SigningMode.OFF:
        return None
    ensure_group(context.toolbox.home, GROUP, context.progress)
    from slipway.signing.signer import open_signer  # Of what was just installed.

    return open_signer(context)


def require_signed(context: Context, pins: Iterable[Pin]) -> None:
    """Refuse pins of what is not signed; does nothing when signing is off.

    Raises:
        ProblemsFound: one problem for each pin that does not verify.
        RegistryError: the registry does not answer.
    """
    signer = signer_of(context)
    if signer is None:
        return
    found = each(lambda pin: problem_of(context, signer, pin), sorted(pins, key=lambda pin: pin.name), READERS)
    if problems := [one for one in found if one is not None]:
        raise ProblemsFound(problems)


def problem_of(context: Context, signer: Signer, pin: Pin) -> Problem | None:
    """The problem of a pin that is not signed; None when it is.

    Raises:
        RegistryError: the registry does not answer.
    """
    from slipway.signing.signer import missing

    found = signer.found(pin.name, pin.manifest)
    if not missing(found, (SIGNATURE,)):
        return None
    return unsigned(context, pin.name, pin.version, pin.manifest, found)


def unsigned(context: Context, name: ChartName, version: str, digest: Digest, found: Found) -> Problem:
    """The problem of a chart without a signature that counts."""
    fact = "no signature of it verifies" if found.refused else "is not signed"
    return Problem(
        where=f"{context.config.registry.base}/{name}",
        fact=f"{version}: {fact}" if found.refused else f"{version} {fact}",
        evidence=(f"manifest {digest}", *found.refused),
        hint="./inv release signs what this checkout holds; pin nothing else",
        rule=RULE,
    )
