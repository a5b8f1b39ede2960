"""The search of the site, by the theme's own worker and the index of the build: what an operator types leads to the right page."""

import json
import os
from pathlib import Path

import pytest

from slipway.context import open_context
from slipway.toolchain import groups
from slipway.tools.run import Command, run_process
from slipway.util import yaml
from slipway.util.mapping import strings
from testing.monorepo import ROOT

TABLE = Path(__file__).with_name("searches.yaml")
WRITTEN = yaml.parse(TABLE.read_bytes(), TABLE.name).mapping
SEARCHES = {query: strings(WRITTEN, query) for query in WRITTEN}
SHOWN = 3
"""Results that fit on a phone, beside the keyboard."""


@pytest.fixture(scope="session")
def found(built_site: Path) -> dict[str, list[str]]:
    """Query → the pages that the search shows, in order."""
    context = open_context(ROOT, os.environ, quiet=True)
    node = groups.program(ROOT, "node", context.progress)
    (worker,) = (built_site / "assets" / "javascripts" / "workers").glob("search.*.min.js")
    index = built_site / "search" / "search_index.json"
    script = ROOT / "testing" / "site_search.mjs"
    asked = "\n".join(SEARCHES).encode()
    done = run_process(Command(argv=(str(node), str(script), str(worker), str(index)), stdin=asked))
    answers: dict[str, list[str]] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("query", SEARCHES)
def test_the_right_page_is_among_the_first_results(found: dict[str, list[str]], query: str) -> None:
    assert set(found[query][:SHOWN]) & set(SEARCHES[query]), found[query][:SHOWN]


def test_lists_of_changes_and_values_are_not_among_the_results(found: dict[str, list[str]]) -> None:
    pages = {page for results in found.values() for page in results}

    assert {page for page in pages if page.startswith(("changelog/", "reference/values/"))} == set()
    assert {page for page in pages if page.startswith("charts/") and page.count("/") > 1} == set()


def test_every_page_of_the_table_exists(built_site: Path) -> None:
    assert [page for pages in SEARCHES.values() for page in pages if not (built_site / page).is_file()] == []
