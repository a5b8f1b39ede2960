"""The page of registries: what each needs, and how its tags become immutable. Pure, from the table."""

from __future__ import annotations

from collections.abc import Iterable

from slipway.docs.markdown import code, prose, site_page, table
from slipway.docs.source.registries import KnownRegistry, Refusal


def page(registries: Iterable[KnownRegistry]) -> str:
    """One row for each registry."""
    rows = (
        (
            known.name,
            code(known.address),
            prose(known.needs),
            f"{prose(known.immutable)} {said(known.refusal)}".strip(),
            ", ".join(f"[{number}]({source})" for number, source in enumerate(known.sources, start=1)),
        )
        for known in registries
    )
    return site_page(
        "# Registries",
        "Any registry of the OCI distribution specification works.\n"
        "The tests publish to a stub that behaves as each of these, by their public documents, and compare it with `helm push`.\n"
        "How to set one: [OCI registries](../guides/registries.md).",
        table(("Registry", "`SLIPWAY_REGISTRY`", "Needs", "Immutable tags", "Sources"), rows),
        "A version whose tag the registry keeps ends in exit code 5, with the words of the registry and the command for a new "
        "version: `./inv version --only CHART`.",
    )


def said(refusal: Refusal | None) -> str:
    """The response to a tag that is kept, where it is known."""
    return "" if refusal is None else f"Answers {refusal.status} {code(refusal.code)}."
