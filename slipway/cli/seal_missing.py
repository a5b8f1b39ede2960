"""`seal --missing`: every secret that an environment lacks; what can be is generated, the rest is asked for once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from slipway.cli import arguments
from slipway.cli.ending import Result
from slipway.cli.seal import GROUP, terminal
from slipway.cli.secrets import steps, to_do
from slipway.context import Context
from slipway.core.errors import Problem, ProblemsFound, WorkspaceError
from slipway.core.model import SEALED_FOLDER
from slipway.release import secrets as inventory
from slipway.release.secrets import Listing
from slipway.secrets import sealing, store, value_sources
from slipway.secrets.hashes import HashedKey, hashed
from slipway.secrets.missing import MissingSecrets, Question, answers, missing_secrets
from slipway.secrets.sealed_secret import NamespacedName
from slipway.toolchain.groups import ensure_group
from slipway.util.terminal import Part
from slipway.util.text import being, counted

LATER = "Enter alone leaves a key for later."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What `seal --missing` did, or would do."""

    environment: str
    dry_run: bool
    generated: Mapping[str, tuple[str, ...]]
    """Secret → keys that were generated."""
    asked: Mapping[str, tuple[str, ...]]
    """Secret → keys whose values a person typed; in a dry run, those that would be asked for."""
    optional: frozenset[str] = frozenset()
    """Of the asked ones, those that are only offered."""
    left: tuple[str, ...] = ()
    """Required secrets that are still missing."""
    listing: Listing = field(repr=False)
    """After it."""

    @property
    def wrote(self) -> bool:
        """Whether a file was written."""
        return not self.dry_run and bool(self.generated or self.asked)


def seal_missing(
    context: Context, env: str, *, dry_run: bool, say: Callable[[str], None] = print, strict: bool = True
) -> Result:
    """Seal what is missing; what is sealed stays, so a run that was ended is gone on with by another one.

    Args:
        context: the wiring.
        env: the environment; the first when empty.
        dry_run: say what would be done.
        say: prints a line ahead of a prompt.
        strict: whether secrets that are still missing are an error, and committing is left to the caller.

    Raises:
        WorkspaceError: there is no certificate, a value is too long, or an earlier file cannot be used.
        BuildError: see `release.secrets.listing`.
    """
    environment = arguments.environment(context, env)
    found = inventory.listing(context, environment, ())
    todo = missing_secrets(found.secrets)
    if dry_run:
        return result(preview(found, todo), strict=False)
    if not (todo.generated or todo.pairs or todo.questions):
        return result(Sealed(environment=environment, dry_run=False, generated={}, asked={}, listing=found), strict)
    ensure_group(context.toolbox.home, GROUP, context.progress)
    work = Work(context=context, environment=environment, inputs=terminal(), say=say)
    generated = {str(entry.target): work.generate(entry.target, entry.generate) for entry in todo.generated}
    work.generate_pairs(todo.pairs, known={entry.target for entry in found.secrets})
    generated = merged(generated, pair_keys(todo))
    asked = dict(work.ask_all(todo.questions)) if work.inputs.terminal else {}
    after = inventory.listing(context.reload(), environment, ())
    left = tuple(str(entry.target) for entry in after.missing)
    made = Sealed(environment=environment, dry_run=False, generated=generated, asked=asked, left=left, listing=after)
    return result(made, strict)


def preview(found: Listing, todo: MissingSecrets) -> Sealed:
    """What would be done."""
    return Sealed(
        environment=found.environment,
        dry_run=True,
        generated=merged({str(entry.target): tuple(entry.generate) for entry in todo.generated}, pair_keys(todo)),
        asked={question.title: question.keys for question in todo.questions},
        optional=frozenset(question.title for question in todo.questions if question.optional),
        left=tuple(str(entry.target) for entry in found.missing),
        listing=found,
    )


def pair_keys(todo: MissingSecrets) -> Mapping[str, tuple[str, ...]]:
    """Secret → its keys that have a hash, or that have one elsewhere."""
    found: dict[str, dict[str, None]] = {}
    for pair in todo.pairs:
        found.setdefault(str(pair.of.source), {})[pair.of.key] = None
        found.setdefault(str(pair.target), {})[pair.key] = None
    return {target: tuple(keys) for target, keys in found.items()}


