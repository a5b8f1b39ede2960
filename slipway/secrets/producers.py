"""The rule about producers: each Secret has one, which exists and creates it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.core.rules import Rule
from slipway.policy.chart_objects import POD_TEMPLATE_PATHS
from slipway.secrets.inventory import HAND, DeclaredSecret, RenderedNamespace
from slipway.secrets.references import created_secrets, may_write, producers_of, references
from slipway.secrets.sealed_secret import NamespacedName, SealedSecret, sealed_path

PRODUCER = Rule(
    "secret.producer",
    "A Secret that an object reads is declared or created by an object, and only its declared producer creates it.",
)


def producer_problems(
    namespace: RenderedNamespace, sealed: Mapping[NamespacedName, SealedSecret], environment: str
) -> Iterator[Problem]:
    """Secrets without a producer, with one that does not create them, or with two.

    Args:
        namespace: an umbrella's render.
        sealed: the environment's SealedSecrets.
        environment: its name.
    """
    yield from declaration_problems(namespace)
    yield from undeclared_secrets(namespace)
    yield from second_producers(namespace, sealed, environment)


def declaration_problems(namespace: RenderedNamespace) -> Iterator[Problem]:
    """Declared producers that do not create the Secret, and generated keys that are not declared."""
    objects = {f"{item.kind}/{item.name}": item for item in namespace.objects}
    for declared in namespace.declared:
        if declared.producer and declared.producer != HAND:
            yield from declared_producer_problems(declared, namespace, objects.get(declared.producer))
        if unknown := sorted(set(declared.generate) - set(declared.keys)):
            fact = f"generates {', '.join(unknown)}, which is none of its keys"
            yield PRODUCER.problem(where=position(declared), fact=fact)


def declared_producer_problems(
    declared: DeclaredSecret, namespace: RenderedNamespace, producer: Object | None
) -> Iterator[Problem]:
    """A declared producer that is not rendered, or does not create the Secret by its kind or by its permissions."""
    where = position(declared)
    if producer is None:
        fact = f"its producer {declared.producer} is not rendered in {namespace.name}"
        yield PRODUCER.problem(where=where, fact=fact, hint="name an object as Kind/name, or `hand`")
    elif producer.kind in POD_TEMPLATE_PATHS:
        if not may_write(producer, namespace.objects, declared.name):
            fact = f"{declared.producer} is its producer, and its service account may neither create nor update it"
            yield PRODUCER.problem(where=where, fact=fact, hint="add the rule to its role, or name another producer")
    elif declared.name not in created_secrets(producer):
        created = ", ".join(name for name in created_secrets(producer) if name) or "none"
        fact = f"{declared.producer} does not create the Secret {declared.name}"
        yield PRODUCER.problem(where=where, fact=fact, evidence=(f"it creates: {created}",))


def undeclared_secrets(namespace: RenderedNamespace) -> Iterator[Problem]:
    """Required Secrets that no chart declares and no object creates."""
    known = {item.name for item in namespace.declared} | set(producers_of(namespace.objects))
    reported: set[tuple[str, str]] = set()
    for found in references(namespace.objects, namespace.name):
        if found.namespace != namespace.name or found.optional or found.name in known:
            continue
        if (found.object, found.name) not in reported:
            reported.add((found.object, found.name))
            yield PRODUCER.problem(
                where=f"{namespace.name}: {found.object}",
                fact=f"{found.place} refers to the Secret {found.name}, which no chart declares and no object creates",
                evidence=("a declaration has its keys, its purpose and its producer in one place",),
                hint=f"add secrets.{found.name} with keys and purpose to the chart",
            )


def second_producers(
    namespace: RenderedNamespace, sealed: Mapping[NamespacedName, SealedSecret], environment: str
) -> Iterator[Problem]:
    """SealedSecrets for Secrets that have another producer."""
    created = producers_of(namespace.objects)
    declared = {item.name: item.producer for item in namespace.declared}
    for target in sorted(sealed):
        other = created.get(target.name) or declared.get(target.name, "")
        if target.namespace == namespace.name and other and other != HAND:
            yield PRODUCER.problem(
                where=sealed_path(environment, target),
                fact=f"{other} creates the Secret {target.name} too",
                evidence=("the controller does not overwrite a Secret that it does not own",),
                hint="delete the file, or have the chart read another Secret",
            )


def position(declared: DeclaredSecret) -> str:
    """The declaration in messages."""
    return f"{declared.chart}: secrets.{declared.name}"
