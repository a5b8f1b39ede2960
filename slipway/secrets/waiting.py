"""The rule about Secrets that a person makes: what waits for one holds no other service back. Pure.

Argo CD starts a sync wave when every object of the one before it is healthy. A pod without its Secret never is, so that
everything in a later wave waits for the person: also the route by which the person would get the key.
"""

from __future__ import annotations

from collections.abc import Iterator

from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.core.rules import Rule
from slipway.policy.argocd import is_hook, sync_wave
from slipway.policy.sync_order import ISSUERS, WORKLOADS
from slipway.secrets.inventory import HAND, RenderedNamespace
from slipway.secrets.references import producers_of, references
from slipway.util.mapping import dig
from slipway.util.text import counted

WAITING = Rule("secret.waiting", "What waits for a Secret that a person makes is in the last sync wave.")

UNHEALTHY_WITHOUT = WORKLOADS | {"Cluster", "Certificate"}
"""Kinds that are healthy only with the Secrets that they, or the issuer of a Certificate, refer to."""


def waiting_problems(namespace: RenderedNamespace, label: str) -> Iterator[Problem]:
    """Objects that wait for a person while other members have objects in later waves.

    Args:
        namespace: an umbrella's render.
        label: which values it was rendered with.
    """
    synced = [item for item in namespace.objects if not is_hook(item)]
    waves = [(sync_wave(item), member_of(item, namespace.name), item) for item in synced]
    needed = secrets_of_persons(namespace)
    for wave, member, item in waves:
        names = needed.get(item.title, ()) if item.kind in UNHEALTHY_WITHOUT else ()
        if item.kind == "Certificate":
            issuer = dig(item.data, "spec", "issuerRef")
            kind = str(issuer.get("kind", "Issuer"))
            names = (*names, *(needed.get(f"{kind} {issuer.get('name')}", ()) if kind in ISSUERS else ()))
        held = [(later, other) for later, of, other in waves if later > wave and of != member] if names else []
        if held:
            last = max(later for later, _ in held)
            begins, first = min(held, key=lambda entry: (entry[0], entry[1].title))
            yield WAITING.problem(
                where=f"{namespace.name}: {item.title}",
                fact=f"waits in wave {wave} for the Secret {names[0]}, and holds back {counted(len(held), 'object')}",
                evidence=(
                    "a person makes the Secret, and Argo CD starts a wave when the one before it is healthy",
                    f"the first of them is {first.title} in wave {begins}",
                    f"rendered with {label}",
                ),
                hint=f"give it and its claims the wave {last}, or make the reference optional",
            )


def secrets_of_persons(namespace: RenderedNamespace) -> dict[str, tuple[str, ...]]:
    """Object → the Secrets that it cannot be without, and that no object makes."""
    made = producers_of(namespace.objects)
    declared = {item.name: item.producer for item in namespace.declared if item.producer}
    found: dict[str, dict[str, None]] = {}
    for item in references(namespace.objects, namespace.name):
        producer = declared.get(item.name) or made.get(item.name, "")
        if not item.optional and item.place != "imagePullSecrets" and producer in {"", HAND}:
            found.setdefault(item.object, {})[item.name] = None
    return {title: tuple(names) for title, names in found.items()}


def member_of(item: Object, umbrella: str) -> str:
    """The member that renders an object."""
    return item.source.removeprefix(f"{umbrella}/charts/").partition("/")[0]
