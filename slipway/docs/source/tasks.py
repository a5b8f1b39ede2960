"""The tasks of tasks.py with their flags. Imports the module, so it is not pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A flag or a positional argument of a task."""

    names: tuple[str, ...]
    """`--env`, `-e`."""
    takes_value: bool
    """False for a boolean flag."""
    positional: bool
    required: bool
    help: str
    on: bool = False
    """A boolean flag that is set unless `--no-…` is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of `./inv`."""

    name: str
    doc: str
    flags: tuple[Flag, ...]
    purpose: str = ""
    """What people want when they look for it."""

    @property
    def usage(self) -> str:
        """The command line, with required arguments."""
        words = ["./inv", self.name]
        for flag in self.flags:
            if flag.positional:
                word = flag.names[0].lstrip("-").upper()
                words.append(word if flag.required else f"[{word}]")
            elif flag.required:
                words.append(f"{flag.names[0]} …")
        return " ".join(words)


def load_tasks(root: Path) -> tuple[Task, ...]:
    """The tasks of tasks.py, by purpose."""
    import importlib.util

    from invoke.tasks import Task as Invokable

    spec = importlib.util.spec_from_file_location("slipway_documented_tasks", root / "tasks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {item.name: task_of(item) for item in vars(module).values() if isinstance(item, Invokable)}
    purposes = {name: purpose for purpose, names in getattr(module, "PURPOSES", {}).items() for name in names}
    ordered = sorted(found, key=lambda name: list(purposes).index(name) if name in purposes else len(purposes))
    return tuple(replace(found[name], purpose=purposes.get(name, "")) for name in ordered)


def task_of(task: object) -> Task:
    """Convert an invoke task, once: invoke gives each help text away only once."""
    from invoke.tasks import Task as Invokable

    assert isinstance(task, Invokable)
    flags = []
    for argument in task.get_arguments():
        names = tuple(f"{'--' if len(name) > 1 else '-'}{name.replace('_', '-')}" for name in argument.names)
        positional = bool(argument.positional)
        flags.append(
            Flag(
                names=names[:1] if positional else names,
                takes_value=argument.kind is not bool,
                positional=positional,
                required=argument.default is None,
                help=str(argument.help or ""),
                on=argument.default is True,
            )
        )
    return Task(name=task.name.replace("_", "-"), doc=str(task.__doc__ or ""), flags=tuple(flags))
