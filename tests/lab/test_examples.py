"""What pages show of a lab and of rehearsals: the commands are run in a copy of this repository, with a lab of its own."""

import pytest

from testing.examples import Sessions

KNOWN = Sessions.of_pages()


@pytest.mark.parametrize("name", [name for name, one in KNOWN.items() if one.lab])
def test_a_session_does_what_its_page_shows(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    if message := Sessions.below(tmp_path_factory.getbasetemp(), KNOWN).verdict(name):
        pytest.fail(message, pytrace=False)
