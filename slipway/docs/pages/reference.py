"""Reference pages about the build system itself: tasks, exit codes, rules, settings. Pure, from the tables in the code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from slipway.config import SETTINGS
from slipway.core.errors import EXIT_MEANING
from slipway.docs.markdown import code, prose, section, site_page, table, value
from slipway.docs.source.settings import VARIABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One argument of a task."""

    names: tuple[str, ...]
    """As typed: `--env`, `-e`."""
    takes: str
    """`text`, or empty for a switch."""
    positional: bool
    required: bool
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task."""

    name: str
    doc: str
    flags: tuple[Flag, ...]

    @property
    def usage(self) -> str:
        """How it is started."""
        words = ["./inv", self.name]
        for flag in self.flags:
            if flag.positional:
                word = flag.names[0].lstrip("-").upper()
                words.append(word if flag.required else f"[{word}]")
            elif flag.required:
                words.append(f"{flag.names[0]} …")
        return " ".join(words)


def tasks(found: Sequence[Task]) -> str:
    """The page of tasks."""
    return site_page(
        "# Tasks",
        "Started as `./inv TASK` in the checkout; `invoke TASK` inside the environment is the same.\n`./inv --list` shows this list, `./inv TASK --help` the flags of one task.",
        table(
            ("Task", "What it does"), ((f"[{task.name}](#{task.name})", prose(first_line(task.doc))) for task in found)
        ),
        *(section(2, task.name, one_task(task)) for task in found),
    )


def first_line(text: str) -> str:
    """The sentence that `--list` shows."""
    return text.strip().partition("\n")[0]


def one_task(task: Task) -> str:
    """Usage, text and flags."""
    rows = (
        (", ".join(f"{code(name)}{{.whole}}" for name in flag.names), takes(flag), prose(flag.help))
        for flag in task.flags
    )
    return "\n\n".join(
        part
        for part in (f"```console\n$ {task.usage}\n```", task.doc.strip(), table(("Flag", "Takes", "Meaning"), rows))
        if part
    )


def takes(flag: Flag) -> str:
    """What follows a flag, and whether it must be there."""
    return f"{flag.takes or 'switch'}{', required' if flag.required else ''}"


def exit_codes() -> str:
    """The page of exit codes."""
    rows = ((code(int(number)), prose(meaning), prose(cure)) for number, (meaning, cure) in EXIT_MEANING.items())
    return site_page(
        "# Exit codes",
        "Every task ends with one of these.\nA message is always `where: fact`, indented evidence, and a hint with the exact command.\nA traceback is a bug of ours.",
        table(("Code", "Meaning", "What to do"), rows),
    )


def rules(tables: Mapping[str, Mapping[str, str]]) -> str:
    """The page of rules.

    Args:
        tables: title → (rule → what it demands).
    """
    blocks = []
    for title, known in tables.items():
        blocks.append(f"## {title}")
        # A group may stand in several places of the table; the page shows it once.
        ordered = sorted(known, key=lambda rule: rule.partition(".")[0])
        for group, names in groupby(ordered, key=lambda rule: rule.partition(".")[0]):
            rows = ((code(name), prose(known[name])) for name in names)
            blocks.append(section(3, group, table(("Rule", "What it demands"), rows)))
    count = sum(len(known) for known in tables.values())
    intro = f"`./inv lint` checks all {count} and shows every finding, not only the first.\nA finding names its rule in `./inv lint --json`."
    return site_page("# Rules", intro, *blocks)


def configuration() -> str:
    """The page of settings and variables."""
    settings = (
        (code(key), setting.type, value(setting.default), prose(setting.meaning)) for key, setting in SETTINGS.items()
    )
    variables = ((code(name), prose(meaning)) for name, meaning in VARIABLES.items())
    return site_page(
        "# Settings",
        section(
            2,
            "pyproject.toml",
            "The table `[tool.slipway]`.\nA key that does not exist is an error.",
            table(("Key", "Type", "Default", "Meaning"), settings),
        ),
        section(
            2,
            "Environment variables",
            "They win over the file.",
            table(("Variable", "Meaning"), variables),
        ),
    )
