"""The SealedSecrets of the environments. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import Environment, Workspace
from slipway.secrets.sealed_secret import SEALED_FILE, NamespacedName, SealedSecret, parse, sealed_path
from slipway.util.text import suggest


def sealed_secrets(environment: Environment) -> tuple[dict[NamespacedName, SealedSecret], tuple[Problem, ...]]:
    """The valid SealedSecrets of an environment, and the problems of the others."""
    found: dict[NamespacedName, SealedSecret] = {}
    problems: list[Problem] = []
    for file in environment.sealed:
        try:
            sealed = parse(file.text, file.path)
        except WorkspaceError as error:
            problems += error.problems
            continue
        if (wanted := sealed_path(environment.name, sealed.target)) != file.path:
            fact = f"is the Secret {sealed.target}, whose path is {wanted}"
            hint = "seal it again: its name and namespace are part of the encryption"
            problems.append(SEALED_FILE.problem(where=file.path, fact=fact, hint=hint))
        else:
            found[sealed.target] = sealed
    return found, tuple(problems)


def sealed_file_problems(workspace: Workspace) -> Iterator[Problem]:
    """Files that are no SealedSecret, have another path, or are for a namespace without an umbrella."""
    namespaces = [umbrella.name for umbrella in workspace.umbrellas]
    for environment in workspace.environments.values():
        found, problems = sealed_secrets(environment)
        yield from problems
        for target in sorted(found):
            if target.namespace not in namespaces:
                where = sealed_path(environment.name, target)
                yield SEALED_FILE.problem(
                    where=where,
                    fact=unknown_namespace(target),
                    hint=suggest(target.namespace, namespaces, otherwise="namespaces:"),
                )


def unknown_namespace(target: NamespacedName) -> str:
    """The fact about a namespace without an umbrella."""
    return f"there is no umbrella {target.namespace!r}, and so no such namespace"


def without_sealed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files without the valid SealedSecrets, whose encrypted values look like secrets."""
    return {path: content for path, content in files.items() if not is_sealed_file(path, content)}


def is_sealed_file(path: str, content: bytes) -> bool:
    """Whether a file is a valid SealedSecret below a sealed/ folder."""
    parts = path.split("/")
    if len(parts) != 5 or parts[0] != "values" or parts[2] != "sealed":
        return False
    try:
        parse(content, path)
    except WorkspaceError:
        return False
    return True
