"""Questions → answers, whoever gives them: each is checked before the next one is asked. Pure, but for who answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from slipway.config.values import Refused
from slipway.configure import facts
from slipway.configure.model import Answers, Home, Question, Value
from slipway.configure.questions import ENVIRONMENTS, listed, questions_of
from slipway.core.errors import Problem, ProblemsFound, WorkspaceError
from slipway.util.text import suggest

Ask = Callable[[Home, Question, Answers], Value]
"""Gets an answer that has no problem, or raises `ProblemsFound`."""


def judged(home: Home, question: Question, raw: object, answers: Answers, where: str) -> Value:
    """An answer as a value.

    Args:
        home: the environment that is asked about.
        question: what was asked.
        raw: what was typed, or is in a file.
        answers: those before it.
        where: what errors call the answer.

    Raises:
        ProblemsFound: everything that is wrong with it.
    """
    try:
        value = question.read(raw)
    except Refused as refused:
        shown = "" if refused.secret else f"{str(raw)!r} "
        fact = f"{question.key}: {shown}is {refused.fact}"
        raise ProblemsFound(with_hint(Problem(where=where, fact=fact, hint=refused.hint), question)) from None
    after = {**answers, question.key: value}
    try:
        found = [*own_problems(question, home, value, answers), *lint_problems(question, home, after)]
    except WorkspaceError as error:
        found = list(error.problems)
    if found:
        raise ProblemsFound(with_hint(replace(problem, where=where), question) for problem in found)
    return value


def own_problems(question: Question, home: Home, value: Value, answers: Answers) -> Iterator[Problem]:
    """What only the question knows."""
    for problem in question.check(home, value, answers):
        yield replace(problem, fact=f"{question.key}: {problem.fact}")


def lint_problems(question: Question, home: Home, answers: Answers) -> Iterator[Problem]:
    """What lint says, of a fact."""
    if question.key in facts.KEYS:
        yield from facts.by_lint(home, question.key, answers)


def with_hint(problem: Problem, question: Question) -> Problem:
    """A problem with an example, when it has no better hint."""
    return problem if problem.hint else replace(problem, hint=f"such as {question.example}")


def interview(home: Home, named: str, ask: Ask) -> tuple[Home, dict[str, Value]]:
    """Ask everything that applies; returns the environment that it is about, and the answers.

    Args:
        home: the checkout; its environment does not matter.
        named: the environment; the first one of the answer when empty.
        ask: who answers.

    Raises:
        ProblemsFound: an answer is wrong or missing, or there is no such environment.
    """
    first = ask(home, ENVIRONMENTS, {})
    assert isinstance(first, tuple)
    answers: dict[str, Value] = {ENVIRONMENTS.key: first}
    if named and named not in first:
        fact = f"{named!r} is not among the environments {', '.join(first)}"
        hint = f"add it to the answer `{ENVIRONMENTS.key}`, or name one: --env {first[0]}"
        raise ProblemsFound(Problem(where="--env", fact=fact, hint=hint))
    home = home.of(named or first[0])
    for question in questions_of(home):
        if question.asked(home, answers):
            answers[question.key] = ask(home, question, answers)
    return home, answers


def from_file(given: Mapping[str, object], where: Callable[[str], str], every: list[Problem]) -> Ask:
    """Answers of a file; what it does not answer stays as it is.

    Args:
        given: key → what is written.
        where: the position of a key in the file.
        every: receives what is wrong or missing, so that one run names all of it.
    """

    def ask(home: Home, question: Question, answers: Answers) -> Value:
        present = kept(home, question) or question.present(home, answers)
        if question.key not in given:
            if question.required and home.is_new:
                every.append(missing(question, where("")))
            return present
        try:
            return judged(home, question, given[question.key], answers, where(question.key))
        except ProblemsFound as found:
            every.extend(found.problems)
            return as_read(question, given[question.key], present)

    return ask


def as_read(question: Question, raw: object, otherwise: Value) -> Value:
    """A refused answer, so that others are compared with it; another value when it has not even the form of one."""
    try:
        return question.read(raw)
    except Refused:
        return otherwise


def kept(home: Home, question: Question) -> Value:
    """A fact that somebody has set; whether it fits the answers is lint's to say."""
    return facts.fact(home, question.key) if question.key in facts.KEYS and not home.is_new else ""


def missing(question: Question, where: str) -> Problem:
    """The problem of an answer that nobody gave."""
    return Problem(
        where=where,
        fact=f"the answer `{question.key}` is missing",
        evidence=(f"meaning: {question.text}",),
        hint=f"write {question.key}: {question.example}",
    )


def unknown_answers(home: Home, given: Mapping[str, object], where: Callable[[str], str]) -> Iterator[Problem]:
    """Answers to no question."""
    known = [ENVIRONMENTS.key, *(question.key for question in questions_of(home))]
    for key in given:
        if key not in known:
            yield Problem(where=where(key), fact=f"there is no question {key!r}", hint=suggest(key, known))


def base_environment(home: Home) -> str:
    """An environment to begin with: the first one."""
    return listed(home)[0]
