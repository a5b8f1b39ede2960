"""The folder of an environment: values/<environment>/*.yaml and its sealed secrets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slipway.config import Config
from slipway.core.errors import Problem, WorkspaceError
from slipway.core.model import SEALED_FOLDER, SEALING_CERTIFICATE, Environment, ValuesFile
from slipway.util.files import linked, not_utf8, odd_name, read_bytes
from slipway.util.text import closest, suggest


def read_environments(config: Config, umbrellas: set[str]) -> tuple[dict[str, Environment], list[Problem]]:
    """values/<environment>/*.yaml, and what is sealed, for every configured environment."""
    environments: dict[str, Environment] = {}
    problems: list[Problem] = []
    for name in config.environments:
        folder = config.root / "values" / name
        files = {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder.is_dir() else {}
        if "platform" not in files:
            problems.append(
                Problem(
                    where=f"values/{name}",
                    fact="has no platform.yaml" if folder.is_dir() else "is missing",
                    evidence=(f"{config.file} lists the environment {name!r}",),
                    hint=f"write values/{name}/platform.yaml with the environment's domain, addresses and storage class",
                    rule="environment.platform",
                )
            )
            continue
        read: dict[str, ValuesFile] = {}
        for stem, path in files.items():
            try:
                read[stem] = read_values(path, f"values/{name}/{path.name}")
            except WorkspaceError as error:
                problems.extend(error.problems)
        if "platform" not in read:
            continue
        platform = read.pop("platform")
        problems.extend(_unknown_namespace(read[stem].path, stem, umbrellas) for stem in sorted(set(read) - umbrellas))
        environments[name] = Environment(
            name=name,
            platform=platform,
            namespaces=read,
            sealed=tuple(read_sealed(config.root, folder / SEALED_FOLDER)),
            certificate=next(read_sealed(config.root, folder / SEALING_CERTIFICATE), None),
        )
    return environments, problems


def read_values(path: Path, where: str) -> ValuesFile:
    """A values file.

    Raises:
        WorkspaceError: it cannot be read, is a symbolic link, or it or its name is not UTF-8.
    """
    if (problem := odd_name(where) or linked(path, where)) is not None:
        raise WorkspaceError(problem)
    text = read_bytes(path, where)
    if (problem := not_utf8(text, where)) is not None:
        raise WorkspaceError(problem)
    return ValuesFile(path=where, text=text)


def read_sealed(root: Path, top: Path) -> Iterator[ValuesFile]:
    """A file, or every file below a folder, hidden ones and links too, since Argo CD reads them; nothing when it is not there.

    A link is taken for an empty file: where it leads to is not for the cluster.
    """
    for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
        where = path.relative_to(root).as_posix()
        if path.is_symlink():
            yield ValuesFile(path=where, text=b"")
        elif path.exists() and not path.is_dir() and path.name != ".gitkeep":
            yield read_values(path, where)


def _unknown_namespace(path: str, stem: str, umbrellas: set[str]) -> Problem:
    near = closest(stem, sorted(umbrellas))
    hint = f"did you mean {near}.yaml?" if near else suggest(stem, umbrellas, otherwise="umbrellas:")
    return Problem(where=path, fact=f"there is no umbrella {stem!r}", hint=hint, rule="environment.unknown-namespace")
