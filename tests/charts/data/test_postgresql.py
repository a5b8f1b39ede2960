"""PostgreSQL reads the settings that we render, runs the SQL that we ship, and loads the dumps that we make."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from slipway.build.render import Object
from slipway.core.model import ChartKind
from slipway.delivery import restore
from slipway.util.mapping import dig
from testing import servers
from testing.rendering import Repository, charts
from testing.servers import Postgres

pytestmark = pytest.mark.helm

ABSENT = frozenset({"uuid-ossp", "vchord"})
"""Libraries and extensions that the package of the test group does not have."""


def places() -> list[tuple[str, str]]:
    """(chart, which values) of every render that may ask for a database."""
    found = []
    for chart in charts():
        if chart.name == "postgres":
            found += [("postgres", label) for label in ("its own values", *ci_labels())]
        elif chart.kind is ChartKind.UMBRELLA and any(dep.name == "postgres" for dep in chart.dependencies):
            found.append((str(chart.name), "its own values"))
    return found


def ci_labels() -> list[str]:
    """The ci values of the chart."""
    from testing.workspaces import ROOT

    return [f"ci/{path.name}" for path in sorted((ROOT / "charts/postgres/ci").glob("*-values.yaml"))]


def names_of(cluster: Object) -> tuple[str, str]:
    """Database and owner."""
    ((_, start),) = dig(cluster.data, "spec", "bootstrap").items()
    return str(dig(start)["database"]), str(dig(start)["owner"])


@contextmanager
def served(cluster: Object) -> Iterator[Postgres]:
    """A server with a cluster's settings, and its database as the operator makes it."""
    spec = dig(cluster.data, "spec", "postgresql")
    settings = {key: str(value) for key, value in dig(spec, "parameters").items()}
    preload = spec.get("shared_preload_libraries")
    libraries = [name for name in (preload if isinstance(preload, list) else []) if not absent(name)]
    if libraries:
        settings["shared_preload_libraries"] = ",".join(libraries)
    database, owner = names_of(cluster)
    with servers.postgres(settings) as server:
        server.ask(f'CREATE ROLE "{owner}" LOGIN')
        server.ask(f'CREATE DATABASE "{database}" OWNER "{owner}"')
        statements = dig(cluster.data, "spec", "bootstrap", "initdb").get("postInitApplicationSQL")
        for statement in statements if isinstance(statements, list) else []:
            if not absent(statement):
                server.ask(statement, database)
        yield server


def absent(text: str) -> bool:
    """Whether a library or a statement is about something that the package does not have."""
    return any(word in text for word in ABSENT)


@pytest.mark.parametrize(("chart", "values"), places())
def test_the_server_takes_every_setting_and_runs_all_our_sql(repository: Repository, chart: str, values: str) -> None:
    for cluster in repository.rendered(repository.case(chart, values)).objects:
        if cluster.kind != "Cluster":
            continue
        database, owner = names_of(cluster)
        with served(cluster) as server:
            given = server.ask("SELECT name FROM pg_settings WHERE source = 'command line'")
            assert set(dig(cluster.data, "spec", "postgresql", "parameters")) <= set(given)
            made = server.ask("SELECT extname FROM pg_extension", database)
            extensions = [item["name"] for item in wanted_extensions(repository, chart, values, cluster.name)]
            assert {name for name in extensions if not absent(name)} <= set(made)
            # The owner is no superuser, and may do what applications do.
            assert server.ask("SELECT rolsuper FROM pg_roles WHERE rolname = current_user", database, owner) == ["f"]
            server.ask("CREATE TABLE t (id int); CREATE EXTENSION hstore; DROP EXTENSION hstore", database, owner)


def wanted_extensions(repository: Repository, chart: str, values: str, name: str) -> list[Mapping[str, str]]:
    """The extensions that the Database object of a cluster asks for."""
    for item in repository.rendered(repository.case(chart, values)).objects:
        if item.kind == "Database" and dig(item.data, "spec", "cluster").get("name") == name:
            return list(item.at("spec", "extensions"))  # type: ignore[call-overload]
    return []


FOREIGN = "CREATE EXTENSION vector; CREATE EXTENSION earthdistance CASCADE"
"""What the superuser makes, and the owner may neither drop nor comment."""

OWN = """
CREATE EXTENSION pg_trgm;
CREATE TABLE kept (id int, v vector(2));
INSERT INTO kept VALUES (1, '[1,2]');
CREATE SCHEMA own;
CREATE VIEW own.w AS TABLE kept;
CREATE TABLE place (lat float8, long float8);
CREATE INDEX place_earth ON place USING gist (ll_to_earth(lat, long));
INSERT INTO place VALUES (52.5, 13.4);
"""

TABLES = "SELECT tablename FROM pg_tables WHERE tableowner = current_user ORDER BY 1"
EXTENSIONS = "SELECT extname, rolname FROM pg_extension JOIN pg_roles r ON r.oid = extowner ORDER BY 1"


def test_a_dump_brings_back_what_was_there_and_nothing_else(objects, container) -> None:
    rendered = objects("postgres", "ci/backup-values.yaml")
    cluster = next(item for item in rendered if item.kind == "Cluster")
    cron = next(item for item in rendered if item.kind == "CronJob")
    load = dig(restore.job_of(cron, "latest"), "spec", "template", "spec")["containers"][0]
    database, owner = names_of(cluster)
    with served(cluster) as server:
        env = {**server.env(database, owner), "PATH": f"{server.programs}:/usr/bin:/bin"}

        def act(command: list[str]) -> None:
            servers.run(*(word.replace("/data/dump", str(server.folder)) for word in command), env=env)

        server.ask(FOREIGN, database)
        server.ask(OWN, database, owner)
        act(list(container(cron, "dump-postgres")["command"]))
        server.ask("DELETE FROM kept; CREATE TABLE later (id int); DROP SCHEMA own CASCADE", database, owner)

        act([*load["command"], *load["args"]])

        assert server.ask("SELECT id, v FROM own.w", database, owner) == ["1|[1,2]"]
        assert server.ask(TABLES, database, owner) == ["kept", "place"]
        assert server.ask("SELECT indexname FROM pg_indexes WHERE tablename = 'place'", database) == ["place_earth"]
        theirs = [f"{name}|postgres" for name in ("cube", "earthdistance", "plpgsql", "vector")]
        assert server.ask(EXTENSIONS, database) == sorted([*theirs, f"pg_trgm|{owner}"])
        # And into a database that is new.
        server.ask(f'CREATE DATABASE again OWNER "{owner}"')
        server.ask(FOREIGN, "again")
        env["PGDATABASE"] = "again"
        act([*load["command"], *load["args"]])
        assert server.ask(TABLES, "again", owner) == ["kept", "place"]
