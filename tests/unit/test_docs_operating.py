"""What the page of a service says to whoever runs it: who needs whom, the way back, and what the environments run."""

from dataclasses import replace
from pathlib import Path

from slipway.core.model import ChartName, Digest, Pin
from slipway.docs import book, catalogue, operating, released
from slipway.workspace.digest import digest_all

ROOT = Path(__file__).resolve().parents[2]
HTPC = ChartName("htpc")


def entry(opened: book.Book, name: str) -> book.Entry:
    return opened.entries[ChartName(name)]


def test_a_database_and_its_application_name_each_other(opened: book.Book) -> None:
    assert "| [nextcloud-postgres](postgres.md) | its database |" in operating.dependencies(
        opened, entry(opened, "nextcloud")
    )
    assert "| [nextcloud](nextcloud.md) | its database |" in operating.used_by(opened, entry(opened, "postgres"))


def test_a_chart_with_several_names_has_the_way_back_of_each(opened: book.Book) -> None:
    said = operating.keeping(opened, entry(opened, "postgres"))

    for dep in next(one for one in opened.workspace.umbrellas if one.name == "utils").dependencies:
        if dep.name == "postgres":
            row = next(line for line in said.splitlines() if line.startswith(f"| `{dep.key} databases.postgres` | "))
            # Nextcloud's database is copied with its files, so its own name has no way back.
            copied = dep.key != "nextcloud-postgres"
            assert ("no copy: " not in row) is copied
            assert (f"$ ./inv restore {dep.key}\n" in said) is copied


def test_what_is_not_copied_has_no_way_back(opened: book.Book) -> None:
    said = operating.keeping(opened, entry(opened, "media"))

    assert "no copy: " in said
    assert "./inv restore" not in said


def pinned(opened: book.Book, made_from: Digest) -> book.Book:
    pin = Pin(name=HTPC, version="1.4.0", manifest=Digest("sha256:1"), input_digest=made_from)
    return replace(opened, pins={"staging": {HTPC: pin}})


def test_a_pin_to_what_lies_here_tells_the_version_of_each_member(opened: book.Book) -> None:
    known = pinned(opened, digest_all(opened.workspace)[HTPC])
    state, sonarr = released.state(known), entry(known, "sonarr")

    assert dict(released.rows(state, sonarr)) == {"In staging": f"`{sonarr.chart.version}` in htpc 1.4.0"}
    assert released.card(state, sonarr).endswith(", pinned in staging")
    assert released.card(state, entry(known, "nextcloud")).endswith(", not pinned")
    assert "| `1.4.0` | - |" in catalogue.text(known, frozenset())


def test_a_pin_to_something_else_does_not_pretend_to_know_its_members(opened: book.Book) -> None:
    known = pinned(opened, Digest("sha256:other"))
    state, sonarr = released.state(known), entry(known, "sonarr")

    assert dict(released.rows(state, sonarr)) == {"In staging": "the version that htpc 1.4.0 has in it"}
    assert released.card(state, sonarr).endswith(", not pinned")
    assert "| `1.4.0`, changed here since | - |" in catalogue.text(known, frozenset())
