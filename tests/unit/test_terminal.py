"""Text for a terminal: what fits its width, what a shell reads, and what has a colour."""

import io
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.util.terminal import GAP, LEAST, Step, coloured, painted, shown, table, width_of

WORD = st.text("abcdefghij-.✔", min_size=1, max_size=30)
CELL = st.lists(WORD, max_size=6).map(" ".join)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_last_column_of_a_table_has_no_trailing_spaces() -> None:
    assert shown(table(("A", "B"), [("long", "x"), ("s", "longer")])) == "A     B\nlong  x\ns     longer"


def test_a_table_without_a_head_has_only_its_rows() -> None:
    assert shown(table((), [("./inv plan", "what"), ("./inv", "all")])) == "./inv plan  what\n./inv       all"
    assert shown(table((), [])) == ""


def test_a_table_that_fits_is_the_same_on_a_terminal() -> None:
    made = table(("A", "B"), [("long", "x y z")])

    assert shown(made, 80) == shown(made)


@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), max_size=4), st.integers(0, 200))
def test_a_table_fits_the_terminal_and_loses_no_character(rows: list[tuple[str, ...]], more: int) -> None:
    width = 4 * LEAST + 3 * len(GAP) + more
    made = table(("ONE", "TWO", "THREE", "FOUR"), rows)

    lines = shown(made, width).splitlines()

    assert max(map(len, lines)) <= width
    assert sorted("".join(lines).replace(" ", "")) == sorted(shown(made).replace("\n", "").replace(" ", ""))


def test_words_are_kept_whole_while_there_is_room() -> None:
    made = table(("NAME", "WHY"), [("kube-state-metrics", "it is read by everything here and by a job")])

    assert shown(made, 40).splitlines() == [
        "NAME                WHY",
        "kube-state-metrics  it is read by",
        "                    everything here and",
        "                    by a job",
    ]


FLAGS = st.lists(st.tuples(st.sampled_from(["--key", "--from-file", "-n"]), WORD), max_size=8)


@given(FLAGS, CELL, st.integers(50, 120))
def test_a_command_that_is_too_long_is_read_by_a_shell_as_the_same_one(
    flags: list[tuple[str, str]], purpose: str, width: int
) -> None:
    command = " ".join(["./inv seal", *(f"{flag} {shlex.quote(value)}" for flag, value in flags)])

    lines = shown(Step(command=command, purpose=purpose), width).splitlines()

    assert max(map(len, lines)) <= width
    assert shlex.split("\n".join(lines).replace("\\\n", ""), comments=True) == shlex.split(command)


def test_a_command_is_one_line_for_a_program() -> None:
    assert shown((Step(command="./inv seal --key " + "k" * 90, purpose="why"),)) == (
        f"    ./inv seal --key {'k' * 90}    # why"
    )


@pytest.mark.parametrize(
    ("line", "colour"),
    [
        ("✔  sonarr", "\x1b[32m✔\x1b[0m  sonarr"),
        ("✘ missing  htpc/sonarr", "\x1b[31m✘ missing\x1b[0m  htpc/sonarr"),
        ("    hint: ./inv plan", "    \x1b[36mhint:\x1b[0m ./inv plan"),
        ("        -  image: a", "        \x1b[31m-  image: a\x1b[0m"),
        ("    DANGER removed-claim: it is removed", "    \x1b[31mDANGER removed-claim: it is removed\x1b[0m"),
        ("CHART  KIND", "\x1b[1mCHART  KIND\x1b[0m"),
        ("plain", "plain"),
        ("- optional  x", "- optional  x"),
    ],
)
def test_a_colour_marks_what_the_words_say_too(line: str, colour: str) -> None:
    assert painted(line) == colour


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_there_are_colours_only_where_they_are_wanted(
    stream: io.StringIO, environ: dict[str, str], wanted: bool
) -> None:
    assert coloured(stream, environ) is wanted


def test_only_a_terminal_has_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "57")

    assert width_of(Terminal()) == 57
    assert width_of(io.StringIO()) is None
