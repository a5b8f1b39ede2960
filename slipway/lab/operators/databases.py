"""CloudNativePG: a cluster is healthy when its storage and its Secrets are there, and a database when its cluster is. Pure.

Source: cloudnative-pg v1.28 docs/src/bootstrap.md, applications.md, declarative_database_management.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from slipway.lab.operators.seen import (
    CLOUDNATIVE_PG,
    Change,
    Data,
    NewSecret,
    Seen,
    condition,
    condition_patches,
    name_of,
    namespace_of,
    status_patch,
)  # fmt: skip
from slipway.secrets.references import database_secrets, field_references
from slipway.util.mapping import dig

ACCOUNT = (
    "username", "user", "password", "dbname", "host", "port", "uri", "fqdn-uri", "jdbc-uri", "fqdn-jdbc-uri", "pgpass",
)  # fmt: skip
"""Keys of the Secret of an account."""
ACCOUNTS = frozenset({"app", "superuser"})


def decide(seen: Seen, now: str) -> Iterator[Change]:
    """What the operator would do."""
    if not seen.namespaces(CLOUDNATIVE_PG):
        return
    for cluster in seen.all("Cluster"):
        yield from start(seen, cluster, now)
    for database in seen.all("Database"):
        yield from apply(seen, database)


def start(seen: Seen, cluster: Data, now: str) -> Iterator[Change]:
    """The Secrets of a cluster, then its status."""
    spec, namespace = dig(cluster, "spec"), namespace_of(cluster)
    instances = spec.get("instances") or 1
    if (
        condition(cluster, "Ready").get("status") == "True"
        and dig(cluster, "status").get("readyInstances") == instances
    ):
        return
    refusal = waits_for(seen, cluster)
    made = [f"{name_of(cluster)}-{suffix}" for suffix in database_secrets(spec)]
    if refusal or all(seen.find("Secret", name, namespace) for name in made):
        healthy = {"phase": "Cluster in healthy state", "instances": instances, "readyInstances": instances}
        more = {"phase": "Setting up primary"} if refusal else healthy
        yield from condition_patches("Cluster", cluster, "Ready", refusal, now=now, more=more)
        return
    for name in made:
        if seen.find("Secret", name, namespace) is None:
            for_account = name.rpartition("-")[2] in ACCOUNTS
            yield NewSecret(
                namespace=namespace,
                name=name,
                keys=ACCOUNT if for_account else (),
                hosts=() if for_account else (f"{name_of(cluster)}-rw",),
                owner=cluster,
            )


def waits_for(seen: Seen, cluster: Data) -> str:
    """Why a cluster cannot start; empty when it can."""
    spec = dig(cluster, "spec")
    for name, key, _ in field_references(dig(spec, "bootstrap"), ""):
        if lacking := seen.lacks("Secret", name, namespace_of(cluster), key):
            return lacking
    for volume in ("storage", "walStorage"):
        storage_class = dig(spec, volume).get("storageClass")
        if storage_class and seen.find("StorageClass", str(storage_class)) is None:
            return f'storageclass "{storage_class}" not found'
    return ""


def apply(seen: Seen, database: Data) -> Iterator[Change]:
    """The status of a database, anew for each generation, as the operator says it."""
    cluster = seen.find("Cluster", str(dig(database, "spec", "cluster").get("name")), namespace_of(database))
    if cluster is None or condition(cluster, "Ready").get("status") != "True":
        return
    wanted = {"applied": True, "observedGeneration": dig(database, "metadata").get("generation")}
    if {**dig(database, "status"), **wanted} != dig(database, "status"):
        yield status_patch("Database", database, wanted, "applied")
