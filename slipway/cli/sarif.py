"""Findings as SARIF 2.1.0, which code hosts show beside the lines of a pull request.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0; GitHub's "SARIF support for code scanning", which shows a
finding only with a file and a line, and knows it again by its fingerprint.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from slipway.core.errors import Problem, WorkspaceError, escaped
from slipway.util.files import write_atomic
from slipway.util.text import to_json

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LINE = re.compile(r"(?P<file>[^:]+):(?P<line>[1-9][0-9]*)(?::[0-9]+)?")
UNNAMED = "slipway.error"
"""The rule of a problem that no rule owns, such as a tool that failed."""
DANGER = "danger."
"""Before the name of a danger, so that it is told from a rule of lint."""
ANYWHERE = "pyproject.toml"
"""The file of a finding that names none: a code host drops a finding without one."""


def write_report(
    file: Path, root: Path, errors: Sequence[Problem], warnings: Sequence[Problem], version: str = ""
) -> None:
    """Write all findings of a task; a task without any writes a report without any, which closes the earlier ones.

    Raises:
        OSError: the file cannot be written.
    """
    write_atomic(file, to_json(document(errors, warnings, root, meanings(), version)) + "\n")


def checked_path(name: str) -> Path:
    """The file of `--sarif`, before a task works for minutes.

    Raises:
        WorkspaceError: no file can be written there.
    """
    file = Path(name).expanduser().absolute()
    if file.is_dir():
        raise WorkspaceError(Problem(where="--sarif", fact=f"{name} is a folder", hint=f"--sarif {name}/slipway.sarif"))
    if not file.parent.is_dir():
        folder = file.parent
        raise WorkspaceError(Problem(where="--sarif", fact=f"there is no folder {folder}", hint=f"mkdir -p {folder}"))
    return file


def meanings() -> Mapping[str, str]:
    """Every rule that a finding can name → what it requires."""
    from slipway import policy
    from slipway.lint.rules import RULES
    from slipway.release.dangers.kinds import KINDS

    dangers = {f"{DANGER}{name}": kind.meaning for name, kind in KINDS.items()}
    return {**RULES, **policy.RULES, **dangers, UNNAMED: "The task runs to its end."}


def document(
    errors: Iterable[Problem],
    warnings: Iterable[Problem],
    root: Path,
    rules: Mapping[str, str],
    version: str = "",
) -> dict[str, object]:
    """One SARIF log with one run.

    Args:
        errors: what fails the task.
        warnings: what a person should look at, such as a danger.
        root: the checkout; a finding in a file below it has a place there.
        rules: rule → what it requires.
        version: of this program.
    """
    levelled = [("error", problem) for problem in errors] + [("warning", problem) for problem in warnings]
    used = sorted({problem.rule or UNNAMED for _, problem in levelled})
    driver: dict[str, object] = {
        "name": "slipway",
        **({"version": version} if version else {}),
        "rules": [
            {"id": name, "shortDescription": {"text": rules.get(name, name)}, "help": {"text": rules.get(name, name)}}
            for name in used
        ],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the checkout."}}},
                "results": [result(level, problem, root, used) for level, problem in levelled],
            }
        ],
    }


def result(level: str, problem: Problem, root: Path, rules: Sequence[str]) -> dict[str, object]:
    """One finding."""
    rule = problem.rule or UNNAMED
    file, line = place(problem.where, root)
    location = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri(file), "uriBaseId": "SRCROOT"},
            "region": {"startLine": line},
        }
    }
    hint = (f"hint: {problem.hint}",) if problem.hint else ()
    # A code host shows the file and the line beside the text.
    head = (
        problem.fact if LINE.fullmatch(problem.where) or problem.where == file else f"{problem.where}: {problem.fact}"
    )
    text = "\n".join(map(escaped, (head, *problem.evidence, *hint)))
    # Without the line, which moves with every edit above it.
    known = hashlib.sha256(f"{rule}\x00{file}\x00{problem.fact}".encode("utf-8", "surrogateescape")).hexdigest()
    return {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": level,
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"slipway/v1": known},
    }


def place(where: str, root: Path) -> tuple[str, int]:
    """File, relative to the checkout, and line of a finding; the first line of `ANYWHERE` when it names no file.

    A finding about a chart, by its folder or its name, stands in its Chart.yaml.
    """
    found = LINE.match(where)
    name = found["file"] if found else re.split(r": |, ", where, maxsplit=1)[0]
    for candidate in (name, f"{name}/Chart.yaml", f"charts/{name}/Chart.yaml", f"umbrella/{name}/Chart.yaml"):
        if name and (file := existing(root.resolve(), candidate)):
            return file, int(found["line"]) if found else 1
    return ANYWHERE, 1


def existing(root: Path, name: str) -> str:
    """The path of a file of the checkout; empty when there is none, or when no file can have that name."""
    try:
        file = (root / name).resolve()
        return file.relative_to(root).as_posix() if file.is_file() else ""
    except (OSError, ValueError):
        return ""


def uri(file: str) -> str:
    """A relative path as RFC 3986 has it."""
    from urllib.parse import quote

    return quote(file, errors="surrogateescape")
