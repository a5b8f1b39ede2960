"""Console blocks of pages: what is typed, what is shown, what is compared, and that nothing stays unexecuted unnoticed."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from slipway.docs import hook
from slipway.docs.checks import console_blocks, console_output
from slipway.docs.checks.console_blocks import ConsoleCommand
from slipway.tools.run import Completed
from testing import digests
from testing.examples import judge, shown

PAGE = """\
# Page

```console run="first"
$ ./inv plan   # why
$ ./inv release --only sonarr    # exit code 5
charts/sonarr: refused

    hint: mend it
```

1. In a list:

    ```console run="first"
    $ cat >> file <<'END'
    > text
    > END
    $ ./inv new \\
        --port 1
    >not typed
    ```

```console run="second" from="first"
$ ./inv status
```
"""


def problem_texts(*pages: str) -> list[str]:
    blocks = [block for number, text in enumerate(pages) for block in console_blocks.blocks(f"docs/{number}.md", text)]
    return [f"{problem.where} {problem.fact}" for problem in console_blocks.problems(blocks)]


def test_commands_have_their_output_their_exit_code_and_their_line() -> None:
    first, second, _ = console_blocks.blocks("docs/a.md", PAGE)

    assert first.steps == (
        ConsoleCommand(command="./inv plan   # why", output=(), code=0, line=4),
        ConsoleCommand(
            command="./inv release --only sonarr    # exit code 5",
            output=("charts/sonarr: refused", "", "    hint: mend it"),
            code=5,
            line=5,
        ),
    )
    assert second.steps == (
        ConsoleCommand(command="cat >> file <<'END'\ntext\nEND", output=(), code=0, line=14),
        ConsoleCommand(command="./inv new \\\n    --port 1", output=(">not typed",), code=0, line=17),
    )


def test_blocks_of_one_name_are_one_session_and_follow_the_one_that_they_go_on_with() -> None:
    late = '```console run="late" from="early"\n$ a\n```\n\n```console lab="early"\n$ b\n```\n'

    ordered = console_blocks.sessions(console_blocks.blocks("docs/a.md", PAGE))

    assert [(one.name, one.origin, len(one.blocks)) for one in ordered] == [("first", "", 2), ("second", "first", 1)]
    assert [one.name for one in console_blocks.sessions(console_blocks.blocks("docs/a.md", late))] == ["early", "late"]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("```console\n$ ./inv plan\n```\n", "no test runs this block, and it has no reason for that"),
        ("```sh\n$ make\n```\n", "no test runs this block, and it has no reason for that"),
        ('```console runs="a"\n$ ./inv plan\n```\n', "the block has the unknown mark 'runs'"),
        ('```console skip=""\n$ ./inv plan\n```\n', "the marks of this block are empty or contradict each other"),
        (
            '```console run="a" skip="b"\n$ ./inv plan\n```\n',
            "the marks of this block are empty or contradict each other",
        ),
        ('```console run="a"\n./inv plan\n```\n', "the block has no command: no line begins with `$ `"),
        ('```console run="a" from="b"\n$ ./inv plan\n```\n', "the session 'a' cannot continue 'b'"),
        ('```console run="a" from="a"\n$ ./inv plan\n```\n', "the session 'a' cannot continue 'a'"),
        (
            '```console run="a" from="b"\n$ ./inv plan\n```\n```console lab="b"\n$ ./inv lab up\n```\n',
            "the session 'a' cannot continue 'b'",
        ),
    ],
    ids=["no mark", "another shell", "unknown", "no reason", "both", "no prompt", "no origin", "itself", "a lab"],
)
def test_a_block_without_a_mark_is_reported(text: str, fact: str) -> None:
    assert problem_texts(f"\n{text}") == [f"docs/0.md:2 {fact}"]


def test_a_session_is_on_one_page() -> None:
    text = '```console run="a"\n$ ./inv plan\n```\n'

    assert problem_texts(text, text) == ["docs/0.md:1 the session 'a' is also used in docs/1.md"]


@pytest.mark.parametrize(
    "text",
    [
        PAGE,
        '```console skip="it waits"\n$ ./inv docs serve\n```\n',
        "```console\n$ kubectl get pods\n```\n",
        "```yaml\na: 1\n```\n",
    ],
    ids=["run", "reason", "cluster", "no shell"],
)
def test_a_block_whose_fate_is_clear_is_left_alone(text: str) -> None:
    assert problem_texts(text) == []


def test_readers_of_the_site_do_not_see_the_marks() -> None:
    shown = console_blocks.without_marks(
        '    ```console title="A run" run="a" from="b"\n    $ x\n    ```\n```python run="a"\n```\n'
    )

    assert shown == '    ```console title="A run"\n    $ x\n    ```\n```python run="a"\n```\n'
    page = SimpleNamespace(file=SimpleNamespace(src_uri="index.md"), meta={}, url="index.html")
    assert hook.on_page_markdown('```console run="a"\n$ x\n```\n', page=page) == "```console\n$ x\n```\n"


@pytest.mark.parametrize(
    ("shown", "message"),
    [
        ("a\nb", "a\nb\n\n"),
        ("✔ lint  39 charts, no problems (77.6 s)", "✔ lint  40 charts, no problems (8 s)"),
        ("  common  1.0.0  sha256:ffff…", "  common                  1.10.2  sha256:" + "f" * 64),
        ("to oci://127.0.0.1:5055/charts", "to oci://127.0.0.1:41234/charts"),
        ("kept … charts of …", "kept 7 charts of 2026-11-26"),
        ("a\n…\nd", "a\nb\nc\nd"),
        ("a\n…\nd", "a\nd"),
        ("…\nc\n…\nc", "a\nc\nb\nc"),
        ("…\n", ""),
    ],
    ids=["same", "seconds", "digest", "port", "within", "lines", "no lines", "twice", "anything"],
)
def test_what_no_two_runs_share_is_no_difference(shown: str, message: str) -> None:
    assert console_output.compare(shown.splitlines(), message.splitlines()) is None


@pytest.mark.parametrize(
    ("shown", "message", "place"),
    [
        ("a\nb", "a\nc", (1, "b", "c")),
        ("a", "a\nb", (1, "", "b")),
        ("a\nb", "a", (1, "b", "")),
        ("a\n…\nc\nd", "a\nb\nc\ne", (3, "d", "e")),
        ("a\n…\nc", "a\nc\nd", (2, "c", "d")),
        ("2 problems", "3 problems", (0, "2 problems", "3 problems")),
        ("  a", "a", (0, "  a", "a")),
        ("…\nb\n…", "a\nc", (1, "b", "a")),
        (f"sha256:{'f' * 64}", f"sha256:{'f' * 63}e", (0, f"sha256:{'f' * 64}", f"sha256:{'f' * 63}e")),
    ],
    ids=["line", "more", "less", "after", "end", "numbers", "indent", "nowhere", "digest"],
)
def test_the_first_difference_is_named(shown: str, message: str, place: tuple[int, str, str]) -> None:
    found = console_output.compare(shown.splitlines(), message.splitlines())

    assert found is not None
    assert (found.line, found.shown, found.actual) == place


def test_the_digests_of_an_output_are_written_into_the_page_that_shows_them(tmp_path: Path) -> None:
    old, new, other = (f"sha256:{sign * 64}" for sign in "abc")
    page = tmp_path / "page.md"
    page.write_text(f"$ x\n  common  1.0.0  {old}\n…\n  sonarr  1.0.0  {old}\n\n  sonarr  1.0.0  {old}\n")
    lines = (f"  common  1.0.0  {old}", "…", f"  sonarr  1.0.0  {old}")
    step = console_blocks.ConsoleCommand(command="x", output=lines, code=0, line=1)

    digests.update(page, step, [f"  common        1.0.0  {new}", f"  sonarr        1.0.0  {other}"])

    assert page.read_text() == (f"$ x\n  common  1.0.0  {new}\n…\n  sonarr  1.0.0  {other}\n\n  sonarr  1.0.0  {old}\n")


def test_lines_that_are_alike_take_the_digests_of_an_output_in_its_order() -> None:
    old, new, other = (f"    registry sha256:{sign * 64}" for sign in "abc")

    assert digests.with_digests([old, "…", old], [new, "hint", other]) == [new, "…", other]


def verdict(code: int, stdout: str) -> str:
    step = ConsoleCommand(command="./inv lint \\\n    --only sonarr", output=("1 chart", "2 problems"), code=0, line=7)
    done = Completed(argv=("bash",), code=code, stdout=stdout, stderr="", seconds=0.0)
    return str(judge("docs/a.md:7", step, done, shown(done)) or "")


def test_a_session_reports_the_line_of_the_page_that_differs() -> None:
    message = verdict(0, "1 chart\n3 problems\n").splitlines()

    assert message[0].startswith("docs/a.md:10: `./inv lint")
    assert [line.strip() for line in message if line.strip().startswith(("page", "actual"))] == [
        "page    2 problems",
        "actual  3 problems",
    ]
    assert "hint: copy the output into the page" in message[-1]


def test_a_session_reports_an_exit_code_that_the_page_does_not_name() -> None:
    assert "ended with exit code 5, and the page has 0" in verdict(5, "1 chart\n2 problems\n")


def test_a_session_reports_nothing_when_the_output_is_as_shown() -> None:
    assert verdict(0, "1 chart\n2 problems\n") == ""


def test_a_session_ignores_how_long_a_slow_step_runs_so_far() -> None:
    assert (
        verdict(0, "1 chart\n  lint … 30 s  \n  helm v4.3.1, ct v3.14.0 … 60 s  28 packages compiled\n2 problems\n")
        == ""
    )
