"""The command line: invoke's program, with our messages and exit codes for what it cannot parse."""

from __future__ import annotations

import re
import sys

from invoke.exceptions import Exit, ParseError
from invoke.parser.context import ParserContext
from invoke.program import Program as InvokeProgram

from slipway.core.errors import Problem, WorkspaceError


class Program(InvokeProgram):
    """Parses the command line and runs the tasks; always ends the process."""

    def run(self, argv: list[str] | None = None, exit: bool = True) -> None:  # noqa: A002, ARG002 - invoke's signature
        """Run the tasks of a command line."""
        words = list(argv or sys.argv)
        as_json = "--json" in (words[: words.index("--")] if "--" in words else words)
        try:
            self.create_config()
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
            sys.exit(end(known, as_json=as_json, arguments=words[1:]))

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
        if problems := [problem for context in self.tasks for problem in missing(context)]:
            raise WorkspaceError(problems)

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
            fact = f"--{found[1]} needs a value"
        return WorkspaceError(Problem(where=where, fact=fact, hint=hint))


def missing(context: ParserContext) -> list[Problem]:
    """Flags that a task needs and did not get, and flags that were taken for an argument."""
    where, problems = f"./inv {context.name}", []
    for argument in context.args.values():
        if argument.positional and str(argument.value or "").startswith("-"):
            problems.append(Problem(where=where, fact=f"there is no flag {argument.value!r}", hint=f"{where} --help"))
        elif not argument.positional and argument.default is None and argument.value is None:
            flag = f"--{argument.name.replace('_', '-')}"
            problems.append(Problem(where=where, fact=f"{flag} is missing", hint=f"{where} --help"))
    return problems