def merged(low: Mapping[str, tuple[str, ...]], high: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The keys of both, by Secret."""
    return {name: (*low.get(name, ()), *high.get(name, ())) for name in dict.fromkeys((*low, *high))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The sealing itself."""

    context: Context
    environment: str
    inputs: value_sources.Inputs
    say: Callable[[str], None]

    def generate(self, target: NamespacedName, arguments_of: Mapping[str, str]) -> tuple[str, ...]:
        """Generate keys of a Secret; returns them."""
        requested = value_sources.parse_flags((), (), tuple(arguments_of.values()))
        self.seal(target, value_sources.read_values(requested, self.inputs))
        return tuple(arguments_of)

    def generate_pairs(self, pairs: Sequence[HashedKey], known: Collection[NamespacedName]) -> None:
        """Generate values and their hashes. The value is sealed first: a hash without it is generated again by the next run.

        Args:
            pairs: what is missing.
            known: the Secrets of the environment; a value that none of its members reads is not sealed.
        """
        for pair in pairs:
            value = value_sources.random_value(value_sources.DIGITS)
            if pair.of.source in known:
                self.seal(pair.of.source, {pair.of.key: value})
            self.seal(pair.target, {pair.key: hashed(value, pair.of)})

    def ask_all(self, questions: tuple[Question, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Ask one question after another, and seal each answer at once: Secret → its keys."""
        if questions:
            self.say(LATER)
        for question in questions:
            optional = " (optional)" if question.optional else ""
            self.say(f"{question.title}{optional}: {question.purpose or 'no purpose is declared'}.")
            try:
                if question.optional and not confirmed(self.inputs, "Seal it now?"):
                    continue
                values = answers(question, lambda key: self.inputs.prompt(f"{key}: "))
            except EOFError:
                self.say("\nThe rest is left for later.")
                return
            if values:
                value_sources.check_values(values)
                # The namespaces of one answer are sealed before the next question: nobody types it twice.
                for target in question.targets:
                    self.seal(target, values)
                yield question.title, tuple(values)

    def seal(self, target: NamespacedName, values: Mapping[str, bytes]) -> None:
        """Seal values under the scope that the earlier file has."""
        sealed, _ = store.sealed_secrets(self.context.workspace.environments[self.environment])
        old = sealed.get(target)
        request = sealing.Request(namespace=target.namespace, name=target.name)
        if old is not None:
            request = sealing.Request(namespace=target.namespace, name=target.name, scope=old.scope)
        sealing.seal_values(self.context, self.environment, request, values)


def confirmed(inputs: value_sources.Inputs, question: str) -> bool:
    """Whether a person agrees; Enter alone does not.

    Raises:
        EOFError: the terminal was closed.
    """
    return inputs.line(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


def result(made: Sealed, strict: bool) -> Result:
    """What was done; required secrets that are still missing are problems."""
    problems: tuple[Problem, ...] = () if made.dry_run or not strict else inventory.problems(made.listing)
    value = {
        "environment": made.environment,
        "dry_run": made.dry_run,
        "generated": made.generated,
        "asked": made.asked,
        "left": made.left,
    }
    return Result(value=value, text=tuple(text(made, strict)), error=ProblemsFound(problems) if problems else None)


def text(made: Sealed, strict: bool) -> Iterator[Part]:
    """The same for people."""
    would = "would be " if made.dry_run else ""
    yield from (f"{would}generated: {name} {', '.join(keys)}" for name, keys in made.generated.items())
    verb = "would be asked for" if made.dry_run else "sealed"
    for name, keys in made.asked.items():
        yield f"{verb}: {name} {', '.join(keys)}{' (optional)' if name in made.optional else ''}"
    if made.dry_run and not (made.generated or made.asked):
        yield f"Nothing would be sealed: no secret is missing in {made.environment}."
    if made.dry_run:
        if not made.listing.certificate:
            yield from to_do(made.listing, ())
        return
    optional = tuple(entry for entry in made.listing.secrets if entry.missing and entry.optional)
    count = len(made.listing.missing)
    if not count:
        yield f"No required secret is missing in {made.environment}."
    if optional:
        yield f"{counted(len(optional), 'optional secret')} {being(len(optional))} not sealed:"
        yield from steps(optional)
    if made.wrote and strict:
        yield "Next:"
        yield f"    git add values/{made.environment}/{SEALED_FOLDER}"
        yield f"    {sealing.FOLLOWED}"


def check_flags(*, missing: bool, dry_run: bool, given: Mapping[str, object]) -> None:
    """Refuse `--missing` beside flags of a single Secret, and a dry run of one.

    Raises:
        WorkspaceError: such a flag was given.
    """
    others = [flag for flag, value in given.items() if value]
    if missing and others:
        fact = f"finds out by itself what to seal, so it does not go with {', '.join(others)}"
        raise WorkspaceError(Problem(where="--missing", fact=fact, hint="./inv seal --missing"))
    if dry_run and not missing:
        fact = "is only for --missing: what seals a single Secret says by itself what it writes"
        raise WorkspaceError(Problem(where="--dry-run", fact=fact, hint="leave it out"))
