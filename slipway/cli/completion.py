"""Completion of the command line in bash, zsh and fish: the shell's script asks `./inv --complete -- WORDS`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.core.errors import BuildError, Problem, WorkspaceError
from slipway.docs.source.tasks import Flag, Task
from slipway.util.text import suggest

BASH = """# Completion of ./inv in bash. In ~/.bashrc:  eval "$(/path/to/inv --print-completion-script bash)"
_inv_complete() {
    local line program="${COMP_WORDS[0]/#\\~/$HOME}"
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("${line%%$'\\t'*}")
    done < <("$program" --complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _inv_complete inv
"""

ZSH = """# Completion of ./inv in zsh. In ~/.zshrc:  eval "$(/path/to/inv --print-completion-script zsh)"
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_inv_complete() {
    local line program=${~words[1]}
    local -a found shown
    for line in "${(@f)$("$program" --complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        found+=("${line%%$'\\t'*}")
        shown+=("${line/$'\\t'/  }")
    done
    if (( $#found )); then compadd -l -d shown -a found; else _files; fi
}
compdef _inv_complete inv
"""

FISH = """# Completion of ./inv in fish. In ~/.config/fish/config.fish:  /path/to/inv --print-completion-script fish | source
function __inv_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l program (string replace --regex '^~' $HOME -- $words[1])
    set -e words[1]
    set -l found ($program --complete -- $words "$current" 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete --command inv --no-files --arguments '(__inv_complete)'
"""

SCRIPTS: Mapping[str, str] = {"bash": BASH, "zsh": ZSH, "fish": FISH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What a word may become."""

    word: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The checkout whose values are offered."""

    root: Path
    environ: Mapping[str, str]


def script(shell: str) -> str:
    """The script of a shell.

    Raises:
        WorkspaceError: there is none for it.
    """
    if shell not in SCRIPTS:
        hint = suggest(shell, SCRIPTS, otherwise="shells:")
        raise WorkspaceError(Problem(where="--print-completion-script", fact=f"there is no {shell!r}", hint=hint))
    return SCRIPTS[shell]


def candidates(
    words: Sequence[str], tasks: Sequence[Task], root: Path, environ: Mapping[str, str]
) -> tuple[Candidate, ...]:
    """What the last word may become.

    Args:
        words: the command line behind the program up to the cursor; the last word is empty when none was begun.
        tasks: every task.
        root: the checkout, whose charts and environments are values.
        environ: the environment of this process.
    """
    place = Place(root=root, environ=environ)
    *before, typed = words or ("",)
    # bash makes words of `--only=son` itself: `--only`, `=`, `son`.
    if typed == "=":
        before, typed = [*before, typed], ""
    task = next((task for task in tasks if before and task.name == before[0]), None)
    if task is None:
        offered = [Candidate(word=task.name, description=first(task.doc)) for task in tasks]
        return beginning(typed, offered if not before else ())
    names = {name: flag for flag in task.flags for name in flag.names}
    flag, sign, value = typed.partition("=")
    if sign and flag in names:
        return tuple(
            Candidate(word=f"{flag}={one.word}", description=one.description)
            for one in of(names[flag], task, value, place)
        )
    last = before[-2] if before[-1:] == ["="] and len(before) > 1 else before[-1]
    if last in names and names[last].takes_value and not names[last].positional:
        return of(names[last], task, typed, place)
    if typed.startswith("-"):
        return beginning(typed, flags_of(task, before))
    return positional(task, before, typed, place)


def positional(task: Task, before: Sequence[str], typed: str, place: Place) -> tuple[Candidate, ...]:
    """The values of an argument that was not given yet, or the flags that may follow."""
    wanted = [flag for flag in task.flags if flag.positional]
    valued = {name for flag in task.flags if flag.takes_value and not flag.positional for name in flag.names}
    given = [
        word
        for index, word in enumerate(before[1:], 1)
        if not word.startswith("-") and word != "=" and before[index - 1] not in (valued | {"="})
    ]
    if len(given) < len(wanted):
        return of(wanted[len(given)], task, typed, place)
    return beginning(typed, flags_of(task, before)) if not typed else ()


def flags_of(task: Task, before: Sequence[str]) -> tuple[Candidate, ...]:
    """The flags of a task that were not given yet."""
    given = {word.partition("=")[0] for word in before}
    offered = [
        Candidate(word=f"--no-{flag.names[0].lstrip('-')}" if flag.on else flag.names[0], description=flag.help)
        for flag in task.flags
        if not flag.positional and given.isdisjoint(flag.names)
    ]
    return (*offered, Candidate(word="--help", description="what the task does, and its flags"))


def of(flag: Flag, task: Task, typed: str, place: Place) -> tuple[Candidate, ...]:
    """The values of a flag or an argument; of a list the last one."""
    name = flag.names[0].lstrip("-")
    known = VALUES.get(f"{task.name} {name}") or VALUES.get(name)
    if known is None:
        return ()
    head, comma, tail = typed.rpartition(",") if name in LISTS else ("", "", typed)
    taken = head.split(",")
    try:
        values = [value for value in known(place) if value not in taken]
    except (BuildError, OSError):
        return ()
    return tuple(Candidate(word=f"{head}{comma}{value}") for value in values if value.startswith(tail))


def beginning(typed: str, offered: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Those that the word may become."""
    return tuple(one for one in offered if one.word.startswith(typed))


def first(doc: str) -> str:
    """The first line."""
    return doc.strip().partition("\n")[0]


def environments(place: Place) -> Iterable[str]:
    """The configured environments."""
    from slipway.config import load_config

    return load_config(place.root, place.environ).environments


def folders(*parents: str) -> Callable[[Place], Iterable[str]]:
    """The charts of some folders."""

    def found(place: Place) -> Iterable[str]:
        return sorted(path.parent.name for parent in parents for path in (place.root / parent).glob("*/Chart.yaml"))

    return found


def levels(_: Place) -> Iterable[str]:
    """The levels of a version."""
    from slipway.versioning.levels import Level

    return tuple(map(str, Level))


def tiers(_: Place) -> Iterable[str]:
    """The tiers of the tests."""
    from slipway.cli.test import TIERS

    return TIERS


def actions(module: str) -> Callable[[Place], Iterable[str]]:
    """The actions of a task, as its module has them."""

    def found(_: Place) -> Iterable[str]:
        from importlib import import_module

        return tuple(import_module(f"slipway.cli.{module}").ACTIONS)

    return found


LISTS = frozenset({"only"})
"""Flags whose value is a list separated by commas."""

VALUES: Mapping[str, Callable[[Place], Iterable[str]]] = {
    "env": environments,
    "only": folders("charts", "umbrella"),
    "chart": folders("charts", "umbrella"),
    "restore service": folders("charts"),
    "drill service": folders("charts"),
    "umbrella": folders("umbrella"),
    "bump": levels,
    "level": levels,
    "tier": tiers,
    "docs action": actions("docs"),
    "lab action": actions("lab"),
    "registry action": actions("registry"),
    "scope": lambda _: ("strict", "namespace-wide", "cluster-wide"),
}
"""`flag`, or `task flag` where tasks differ → its values. Of others the shell completes files."""
