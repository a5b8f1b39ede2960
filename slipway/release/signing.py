"""The signatures of a release: every chart gets one before anything is pinned, and a pin is written only when it verifies.

What was verified is remembered by the digest of its manifest, so a release with nothing to do asks the registry for no
signature. What a release has published, and what it pins, is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from slipway.config import SigningMode
from slipway.context import Context, Effect
from slipway.core.errors import Problem, ProblemsFound
from slipway.core.model import ChartName, Digest, Pin, Published
from slipway.release.plan import Action, Plan
from slipway.signing.bundle import SIGNATURE
from slipway.util.cache import Cache, key_of
from slipway.util.parallel import each
from slipway.util.text import counted

SIGNERS = 4
"""Charts that are signed at once."""


def unsigned(context: Context, charts: Plan) -> tuple[Published, ...]:
    """What is published with the present content and not known to be signed; nothing when signing is off.

    Raises:
        WorkspaceError: the public key cannot be used.
    """
    if context.config.signing.mode is SigningMode.OFF:
        return ()
    known = Remembered(context)
    kept = (item.published for item in charts.having(Action.KEEP))
    return tuple(one for one in kept if one is not None and not known.has(one))


def require_able(context: Context) -> None:
    """Check that a release can sign, before it builds or sends anything.

    Raises:
        WorkspaceError: a key is missing, or the two are of no pair.
    """
    if (signer := signer_of(context)) is not None:
        signer.prepare()


def sign(context: Context, published: Sequence[Published], effect: Effect) -> tuple[ChartName, ...]:
    """Sign what is not signed; returns the names of what was.

    Raises:
        WorkspaceError: a key cannot be used.
        RegistryError: the registry failed; what was signed stays.
    """
    signer = signer_of(context)
    if signer is None or not published:
        return ()
    from slipway.signing.signer import PLAIN, manifest_there, missing

    def one(chart: Published) -> bool:
        needed = missing(signer.found(chart.name, chart.manifest), tuple(PLAIN))
        if needed:
            subject = manifest_there(context.registry, chart.name, chart.manifest)
            signer.sign(chart.name, subject, {kind: PLAIN[kind] for kind in needed}, effect)
        return bool(needed)

    with context.progress.step("sign") as done:
        made = each(one, published, SIGNERS)
        names = tuple(chart.name for chart, new in zip(published, made, strict=True) if new)
        done(f"{counted(len(names), 'chart')}, {counted(len(made) - len(names), 'chart')} signed before")
    known = Remembered(context)
    for chart in published:
        known.add(chart)
    return names


def require_signed(context: Context, pins: Iterable[Pin]) -> None:
    """Refuse pins of what is not signed; does nothing when signing is off.

    Raises:
        ProblemsFound: one problem for each pin that does not verify.
        RegistryError: the registry does not answer.
    """
    signer = signer_of(context)
    if signer is None:
        return
    wanted = list(pins)
    from slipway.signing.verdict import unsigned_problem

    problems = each(lambda pin: unsigned_problem(context, signer, pin), wanted, SIGNERS)
    if found := [problem for problem in problems if problem is not None]:
        raise ProblemsFound(found)
