"""Documents that are read once: what lies around one does not make it another, and never changes its data."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from slipway.build.documents import SPLIT, data_of
from slipway.util import yaml

DEFINITION = "apiVersion: v1\nkind: A\nspec:\n  text: |\n    one\n"


def test_a_definition_that_was_rendered_is_the_one_of_its_file() -> None:
    (rendered,) = (text for text in SPLIT.split(f"---\n# Source: a/crds/x.yaml\n{DEFINITION}\n") if text.strip())
    assert data_of(rendered) is data_of(DEFINITION)


@given(
    before=st.text("\n#", max_size=4),
    head=st.sampled_from(("|", "|-", "|+", "|2+", ">", ">+", ">-")),
    body=st.text("ab\n ", max_size=8),
    after=st.text("\n", max_size=3),
)
def test_lines_around_a_document_change_nothing_of_its_data(before: str, head: str, body: str, after: str) -> None:
    indented = "\n".join(f"  {line}" for line in body.split("\n"))
    text = f"{before}\na: {head}\n{indented}{after}"
    assert outcome(data_of, text) == outcome(lambda given: yaml.load_all(given)[0], text)


def outcome(read: Callable[[str], object], text: str) -> object:
    """What a reader makes of a text, or its error."""
    try:
        return read(text)
    except yaml.NotYaml as error:
        return str(error)
