"""Errors: one form of text, one exit code for each class."""

from slipway.core import errors
from slipway.core.errors import EXIT_MEANING, BuildError, ExitCode, Problem


def every_class(parent: type[BuildError] = BuildError) -> list[type[BuildError]]:
    return [found for child in parent.__subclasses__() for found in (child, *every_class(child))]


def test_a_problem_reads_where_fact_evidence_and_hint() -> None:
    problem = Problem(where="a.yaml:3", fact="is wrong", evidence=("one", "two"), hint="./inv doctor")
    assert str(problem) == "a.yaml:3: is wrong\n    one\n    two\n    hint: ./inv doctor"
    assert str(Problem(where="a", fact="b")) == "a: b"


def test_every_class_has_an_exit_code_of_its_own_with_a_meaning() -> None:
    codes = [child.exit_code for child in every_class() if child.__module__ == errors.__name__]
    assert len(set(codes)) == len(codes)
    assert set(EXIT_MEANING) == set(ExitCode)
    assert set(codes) == set(ExitCode) - {ExitCode.OK, ExitCode.INTERRUPTED}


def test_the_module_text_names_every_class() -> None:
    text = errors.__doc__ or ""
    for child in every_class():
        if child.__module__ == errors.__name__:
            assert f"{child.__name__:<19}{int(child.exit_code)}" in text


def test_an_error_carries_all_its_problems() -> None:
    error = errors.ProblemsFound(Problem(where=str(index), fact="x") for index in range(3))
    assert [problem.where for problem in error.problems] == ["0", "1", "2"]
    assert str(error).count("\n") == 2
