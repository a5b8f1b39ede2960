"""What of the missing secrets can be generated, and what is asked for: each value once, for every namespace that shares it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from slipway.secrets.hashes import HashedKey, hashed_keys, to_generate
from slipway.secrets.inventory import SecretEntry
from slipway.secrets.sealed_secret import NamespacedName

ACCOUNTS: Mapping[str, tuple[str, ...]] = {
    "s3:": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    "b2:": ("B2_ACCOUNT_ID", "B2_ACCOUNT_KEY"),
    "azure:": ("AZURE_ACCOUNT_NAME", "AZURE_ACCOUNT_KEY"),
}
"""What the address of a restic repository begins with → the variables with its account.

Source: restic 0.19 doc/030_preparing_a_new_repo.rst.
"""
ADDRESS = "RESTIC_REPOSITORY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Keys of a Secret whose values only a person knows."""

    targets: tuple[NamespacedName, ...]
    """One, or the same Secret of several namespaces."""
    keys: tuple[str, ...]
    optional: bool
    purpose: str

    @property
    def title(self) -> str:
        """The Secrets, in a line."""
        return ", ".join(map(str, self.targets))


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSecrets:
    """What is to be done about the secrets that nobody provides, in this order."""

    generated: tuple[SecretEntry, ...]
    pairs: tuple[HashedKey, ...]
    """Hashes to generate, each with what it is the hash of."""
    questions: tuple[Question, ...]
    """Those that are required first."""


def missing_secrets(entries: Iterable[SecretEntry]) -> MissingSecrets:
    """What to generate and what to ask for."""
    known = tuple(entries)
    hashes = tuple(hashed_keys({entry.target: entry.hashes for entry in known}))
    return MissingSecrets(
        generated=tuple(entry for entry in known if entry.generate),
        pairs=to_generate(hashes, {entry.target: entry.missing for entry in known}),
        questions=tuple(questions(known)),
    )


def questions(entries: Sequence[SecretEntry]) -> Iterator[Question]:
    """A question for each Secret; Secrets of one name, purpose and keys are the same one in several namespaces."""
    alike: dict[tuple[object, ...], list[SecretEntry]] = {}
    for entry in entries:
        if entry.asked:
            alike.setdefault((entry.name, entry.purpose, entry.asked), []).append(entry)
    made = [
        Question(
            targets=tuple(entry.target for entry in same),
            keys=same[0].asked,
            optional=all(entry.optional for entry in same),
            purpose=same[0].purpose,
        )
        for same in alike.values()
    ]
    yield from sorted(made, key=lambda question: question.optional)


def answers(question: Question, ask: Callable[[str], str]) -> dict[str, bytes]:
    """The values that a person typed; a key without one is left out.

    Args:
        question: what is asked for.
        ask: reads the value of a key.
    """
    found = {key: value for key in question.keys if (value := ask(key))}
    address = found.get(ADDRESS, "")
    more = next((keys for start, keys in ACCOUNTS.items() if address.startswith(start)), ())
    found |= {key: value for key in more if key not in question.keys and (value := ask(key))}
    return {key: value.encode() for key, value in found.items()}
