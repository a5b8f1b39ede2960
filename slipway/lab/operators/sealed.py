"""sealed-secrets: a SealedSecret becomes a Secret with its keys; no lab has the key, so the values are random. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.lab.operators.seen import SEALED_SECRETS, Change, NewSecret, Seen, condition_patches, name_of, namespace_of
from slipway.util.mapping import dig


def decide(seen: Seen, now: str) -> Iterator[Change]:
    """What the controller would do."""
    for item in seen.all("SealedSecret") if seen.namespaces(SEALED_SECRETS) else ():
        keys = tuple(dig(item, "spec", "encryptedData"))
        if seen.find("Secret", name_of(item), namespace_of(item)) is None:
            yield NewSecret(namespace=namespace_of(item), name=name_of(item), keys=keys, owner=item)
        else:
            yield from condition_patches("SealedSecret", item, "Synced", "", now=now)
