"""Examples on the pages of services: they are the files under `ci/`, put where an operator writes them."""

import re
import textwrap

import yaml

from slipway.docs.pages import value_examples
from slipway.docs.source import parsing

BLOCK = re.compile(r'^    ```yaml title="values/<env>/([a-zA-Z-]+)\.yaml"\n(.*?)^    ```', re.MULTILINE | re.DOTALL)


def test_every_example_has_the_values_of_its_file(parsed: parsing.ParsedWorkspace) -> None:
    count = 0
    for entry in parsed.entries.values():
        for path, text in entry.chart.variations.items():
            made = value_examples.example(parsed, entry, path, text.decode())
            blocks = {file: yaml.safe_load(textwrap.dedent(body)) for file, body in BLOCK.findall(made)}
            example = {"global": blocks.pop("platform")} if "platform" in blocks else {}
            for members in blocks.values():
                (own,) = members.values()
                assert "global" not in own, path
                example |= own
            assert example == yaml.safe_load(text), path
            count += 1

    assert count > 40


def test_the_comment_at_the_top_is_the_title_and_others_stay_with_their_key() -> None:
    title, blocks = value_examples.parts("# A disk.\n# Two lines.\nglobal:\n  a: 1\n\n# of b\nb: 2\n")

    assert title == "A disk. Two lines"
    assert blocks == ("global:\n  a: 1\n", "# of b\nb: 2\n")
