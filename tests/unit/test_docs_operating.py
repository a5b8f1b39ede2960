"""What the page of a service says to whoever runs it: who needs whom, the way back, and what the environments run."""

from dataclasses import replace
from pathlib import Path

from slipway.core.model import ChartName, Digest, Pin
from slipway.docs.pages import chart_index, operations
from slipway.docs.source import parsing, pinned_versions
from slipway.workspace.digest import digest_all

ROOT = Path(__file__).resolve().parents[2]
HTPC = ChartName("htpc")


def entry(parsed: parsing.ParsedWorkspace, name: str) -> parsing.ParsedChart:
    return parsed.entries[ChartName(name)]


def test_a_database_and_its_application_name_each_other(parsed: parsing.ParsedWorkspace) -> None:
    assert "| [nextcloud-postgres](postgres.md) | its database |" in operations.dependencies(
        parsed, entry(parsed, "nextcloud")
    )
    assert "| [nextcloud](nextcloud.md) | its database |" in operations.used_by(parsed, entry(parsed, "postgres"))


def test_a_chart_with_several_names_has_the_way_back_of_each(parsed: parsing.ParsedWorkspace) -> None:
    message = operations.backup_and_restore(parsed, entry(parsed, "postgres"))

    for dep in next(one for one in parsed.workspace.umbrellas if one.name == "utils").dependencies:
        if dep.name == "postgres":
            row = next(line for line in message.splitlines() if line.startswith(f"| `{dep.key} databases.postgres` | "))
            # Nextcloud's database is copied with its files, so its own name has no way back.
            copied = dep.key != "nextcloud-postgres"
            assert ("no backup: " not in row) is copied
            assert (f"$ ./inv restore {dep.key}\n" in message) is copied


def test_what_is_not_copied_has_no_way_back(parsed: parsing.ParsedWorkspace) -> None:
    message = operations.backup_and_restore(parsed, entry(parsed, "media"))

    assert "no backup: " in message
    assert "./inv restore" not in message


def pinned(parsed: parsing.ParsedWorkspace, made_from: Digest) -> parsing.ParsedWorkspace:
    pin = Pin(name=HTPC, version="1.4.0", manifest=Digest("sha256:1"), input_digest=made_from)
    return replace(parsed, pins={"staging": {HTPC: pin}})


def test_a_pin_of_the_working_tree_shows_the_version_of_each_member(parsed: parsing.ParsedWorkspace) -> None:
    known = pinned(parsed, digest_all(parsed.workspace)[HTPC])
    state, sonarr = pinned_versions.state(known), entry(known, "sonarr")

    assert dict(pinned_versions.rows(state, sonarr)) == {"Pinned in staging": f"`{sonarr.chart.version}` in htpc 1.4.0"}
    assert pinned_versions.card(state, sonarr).endswith(", pinned in staging")
    assert pinned_versions.card(state, entry(known, "nextcloud")).endswith(", not pinned")
    assert "| `1.4.0` | - |" in chart_index.text(known, frozenset())


def test_a_pin_to_something_else_does_not_pretend_to_know_its_members(parsed: parsing.ParsedWorkspace) -> None:
    known = pinned(parsed, Digest("sha256:other"))
    state, sonarr = pinned_versions.state(known), entry(known, "sonarr")

    assert dict(pinned_versions.rows(state, sonarr)) == {"Pinned in staging": "the version packaged in htpc 1.4.0"}
    assert pinned_versions.card(state, sonarr).endswith(", not pinned")
    assert "| `1.4.0`, changed in git since | - |" in chart_index.text(known, frozenset())
