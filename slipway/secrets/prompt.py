"""Where the values of a secret come from: a prompt without echo, standard input, files, chance. Never an argument.

An argument is seen by every process of the machine and kept in the shell's history.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from slipway.core.errors import Problem, WorkspaceError
from slipway.secrets.document import KEY

DIGITS = 32
"""Hexadecimal digits that are generated: 128 bits, and what the *arr applications take as an API key."""
LENGTH = re.compile(r"[0-9]{1,4}")
LONGEST = 1024 * 1024
"""Bytes of a value. Source: Kubernetes, MaxSecretSize."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which keys, and where each value comes from."""

    typed: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """Key → path; `-` is standard input."""
    generated: Mapping[str, int] = field(default_factory=dict)
    """Key → hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What can be read from."""

    prompt: Callable[[str], str]
    """Asks on the terminal, without echo."""
    stdin: BinaryIO
    terminal: bool
    """Whether standard input is one."""


def asked_for(keys: Sequence[str], files: Sequence[str], generate: Sequence[str]) -> Asked:
    """The flags, understood.

    Raises:
        WorkspaceError: everything that is wrong with them; a text that may be a secret is not repeated.
    """
    split_files = [entry.partition("=") for entry in files]
    split_lengths = [entry.partition(":") for entry in generate]
    problems = [*bad_keys("--key", keys)]
    problems += bad_keys("--from-file", [key for key, _, _ in split_files])
    problems += bad_keys("--generate", [key for key, _, _ in split_lengths])
    problems += [
        Problem(where="--from-file", fact=f"{key} names no file", hint=f"--from-file {key}=PATH")
        for key, _, path in split_files
        if KEY.fullmatch(key) and not path
    ]
    lengths: dict[str, int] = {}
    for key, _, length in split_lengths:
        number = int(length) if LENGTH.fullmatch(length) else DIGITS if not length else 0
        if number < 16 or number % 2:
            hint = f"an even number from 16 on: --generate {key}:{DIGITS}"
            problems.append(Problem(where="--generate", fact=f"{key} has no such length", hint=hint))
        lengths[key] = number
    every = [*keys, *(key for key, _, _ in split_files), *lengths]
    problems += [
        Problem(where="inv seal", fact=f"{key} is asked for twice")
        for key in dict.fromkeys(every)
        if every.count(key) > 1
    ]
    if [path for _, _, path in split_files].count("-") > 1:
        problems.append(Problem(where="--from-file", fact="standard input can be read once"))
    if problems:
        raise WorkspaceError(problems)
    if not every:
        hint = "--key KEY asks for it, --from-file KEY=PATH reads it, --generate KEY makes it"
        raise WorkspaceError(Problem(where="inv seal", fact="no key is named", hint=hint))
    return Asked(typed=tuple(keys), files={key: path for key, _, path in split_files}, generated=lengths)


def bad_keys(flag: str, keys: Sequence[str]) -> Iterator[Problem]:
    """Names that no key can have. They are not repeated: one of them may be `key=the secret itself`."""
    for number, key in enumerate(keys, start=1):
        if not KEY.fullmatch(key):
            yield Problem(
                where=flag,
                fact=f"number {number} is not the name of a key: letters, digits, '-', '_' and '.'",
                evidence=("a value never stands on a command line; if one did, it is known now: change it",),
            )


def values(asked: Asked, source: Source) -> dict[str, bytes]:
    """Key → value.

    Raises:
        WorkspaceError: a value is missing, empty or too long, or a file cannot be read.
    """
    found = dict(typed(asked.typed, source))
    for key, path in asked.files.items():
        found[key] = source.stdin.read() if path == "-" else content_of(Path(path))
    found |= {key: secrets.token_hex(digits // 2).encode() for key, digits in asked.generated.items()}
    problems = []
    for key, value in found.items():
        if not value or len(value) > LONGEST:
            fact = (
                f"the value of {key} is empty" if not value else f"the value of {key} has more than {LONGEST:,} bytes"
            )
            problems.append(Problem(where="inv seal", fact=fact))
    if problems:
        raise WorkspaceError(problems)
    return found


def typed(keys: Sequence[str], source: Source) -> Iterator[tuple[str, bytes]]:
    """Values from the terminal, or one from standard input, without the end of its line.

    Raises:
        WorkspaceError: standard input cannot be divided among several keys.
    """
    if not source.terminal and len(keys) > 1:
        hint = "one command for each key, or --from-file KEY=PATH"
        raise WorkspaceError(Problem(where="--key", fact="standard input holds one value", hint=hint))
    for key in keys:
        if source.terminal:
            try:
                yield key, source.prompt(f"{key}: ").encode()
            except EOFError:
                raise WorkspaceError(Problem(where="--key", fact=f"nothing was typed for {key}")) from None
        else:
            yield key, source.stdin.read().removesuffix(b"\n").removesuffix(b"\r")


def content_of(path: Path) -> bytes:
    """A file's bytes, all of them.

    Raises:
        WorkspaceError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise WorkspaceError(Problem(where=str(path), fact=f"cannot be read: {error.strerror}")) from error
