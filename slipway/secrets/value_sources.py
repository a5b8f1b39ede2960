"""The sources of a secret's values: a prompt without echo, standard input, files, random numbers. Never an argument.

Every process of the machine can read an argument, and the shell keeps it in its history.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from slipway.core.errors import Problem, WorkspaceError
from slipway.secrets.sealed_secret import DATA_KEY

DIGITS = 32
"""Default number of generated hexadecimal digits: 128 bits, the length of an API key of the *arr applications."""
RSA = "rsa"
"""In the place of the number of digits: a private key."""
RSA_BITS = 4096
LENGTH = re.compile(r"[0-9]{1,4}")
MAX_BYTES = 1024 * 1024
"""Limit of a value. Source: Kubernetes, MaxSecretSize."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedKeys:
    """The keys to seal, by the source of their values."""

    prompted: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """Key → path; `-` is standard input."""
    generated: Mapping[str, int] = field(default_factory=dict)
    """Key → hexadecimal digits."""
    private: tuple[str, ...] = ()
    """Keys that get a private RSA key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The terminal and standard input."""

    prompt: Callable[[str], str]
    """Reads a line from the terminal, without echo."""
    stdin: BinaryIO
    terminal: bool
    """Whether standard input is a terminal."""
    line: Callable[[str], str] = input
    """Reads a line that is no secret."""


def parse_flags(keys: Sequence[str], files: Sequence[str], generate: Sequence[str]) -> RequestedKeys:
    """The keys of the flags `--key`, `--from-file` and `--generate`.

    Raises:
        WorkspaceError: every invalid flag, without text that may be a secret.
    """
    split_files = [entry.partition("=") for entry in files]
    split_lengths = [entry.partition(":") for entry in generate]
    problems = [*invalid_keys("--key", keys)]
    problems += invalid_keys("--from-file", [key for key, _, _ in split_files])
    problems += invalid_keys("--generate", [key for key, _, _ in split_lengths])
    problems += [
        Problem(where="--from-file", fact=f"{key} names no file", hint=f"--from-file {key}=PATH")
        for key, _, path in split_files
        if DATA_KEY.fullmatch(key) and not path
    ]
    lengths: dict[str, int] = {}
    private = tuple(key for key, _, kind in split_lengths if kind == RSA)
    for key, _, length in split_lengths:
        if key in private:
            continue
        number = int(length) if LENGTH.fullmatch(length) else DIGITS if not length else 0
        if number < 16 or number % 2:
            hint = f"use an even number, at least 16: --generate {key}:{DIGITS}"
            problems.append(Problem(where="--generate", fact=f"the length of {key} is invalid", hint=hint))
        lengths[key] = number
    every = [*keys, *(key for key, _, _ in split_files), *lengths, *private]
    problems += [
        Problem(where="inv seal", fact=f"{key} is requested twice")
        for key in dict.fromkeys(every)
        if every.count(key) > 1
    ]
    if [path for _, _, path in split_files].count("-") > 1:
        problems.append(Problem(where="--from-file", fact="standard input can be read only once"))
    if problems:
        raise WorkspaceError(problems)
    if not every:
        hint = "--key KEY prompts for the value, --from-file KEY=PATH reads it, --generate KEY generates it"
        raise WorkspaceError(Problem(where="inv seal", fact="no key is requested", hint=hint))
    files_of = {key: path for key, _, path in split_files}
    return RequestedKeys(prompted=tuple(keys), files=files_of, generated=lengths, private=private)


def invalid_keys(flag: str, keys: Sequence[str]) -> Iterator[Problem]:
    """Invalid names of keys, which are not repeated: one of them may be `key=the secret itself`."""
    for number, key in enumerate(keys, start=1):
        if not DATA_KEY.fullmatch(key):
            yield Problem(
                where=flag,
                fact=f"number {number} is not the name of a key: letters, digits, '-', '_' and '.'",
                evidence=("a value on the command line is compromised: change it",),
            )


def read_values(requested: RequestedKeys, inputs: Inputs) -> dict[str, bytes]:
    """Read or generate every value.

    Raises:
        WorkspaceError: a value is missing, empty or too long, or a file cannot be read.
    """
    found = dict(prompted_values(requested.prompted, inputs))
    for key, path in requested.files.items():
        found[key] = inputs.stdin.read() if path == "-" else content_of(Path(path))
    found |= {key: random_value(digits) for key, digits in requested.generated.items()}
    found |= {key: private_key() for key in requested.private}
    check_values(found)
    return found


def random_value(digits: int) -> bytes:
    """Random hexadecimal digits."""
    return secrets.token_hex(digits // 2).encode()


def private_key() -> bytes:
    """A private RSA key in PEM. Requires the dependency group `seal`."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def check_values(values: Mapping[str, bytes]) -> None:
    """Refuse what cannot be the value of a key.

    Raises:
        WorkspaceError: a value is empty or too long.
    """
    problems = []
    for key, value in values.items():
        if not value or len(value) > MAX_BYTES:
            fact = (
                f"the value of {key} is empty" if not value else f"the value of {key} has more than {MAX_BYTES:,} bytes"
            )
            problems.append(Problem(where="inv seal", fact=fact))
    if problems:
        raise WorkspaceError(problems)


def prompted_values(keys: Sequence[str], inputs: Inputs) -> Iterator[tuple[str, bytes]]:
    """Values from the terminal, or one from standard input, without its line ending.

    Raises:
        WorkspaceError: several keys, and standard input is not a terminal.
    """
    if not inputs.terminal and len(keys) > 1:
        hint = "one command for each key, or --from-file KEY=PATH"
        raise WorkspaceError(Problem(where="--key", fact="standard input has one value", hint=hint))
    for key in keys:
        if inputs.terminal:
            try:
                yield key, inputs.prompt(f"{key}: ").encode()
            except EOFError:
                raise WorkspaceError(Problem(where="--key", fact=f"there is no input for {key}")) from None
        else:
            yield key, inputs.stdin.read().removesuffix(b"\n").removesuffix(b"\r")


def content_of(path: Path) -> bytes:
    """The content of a file.

    Raises:
        WorkspaceError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise WorkspaceError(Problem(where=str(path), fact=f"cannot be read: {error.strerror}")) from error
