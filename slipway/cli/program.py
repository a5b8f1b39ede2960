"""The command line: invoke's program, with our help, completion, messages and exit codes."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from invoke.collection import Collection
from invoke.config import Config
from invoke.exceptions import Exit, ParseError
from invoke.parser.context import ParserContext
from invoke.program import Program as InvokeProgram

from slipway.cli import naming
from slipway.core.errors import Problem, WorkspaceError
from slipway.docs.source.tasks import Task

CORE = frozenset({"help", "list", "version", "complete", "print-completion-script", "search-root"})
"""The flags of invoke that mean something here; `--dry`, for one, would not keep a release from being real."""


class Settings(Config):
    """Invoke's settings without those of the user's other projects: ~/.invoke.yaml and INVOKE_* are not ours."""

    prefix = "slipway_invoke"


class Program(InvokeProgram):
    """Parses the command line and runs the tasks; always ends the process."""

    def run(self, argv: list[str] | None = None, exit: bool = True) -> None:  # noqa: A002, ARG002 - invoke's signature
        """Run the tasks of a command line."""
        words = list(argv or sys.argv)
        own = words[: words.index("--")] if "--" in words else words
        try:
            self.create_config()
            if "--complete" in own:
                self.parse_core([word for word in own if word != "--complete"])
                self.parse_collection()
                self.complete(words[len(own) + 1 :])
            self.parse_core(words)
            self.parse_collection()
            self.parse_tasks()
            self.parse_cleanup()
            self.update_config()
            self.execute()
        except Exit as ended:
            if ended.message:
                print(ended.message, file=sys.stderr)
            sys.exit(ended.code)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - people see a message, and never a traceback
            from slipway.cli.ending import end

            known = self.refused(error) if isinstance(error, ParseError) else error
            sys.exit(end(known, as_json="--json" in own, arguments=words[1:]))

    def create_config(self) -> None:
        """Settings of this project alone."""
        self.config = Settings()

    @property
    def root(self) -> Path:
        """The checkout."""
        return Path(self.args["search-root"].value or ".")

    def parse_core(self, argv: list[str] | None) -> None:
        """Parse what stands before the first task.

        Raises:
            Exit: the version or a completion script is printed.
        """
        self.normalize_argv(argv)
        self.parse_core_args()
        self.refuse_unused()
        if self.args.version.value:
            from slipway.cli import manual

            print(manual.version(self.root) if naming.command() == naming.INV else manual.installed_version())
            raise Exit
        if shell := self.args["print-completion-script"].value:
            from slipway.cli.completion import script

            print(script(shell), end="")
            raise Exit

    def parse_tasks(self) -> None:
        """Parse the tasks and their flags; `TASK --help` is help, whatever else the task needs.

        Raises:
            WorkspaceError: a flag is missing, or is not one.
        """
        words = self.core.unparsed
        if words and {"--help", "-h"} & set(words[1:]):
            context = self._make_parser().contexts.get(words[0])
            if context is not None and ("--help" in words[1:] or "-h" not in context.flags):
                self.args.help.value = words[0]
                self.core.unparsed = []
        super().parse_tasks()
        self.refuse_unused()
        if problems := [problem for context in self.tasks for problem in missing(context)]:
            raise WorkspaceError(problems)

    def refuse_unused(self) -> None:
        """Refuse invoke's flags that would change nothing.

        Raises:
            WorkspaceError: one of them is given.
        """
        # The script completes `./inv`, by the files of its checkout.
        known = CORE if naming.command() == naming.INV else CORE - {"print-completion-script"}
        given = [one for one in self.args.values() if one.got_value and one.name not in known]
        if given:
            flag = f"--{given[0].name}"
            raise WorkspaceError(Problem(where="./inv", fact=f"there is no flag {flag!r}", hint="./inv --help"))

    def print_help(self) -> None:
        """`./inv` alone, and `./inv --help`."""
        self.list_tasks()

    def list_tasks(self) -> None:
        """Every task by its purpose."""
        from slipway.cli import manual

        print(naming.spoken(manual.overview(self.offered(), width())))

    def offered(self) -> tuple[Task, ...]:
        """The tasks of this command, by purpose."""
        from slipway.docs.source.tasks import load_tasks

        found = load_tasks(self.root)
        every = naming.command() == naming.INV
        return tuple(task for task in found if every or task.name in naming.PORTABLE)

    def load_collection(self) -> None:
        """Load tasks.py, without what is only for a checkout of the platform where slipway is installed."""
        super().load_collection()
        if naming.command() != naming.INV:
            offered = {name: task for name, task in self.collection.tasks.items() if name in naming.PORTABLE}
            self.collection = Collection(**offered)

    def print_task_help(self, name: str) -> None:
        """`./inv TASK --help`, and the same as `./inv --help TASK`."""
        from slipway.cli import manual

        print(naming.spoken(manual.of_task(next(task for task in self.offered() if task.name == name), width())))

    def complete(self, words: list[str]) -> None:
        """Print what the last word may become, a line for each.

        Raises:
            Exit: always.
        """
        from slipway.cli import completion
        from slipway.cli.ending import checkout
        from slipway.docs.source.tasks import load_tasks

        for found in completion.candidates(words, load_tasks(self.root), checkout(os.environ), os.environ):
            print(f"{found.word}\t{found.description}".rstrip())
        raise Exit

    def refused(self, error: ParseError) -> WorkspaceError:
        """What invoke cannot parse, as an error of ours."""
        from slipway.util.text import closest, suggest

        text, context = str(error), error.context
        where = f"./inv {context.name}" if context is not None and context.name else "./inv"
        help_of = f"{where} --help" if where != "./inv" else "./inv --list"
        fact, hint = text, help_of
        if found := re.fullmatch(r"No idea what (['\"])(.*)\1 is!", text, re.DOTALL):
            word = found[2]
            if word.startswith("-"):
                near = closest(word, [flag for flag in (context.flags if context else ()) if len(flag) > 2])
                fact, hint = f"there is no flag {word!r}", f"did you mean {near!r}?" if near else help_of
            elif where == "./inv":
                fact, hint = f"there is no task {word!r}", suggest(word, self.collection.task_names, otherwise="tasks:")
            else:
                fact = f"unexpected argument {word!r}"
        elif found := re.search(r"required positional arguments: (.*)", text):
            fact = f"{found[1].replace(chr(39), '').upper()} is missing"
        elif found := re.search(r"Argument: ([\w-]+).* needed value", text):
            fact = f"{dashed(found[1])} needs a value"
        return WorkspaceError(Problem(where=where, fact=fact, hint=hint))


def width() -> int:
    """Of the terminal that is written to; 80 of anything else."""
    import shutil

    from slipway.cli.manual import WIDTH

    return shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH


def dashed(name: str) -> str:
    """A flag as it is typed."""
    return f"{'--' if len(name) > 1 else '-'}{name.replace('_', '-')}"


def missing(context: ParserContext) -> list[Problem]:
    """Flags that a task needs and did not get, and flags that were taken for an argument."""
    where, problems = f"./inv {context.name}", []
    for argument in context.args.values():
        if argument.positional and str(argument.value or "").startswith("-"):
            problems.append(Problem(where=where, fact=f"there is no flag {argument.value!r}", hint=f"{where} --help"))
        elif not argument.positional and argument.default is None and argument.value is None:
            problems.append(Problem(where=where, fact=f"{dashed(argument.name)} is missing", hint=f"{where} --help"))
    return problems
