"""The signatures of a release: everything that it publishes gets one, before anything is pinned.

What was verified is remembered by the digest of its manifest, so a release with nothing to do asks the registry for no
signature; what a release publishes or pins is always asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.config import SigningMode
from slipway.context import Context, Effect
from slipway.core.model import ChartName, Pin, Published
from slipway.registry.client import READERS
from slipway.release.plan import Action, Plan
from slipway.util.cache import Cache, key_of
from slipway.util.parallel import each
from slipway.util.text import counted

if TYPE_CHECKING:
    from slipway.signing.signer import Predicates

SIGNERS = 4
"""Charts that are signed at once."""
STATEMENTS = "signature; of an umbrella contents and provenance as well"
"""What is complete: another set of statements, and nothing is known."""


def kept(charts: Plan) -> tuple[Published, ...]:
    """What is published with the content that is here."""
    return tuple(item.published for item in charts.having(Action.KEEP) if item.published is not None)


def unsigned(context: Context, charts: Plan) -> tuple[Published, ...]:
    """What is published and not known to be signed; nothing when signing is off."""
    if context.config.signing.mode is SigningMode.OFF:
        return ()
    known = Known.of(context)
    return tuple(one for one in kept(charts) if one not in known)


def require_able(context: Context) -> None:
    """Check that a release can sign, before it builds or sends anything.

    Raises:
        WorkspaceError: a key is missing, or the two are of no pair.
        ToolFailed: the packages for it cannot be installed.
    """
    from slipway.signing.verdict import signer_of

    if (signer := signer_of(context)) is not None:
        signer.prepare()


def sign(context: Context, published: Sequence[Published], effect: Effect) -> tuple[ChartName, ...]:
    """Sign what is not signed yet, and attest umbrellas; returns the names of what was.

    Args:
        context: the wiring.
        published: what is in the registry with the content that is here.
        effect: called after each external effect.

    Raises:
        WorkspaceError: a key cannot be used.
        RegistryError: the registry failed; what was signed stays.
    """
    if context.config.signing.mode is SigningMode.OFF or not published:
        return ()
    from slipway.release.attestations import predicates, wanted
    from slipway.signing.signer import manifest_there, missing
    from slipway.signing.verdict import signer_of

    signer = signer_of(context)
    assert signer is not None
    charts, there = context.workspace.charts, {chart.name: chart for chart in published}

    def lacking(chart: Published) -> tuple[str, ...]:
        return missing(signer.found(chart.name, chart.manifest), wanted(charts[chart.name]))

    def one(work: tuple[Published, Predicates]) -> None:
        chart, words = work
        signer.sign(chart.name, manifest_there(context.registry, chart.name, chart.manifest), words, effect)

    with context.progress.step("sign") as done:
        kinds = dict(zip(there, each(lacking, published, READERS), strict=True))
        made = [name for name in there if kinds[name]]
        each(one, [(there[name], predicates(context, name, kinds[name], there)) for name in made], SIGNERS)
        before = len(there) - len(made)
        done(f"{counted(len(made), 'chart')}{f', {before} signed before' if before else ''}")
    known = Known.of(context)
    for chart in published:
        known.add(chart)
    return tuple(made)


def require_signed(context: Context, pins: Iterable[Pin]) -> None:
    """Refuse pins of what is not signed; does nothing when signing is off.

    Raises:
        ProblemsFound: one problem for each pin that does not verify.
        RegistryError: the registry does not answer.
    """
    if context.config.signing.mode is not SigningMode.OFF:
        from slipway.signing import verdict

        verdict.require_signed(context, pins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was found signed; with another key or registry nothing is known."""

    cache: Cache
    scope: str

    @classmethod
    def of(cls, context: Context) -> Known:
        """Of a checkout."""
        settings = context.config.signing
        public = context.config.root / settings.public_key
        key = public.read_bytes() if settings.mode is SigningMode.KEY and public.is_file() else settings.identity
        scope = key_of(context.config.registry.base, settings.mode, key, STATEMENTS)
        return cls(cache=Cache(folder=context.config.build / "cache" / "signed"), scope=scope)

    def __contains__(self, chart: Published) -> bool:
        return self.cache.get(self._key(chart)) is not None

    def add(self, chart: Published) -> None:
        """Remember it."""
        self.cache.put(self._key(chart), "")

    def _key(self, chart: Published) -> str:
        return key_of(self.scope, chart.name, chart.manifest)
