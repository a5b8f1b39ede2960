"""Reference pages of slipway: tasks, exit codes, rules, settings. Pure, from tables in the code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, groupby, repeat

from slipway.config import SETTINGS
from slipway.configure.questions import ENVIRONMENTS, FIXED, services_question
from slipway.core.errors import EXIT_MEANING
from slipway.core.profile import PROFILES
from slipway.docs.markdown import code, prose, section, site_page, table, value
from slipway.docs.source.settings import VARIABLES
from slipway.docs.source.tasks import Flag, Task
from slipway.release.dangers.kinds import KINDS

COMPLETION = """\
Tasks, flags, charts and environments are completed by bash, zsh and fish, for `./inv` and for the path of any other checkout.
Add one line to the file that your shell reads at its start:

| Shell | File | Line |
| --- | --- | --- |
| bash | `~/.bashrc` | `eval "$(/path/to/inv --print-completion-script bash)"` |
| zsh | `~/.zshrc` | `eval "$(/path/to/inv --print-completion-script zsh)"` |
| fish | `~/.config/fish/config.fish` | `/path/to/inv --print-completion-script fish \\| source` |"""


def tasks(found: Sequence[Task]) -> str:
    """The page of tasks."""
    return site_page(
        "# Tasks",
        "Run a task with `./inv TASK` in the checkout, or with `invoke TASK` in the activated virtual environment.\n"
        "`./inv` prints this list, `./inv TASK --help` the flags of a task.\n"
        "On a terminal, tables are wrapped to its width; in a pipe, and with `--wide`, every column is printed in full.\n"
        "`NO_COLOR=1` turns the colours off.",
        section(2, "Completion", COMPLETION),
        table(
            ("", "Task", "Description"),
            (
                (task.purpose if first else "", f"[{task.name}](#{task.name})", prose(first_line(task.doc)))
                for _, members in groupby(found, key=lambda task: task.purpose)
                for first, task in zip(chain([True], repeat(False)), members, strict=False)
            ),
        ),
        *(section(2, task.name, task_section(task)) for task in found),
    )


def first_line(text: str) -> str:
    """The summary that `--list` shows."""
    return text.strip().partition("\n")[0]


def task_section(task: Task) -> str:
    """Usage, description and flags."""
    rows = (
        (", ".join(f"{code(name)}{{.whole}}" for name in flag.names), value_of(flag), prose(flag.help))
        for flag in task.flags
    )
    return "\n\n".join(
        part
        for part in (
            f"```console\n$ {task.usage}\n```",
            task.doc.strip(),
            table(("Flag", "Value", "Description"), rows),
        )
        if part
    )


def value_of(flag: Flag) -> str:
    """The type of a flag's value, and whether the flag is required."""
    return f"{'string' if flag.takes_value else 'boolean'}{', required' if flag.required else ''}"


def exit_codes() -> str:
    """The page of exit codes."""
    rows = ((code(int(number)), prose(meaning), prose(action)) for number, (meaning, action) in EXIT_MEANING.items())
    return site_page(
        "# Exit codes",
        "Every task exits with one of these codes.\nA message has the form `where: fact`, indented evidence, and a hint with the exact command.\nA bug in slipway has a code of its own, and a log with the traceback.",
        table(("Code", "Meaning", "What to do"), rows),
    )


def danger_kinds() -> str:
    """The page of dangers."""
    sections = (section(2, kind.name, f"{prose(kind.meaning)}\n\n{prose(kind.remedy)}") for kind in KINDS.values())
    return site_page(
        "# Dangers of an update",
        "`./inv diff` compares the objects that run with those of the working tree, and reports with a name what is hard to undo.\n"
        "Objects that are new, and changes that the previous release takes back, have no danger.",
        *sections,
    )


def rules(tables: Mapping[str, Mapping[str, str]]) -> str:
    """The page of rules.

    Args:
        tables: title → (rule → requirement).
    """
    blocks = []
    for title, requirements in tables.items():
        blocks.append(f"## {title}")
        # The rules of a group may be scattered over the table.
        ordered = sorted(requirements, key=lambda rule: rule.partition(".")[0])
        for group, names in groupby(ordered, key=lambda rule: rule.partition(".")[0]):
            rows = ((code(name), prose(requirements[name]), profiles_of(name)) for name in names)
            blocks.append(section(3, group, table(("Rule", "Requirement", "Profiles"), rows)))
    count = sum(map(len, tables.values()))
    intro = f"`./inv lint` checks all {count} rules and reports every violation, not only the first.\n`./inv lint --json` reports the rule of each violation."
    meanings = "\n".join(f"- {code(name)}: {prose(profile.meaning)}" for name, profile in PROFILES.items())
    return site_page("# Rules", intro, section(2, "Profiles", meanings), *blocks)


def profiles_of(rule: str) -> str:
    """The profiles that ask for a rule."""
    return ", ".join(code(name) for name, profile in PROFILES.items() if profile.asks(rule))


def configuration() -> str:
    """The page of settings and environment variables."""
    settings = (
        (code(key), setting.type, value(setting.default), prose(setting.description))
        for key, setting in SETTINGS.items()
    )
    variables = ((code(name), prose(meaning)) for name, meaning in VARIABLES.items())
    return site_page(
        "# Settings",
        section(
            2,
            "pyproject.toml",
            "The keys of the table `[tool.slipway]`, or of a `slipway.toml` [in another monorepo](../guides/adopt.md).\nAn unknown key is an error.",
            table(("Key", "Type", "Default", "Description"), settings),
        ),
        section(
            2,
            "Environment variables",
            "Environment variables override pyproject.toml.",
            table(("Variable", "Description"), variables),
        ),
    )


def answers() -> str:
    """The page of the questions of `./inv configure`."""
    rows = (
        (code(question.key), prose(question.text), code(question.example), "yes" if question.required else "")
        for question in (ENVIRONMENTS, *FIXED, services_question("NAMESPACE"))
    )
    return site_page(
        "# Answers",
        "What `./inv configure` asks, and what the file of `--answers` may have: YAML with these keys, nested or with dots.\n"
        "An answer that is needed must be there once, in a home that nobody has configured; any other one has a default.\n"
        "`none` leaves the answer empty.",
        table(("Key", "Question", "Example", "Needed"), rows),
    )
