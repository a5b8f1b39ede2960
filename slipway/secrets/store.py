"""The SealedSecrets of the environments, as they lie in the workspace. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Environment, Workspace
from slipway.secrets.document import SEALED_FILE, Sealed, Target, parse, path_of
from slipway.util.text import suggest


def read(environment: Environment) -> tuple[dict[Target, Sealed], tuple[Problem, ...]]:
    """Every SealedSecret of an environment that can be understood, and what is wrong with the others."""
    found: dict[Target, Sealed] = {}
    problems: list[Problem] = []
    for file in environment.sealed:
        try:
            sealed = parse(file.text, file.path)
        except WorkspaceError as error:
            problems += error.problems
            continue
        if (wanted := path_of(environment.name, sealed.target)) != file.path:
            fact = f"is the Secret {sealed.target}, which lies at {wanted}"
            hint = "seal it again: its name and namespace are sealed in"
            problems.append(Problem(where=file.path, fact=fact, hint=hint, rule=SEALED_FILE.identifier))
        else:
            found[sealed.target] = sealed
    return found, tuple(problems)


def check(workspace: Workspace) -> Iterator[Problem]:
    """Every file that is no SealedSecret, lies elsewhere, or is for a namespace that nobody makes."""
    spaces = [umbrella.name for umbrella in workspace.umbrellas]
    for environment in workspace.environments.values():
        found, problems = read(environment)
        yield from problems
        for target in sorted(found):
            if target.namespace not in spaces:
                where = path_of(environment.name, target)
                yield Problem(
                    where=where,
                    fact=no_namespace(target),
                    hint=suggest(target.namespace, spaces, otherwise="namespaces:"),
                    rule=SEALED_FILE.identifier,
                )


def no_namespace(target: Target) -> str:
    """What is wrong with a namespace that no umbrella has."""
    return f"there is no umbrella {target.namespace!r}, so nobody makes that namespace"


def without_sealed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that may hold a secret in the open: all but well-formed SealedSecrets, whose values look like secrets."""
    return {path: content for path, content in files.items() if not is_sealed_file(path, content)}


def is_sealed_file(path: str, content: bytes) -> bool:
    """Whether a file is a SealedSecret where one belongs."""
    parts = path.split("/")
    if len(parts) != 5 or parts[0] != "values" or parts[2] != "sealed":
        return False
    try:
        parse(content, path)
    except WorkspaceError:
        return False
    return True
