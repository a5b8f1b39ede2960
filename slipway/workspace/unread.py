"""Files below charts/, umbrella/ and values/ that nothing reads: each is an error, because it looks as if it counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from slipway.core.errors import Problem
from slipway.core.model import CHART_FOLDERS, SEALED_FOLDER, SEALING_CERTIFICATE
from slipway.util.text import closest

RULE = "workspace.unread-file"

READ = (
    ("charts|umbrella", r"[^/]+/(?!ci/).+"),
    ("charts|umbrella", r"[^/]+/ci/[^/]+-values\.yaml"),
    ("values", r"{environment}/[^/]+\.yaml"),
    ("values", rf"{{environment}}/{re.escape(SEALED_FOLDER)}/.+"),
    ("values", rf"{{environment}}/{re.escape(SEALING_CERTIFICATE)}"),
    ("charts|umbrella|values", r"(.+/)?README\.md"),
)
"""Top-level folder and path below it of everything that is read, or that is for people. What a chart's folder may have is
`chart_folder.read_files`' to say; an environment is one that pyproject.toml lists."""

IGNORED = re.compile(r"\..*|.*~|#.*#|.*\.(bak|orig|rej|sw[a-p])")
"""Names that nobody takes for input: dotfiles, and what editors and merges leave behind."""


def check(
    root: Path, environments: Sequence[str], folders: Sequence[str] = CHART_FOLDERS, settings: str = "pyproject.toml"
) -> Iterator[Problem]:
    """A problem for each file that nothing reads; one for a whole environment that is not listed.

    Args:
        root: of the repository.
        environments: that are listed.
        folders: those with a folder for each chart.
        settings: the file that lists the environments.
    """
    names, charts = ("|".join(map(re.escape, words)) or "(?!)" for words in (environments, folders))
    patterns = "|".join(f"({top})/({path})" for top, path in READ)
    read = re.compile(patterns.replace("{environment}", f"({names})").replace("charts|umbrella", charts))
    unlisted: dict[str, None] = {}
    for path in files_below(root, (*folders, "values")):
        if read.fullmatch(path):
            continue
        top, _, rest = path.partition("/")
        environment = rest.partition("/")[0]
        if top == "values" and "/" in rest and environment not in environments:
            unlisted[environment] = None
        else:
            yield unread_file(path, environments)
    for environment in unlisted:
        near = closest(environment, environments)
        yield Problem(
            where=f"values/{environment}",
            fact="is no environment, so nothing reads it",
            evidence=(f"environments: {', '.join(environments) or 'none'}",),
            hint=f"did you mean values/{near}?" if near else f'add "{environment}" to environments in {settings}',
            rule=RULE,
        )


def files_below(root: Path, tops: Iterable[str]) -> Iterator[str]:
    """Path of every file, relative to the root, in order; without what is ignored."""
    for top in tops:
        for path in sorted((root / top).rglob("*")):
            relative = path.relative_to(root)
            if (path.is_symlink() or not path.is_dir()) and not any(IGNORED.fullmatch(part) for part in relative.parts):
                yield relative.as_posix()


def unread_file(path: str, environments: Sequence[str]) -> Problem:
    """A file of a listed environment, of a chart's `ci`, or beside the charts."""
    top, *folders, name = path.split("/")
    stem, _, suffix = name.rpartition(".")
    if top != "values":
        inside = f"ci/{(stem or name).removesuffix('-values')}-values.yaml"
        hint = f"rename it to {inside}" if folders else f"move it into the folder of a chart, or out of {top}/"
    elif not folders:
        hint = f"move it to values/{environments[0] if environments else '<environment>'}/"
    elif len(folders) == 1 and suffix in {"yml", "json"}:
        hint = f"rename it to {stem}.yaml"
    else:
        known = f"platform.yaml, <namespace>.yaml, {SEALED_FOLDER}/, {SEALING_CERTIFICATE}"
        hint = f"move it elsewhere; values/{folders[0]}/ has: {known}"
    return Problem(where=path, fact="nothing reads this file", hint=hint, rule=RULE)
