"""CloudNativePG's webhooks: their certificate, and its authority in their configurations. Pure.

The Secret does not wait for a pod: a kubelet takes a minute to show one that comes after its pod has started.
Source: cloudnative-pg v1.30 internal/cmd/manager/controller/controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from slipway.lab.operators.seen import Change, Data, NewSecret, Patch, Seen, name_of
from slipway.util.mapping import dig, listing

CONFIGURATIONS = {
    "MutatingWebhookConfiguration": "cnpg-mutating-webhook-configuration",
    "ValidatingWebhookConfiguration": "cnpg-validating-webhook-configuration",
}
"""Kind → the name that the operator looks for."""
SECRET = "cnpg-webhook-cert"  # noqa: S105 - a name


def decide(seen: Seen, now: str) -> Iterator[Change]:
    """What the operator would do."""
    made: set[str] = set()
    for kind, name in CONFIGURATIONS.items():
        found = seen.find(kind, name)
        for service in {str(dig(hook, "clientConfig", "service").get("namespace")) for hook in hooks(found)}:
            secret = seen.find("Secret", SECRET, service)
            if secret is not None:
                yield from trust(kind, found or {}, str(dig(secret, "data").get("tls.crt", "")))
            elif service not in made:
                made.add(service)
                host = f"{dig(hooks(found)[0], 'clientConfig', 'service').get('name')}.{service}.svc"
                yield NewSecret(
                    namespace=service, name=SECRET, hosts=(host,), owner={"kind": kind, "metadata": {"name": name}}
                )


def hooks(configuration: Data | None) -> list[Data]:
    """Of a configuration; none when it does not exist."""
    return list(listing(configuration or {}, "webhooks"))


def trust(kind: str, configuration: Data, authority: str) -> Iterator[Patch]:
    """Write the authority, in base64, into every hook; nothing when each has it."""
    wanted = [
        {**hook, "clientConfig": {**dig(hook, "clientConfig"), "caBundle": authority}} for hook in hooks(configuration)
    ]
    if wanted != hooks(configuration):
        why = "has the authority of its webhooks"
        yield Patch(
            kind=kind, namespace="", name=name_of(configuration), body={"webhooks": wanted}, why=why, status=False
        )
