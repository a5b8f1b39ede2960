"""`configure`: ask on the terminal, or read a file of answers, and write what follows."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.config.load import read_table
from slipway.config.model import PYPROJECT as FILE
from slipway.config.settings import SETTINGS
from slipway.configure import interview
from slipway.configure.found import find
from slipway.configure.model import Answers, Found, Home, Question, Value, words_of
from slipway.configure.plan import Plan, plan_of
from slipway.configure.write import write
from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound, WorkspaceError
from slipway.docs import write_schemas
from slipway.util import yaml
from slipway.util.files import read_text
from slipway.util.mapping import leaves
from slipway.util.terminal import Part, Text, table

Say = Callable[[Text], None]
Prompt = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Where a person answers."""

    say: Say
    prompt: Prompt
    present: bool
    """Whether there is one."""


def configure(context: Context, answers: str, env: str, *, dry_run: bool, terminal: Terminal) -> Result:
    """Write the values of an environment and the settings of a fork.

    Raises:
        ProblemsFound: an answer is wrong or missing, or lint would refuse what the answers make; nothing was written.
        WorkspaceError: there is neither a terminal nor a file of answers, or a file cannot be read.
    """
    if not answers and not terminal.present:
        arguments.environment(context, env)
        fact = "there is no terminal to ask on"
        raise WorkspaceError(Problem(where="./inv configure", fact=fact, hint="name a file: --answers FILE"))
    home = home_of(context)
    named, given = answered(home, Path(answers), env) if answers else asked(home, env, terminal)
    settings = read_text(context.config.root / FILE, FILE)
    plan = plan_of(named, given, settings)
    if answers or dry_run or not plan.texts or agreed(plan, terminal):
        if not dry_run:
            write(context.config.root, plan)
            write_schemas(home.workspace)
        return Result(value=value_of(plan, dry_run=dry_run), text=text_of(plan, dry_run=dry_run))
    return Result(value=value_of(plan, dry_run=True), text="Nothing is written.")


def home_of(context: Context) -> Home:
    """The checkout before the answers."""
    table = read_table(context.config.root)[1]
    defaults = {key: setting.default for key, setting in SETTINGS.items() if setting.default is not None}
    home = Home(workspace=context.workspace, settings={**defaults, **table}, found=find(context), environment="")
    return home.of(interview.base_environment(home))


def answered(home: Home, path: Path, env: str) -> tuple[Home, Answers]:
    """The answers of a file.

    Raises:
        ProblemsFound: some are wrong, missing or to no question: all of them.
        WorkspaceError: it cannot be read, or is no YAML.
    """
    document = yaml.parse(read_text(path, str(path)).encode(), str(path))
    given = {".".join(keys): value for keys, value in leaves(document.mapping)}
    problems: list[Problem] = []

    def where(key: str) -> str:
        return document.at(*key.split(".")) if key else str(path)

    source = interview.from_file(given, where, problems)
    named, answers = interview.interview(home, env, source)
    problems += interview.unknown_answers(named, given, where)
    if problems:
        raise ProblemsFound(problems)
    return named, answers


def asked(home: Home, env: str, terminal: Terminal) -> tuple[Home, Answers]:
    """The answers of a person.

    Raises:
        WorkspaceError: the terminal has ended.
    """
    terminal.say(["Enter takes what is in brackets. Ctrl-C ends, and nothing is written.", *found_text(home.found)])

    def ask(home: Home, question: Question, answers: Answers) -> Value:
        offered = question.present(home, answers)
        shown = words_of(offered) or ("" if question.required else "none")
        terminal.say(f"\n{question.text}")
        while True:
            try:
                typed = terminal.prompt(f"{question.key}{f' [{shown}]' if shown else ''}: ").strip()
            except EOFError:
                fact = "the terminal has ended before the last answer, and nothing is written"
                raise WorkspaceError(Problem(where="./inv configure", fact=fact, hint="run it again")) from None
            raw = typed or (list(offered) if isinstance(offered, tuple) and offered else shown)
            if not raw:
                terminal.say(str(interview.missing(question, question.key)))
                continue
            try:
                return interview.judged(home, question, raw, answers, "refused")
            except ProblemsFound as found:
                terminal.say("\n".join(map(str, found.problems)))

    return interview.interview(home, env, ask)


def found_text(found: Found) -> list[Part]:
    """What the machine shows."""
    rows = (
        ("network", f"{found.network} at {found.interface}" if found.network else ""),
        ("time zone", found.time_zone),
        ("git remote", found.remote),
        ("registry logins", ", ".join(found.logins)),
        ("cluster", found.cluster),
    )
    seen = table((), [(f"    {name}", text or "not found") for name, text in rows])
    return ["Found on this machine:", seen]


def agreed(plan: Plan, terminal: Terminal) -> bool:
    """Whether a person wants what the answers make."""
    terminal.say(["", *plan.changes])
    try:
        return terminal.prompt("\nWrite this? [yes]: ").strip().lower() in {"", "y", "yes"}
    except EOFError:
        return False


def value_of(plan: Plan, *, dry_run: bool) -> Mapping[str, object]:
    """The result for programs."""
    written = {"changed": sorted(plan.texts), "changes": plan.changes, "written": bool(plan.texts) and not dry_run}
    return {"environment": plan.environment, **written}


def text_of(plan: Plan, *, dry_run: bool) -> str:
    """What was written, and what is next."""
    if not plan.texts:
        return f"Nothing to write: {plan.environment} is configured like this."
    if dry_run:
        return "\n".join(["Would be written:", *(f"    {line}" for line in plan.changes)])
    steps = (
        "./inv lint",
        f"./inv secrets --env {plan.environment}",
        "git diff",
        "git checkout values pyproject.toml    # back",
    )
    changes = (f"    {line}" for line in plan.changes)
    return "\n".join(["Written:", *changes, "Next:", *(f"    {step}" for step in steps)])


def terminal() -> Terminal:
    """This process's terminal."""
    from slipway.util.terminal import shown, width_of

    return Terminal(
        say=lambda text: print(shown(text, width_of(sys.stdout)), flush=True),
        prompt=input,
        present=sys.stdin.isatty(),
    )
