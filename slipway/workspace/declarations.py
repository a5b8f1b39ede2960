"""What a chart's values declare, by the names that it has in a namespace. Pure.

The library derives these names in its templates (`common.names`); checks and reports without a render derive them
here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.model import Chart
from slipway.util.mapping import dig

WANTED_ADDRESS = ("metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs")
"""The annotation with which a Service asks for addresses, separated by commas, and its old name. Source: metallb.io, usage."""
WANTED_ADDRESS_FIELD = "loadBalancerIP"
"""The field with which it asks for one address."""

MAIN = "main"
"""Chart.yaml annotation, behind the prefix of the settings, of a chart that umbrellas take under aliases: the identifier of its main entry."""

ACCOUNT_KEYS = frozenset(
    {"dbname", "fqdn-jdbc-uri", "fqdn-uri", "host", "jdbc-uri", "password", "pgpass", "port", "uri", "user", "username"}
)
"""Keys of the Secret that the operator makes for a database's owner. Source: CloudNativePG 1.30, pkg/specs/secrets.go."""

REPOSITORY = "restic"
"""The Secret of the backups' repository where the platform names no other."""

REPOSITORY_KEYS = frozenset({"RESTIC_PASSWORD", "RESTIC_REPOSITORY"})


def main_of(chart: Chart) -> str:
    """The identifier of a chart's main entry."""
    return chart.annotation(MAIN) or chart.name


def object_name(chart: Chart, key: str, identifier: str) -> str:
    """What an object is called: `key` is the chart's name or its alias."""
    return key if identifier == main_of(chart) else f"{key}-{identifier}"


WORKLOAD_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job")


def value_paths(chart: Chart, key: str, values: Mapping[str, object]) -> Iterator[tuple[tuple[str, str], str]]:
    """Kind and name of an object → the path of its entry in the umbrella's values."""
    kinds = {"persistence": ("PersistentVolumeClaim",), "databases": ("Cluster",), "controllers": WORKLOAD_KINDS}
    for section, of_section in kinds.items():
        for identifier in dig(values, section):
            name = object_name(chart, key, str(identifier))
            yield from (((kind, name), f"{key}.{section}.{identifier}") for kind in of_section)
    for identifier, spec in dig(values, "service").items():
        name = str(dig(spec).get("name") or object_name(chart, key, str(identifier)))
        yield ("Service", name), f"{key}.service.{identifier}"
    for identifier, spec in dig(values, "extraObjects").items():
        yield (str(dig(spec).get("kind")), str(dig(spec, "metadata").get("name"))), f"{key}.extraObjects.{identifier}"


def account(database: str) -> str:
    """The Secret with the account of a database's owner."""
    return f"{database}-app"


def secret_name(chart: Chart, key: str, identifier: str, spec: Mapping[str, object]) -> str:
    """What a declared secret is called."""
    if database := spec.get("database"):
        return account(str(database))
    return str(spec.get("name") or (key if identifier == main_of(chart) else identifier))


def required(entry: Mapping[str, object], facts: Mapping[str, object]) -> bool:
    """Whether what a chart or an entry of its values requires of the platform is enabled; `common.render.required`."""
    part = entry.get("requires")
    return not part or dig(facts, str(part)).get("enabled") is True


def secrets(chart: Chart, key: str, values: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Name and entry of every secret that a chart's values declare, but for what the platform has not enabled."""
    facts = dig(values, "global")
    for identifier, spec in dig(values, "secrets").items():
        if isinstance(spec, Mapping) and required(spec, facts):
            yield secret_name(chart, key, str(identifier), spec), spec


def repository(facts: Mapping[str, object]) -> str:
    """The Secret of the backups' repository that the platform names."""
    return str(dig(facts, "backup").get("secret") or REPOSITORY)


def copied(values: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Identifier and entry of every backup that is on."""
    for identifier, spec in dig(values, "backup").items():
        if isinstance(spec, Mapping) and spec.get("enabled", True) is not False and not spec.get("optOut"):
            yield str(identifier), spec


def backup_containers(values: Mapping[str, object]) -> Iterator[str]:
    """The containers of a chart's backup job and of its drill, which an environment with backups has."""
    for _, spec in copied(values):
        # One finds the repository, the other copies.
        yield from ("repository", "restic")
        yield from ("newest", "recent", "restore", "check", "record")
        if volume := spec.get("persistence"):
            yield from (f"sqlite-{volume}", f"quiet-{volume}")
        else:
            name = spec.get("database") or spec.get("secret")
            yield from (f"dump-{name}", f"load-{name}")


def backup_secrets(
    chart: Chart, key: str, values: Mapping[str, object], repository: str
) -> Iterator[tuple[str, frozenset[str]]]:
    """Name and keys of the secrets that the library reads for a chart's backups; `repository` is the platform's."""
    for _, spec in copied(values):
        yield repository, REPOSITORY_KEYS
        if database := spec.get("database"):
            yield account(object_name(chart, key, str(database))), ACCOUNT_KEYS


def databases(chart: Chart, key: str, values: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Name and entry of every PostgreSQL cluster that a chart's values ask for."""
    for identifier, spec in dig(values, "databases").items():
        if isinstance(spec, Mapping) and spec.get("enabled", True) is not False:
            yield object_name(chart, key, str(identifier)), spec
