"""What is played, by name: a real program in a lab takes over roles. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from slipway.lab.operators import addresses, certificates, databases, pods, sealed, webhooks
from slipway.lab.operators.seen import Change, Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One thing that is played."""

    decide: Callable[[Seen, str], Iterable[Change]]
    """The cluster and the time → changes."""
    reads: frozenset[str]
    """Kinds."""


ROLES: Mapping[str, Role] = {
    "pod-startable": Role(decide=pods.decide, reads=frozenset({"Pod", "Secret", "ConfigMap"})),
    "load-balancer-address": Role(
        decide=addresses.load_balancers, reads=frozenset({"Pod", "Service", "IPAddressPool"})
    ),
    "ingress-address": Role(decide=addresses.ingresses, reads=frozenset({"Pod", "Service", "Ingress"})),
    "certificate-ready": Role(
        decide=certificates.decide, reads=frozenset({"Pod", "Secret", "Certificate", "Issuer", "ClusterIssuer"})
    ),
    "database-ready": Role(
        decide=databases.decide, reads=frozenset({"Pod", "Secret", "StorageClass", "Cluster", "Database"})
    ),
    "database-webhooks": Role(decide=webhooks.decide, reads=frozenset({"Secret", *webhooks.CONFIGURATIONS})),
    "sealed-secret-synced": Role(decide=sealed.decide, reads=frozenset({"Pod", "Secret", "SealedSecret"})),
}
GROUPS = frozenset({"bitnami.com", "cert-manager.io", "postgresql.cnpg.io"})
"""Groups whose kinds a lab has from the start: an umbrella may use them before another one brings them."""
OF_A_REAL_NODE = ("database-ready", "database-webhooks")
"""Those that are played beside a kubelet: the other programs are real there."""
OF_A_SIMULATED_NODE = tuple(name for name in ROLES if name != "database-webhooks")
"""Those beside kwok, whose pods serve no webhook."""


def decide(names: Iterable[str], seen: Seen, now: str) -> Iterator[Change]:
    """Every change that the roles want."""
    for name in names:
        yield from ROLES[name].decide(seen, now)
