"""Process 1 of a container: the kernel gives it no default action for a signal, so a script has to act at SIGTERM itself.

A shell that does nothing ends with SIGKILL after the grace period, and with it, unwarned, every program that it started.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath

from slipway.policy.chart_objects import ChartObjects, Container, Violation
from slipway.policy.object_rule import rule
from slipway.util.mapping import dig, listing, strings

SHELLS = frozenset({"ash", "bash", "dash", "sh"})
INTERPRETERS = frozenset({"python", "python3"})
AT_ONCE = frozenset({":", "cd", "echo", "exit", "export", "printf", "set", "test", "true", "umask"})
"""Commands of a shell that start no program and wait for nobody."""

INLINE = re.compile(r"-[a-z]*c")
TRAP = re.compile(r"^\s*trap\b.*\b(SIG)?TERM\b", re.MULTILINE)
SEPARATORS = re.compile(r"[;&|]+")


@rule("contract.sigterm", "A script that is process 1 traps SIGTERM, or ends with the `exec` of a program.")
def scripts(chart: ChartObjects) -> Iterator[Violation]:
    for container in chart.containers:
        words = [*strings(container.spec, "command"), *strings(container.spec, "args")]
        if ignores_sigterm(words, partial(mounted, chart, container)):
            yield container.violation("runs a script as process 1 that does nothing at SIGTERM")


def ignores_sigterm(words: Sequence[str], text_of: Callable[[str], str | None]) -> bool:
    """Whether the words of a container are a script that does nothing at SIGTERM; `text_of` is the text of a file that we mount.

    The image's own programs and scripts are not known here.
    """
    program = PurePosixPath(words[0]).name if words else ""
    if program not in SHELLS | INTERPRETERS:
        return False
    flag = next((index for index, word in enumerate(words) if index and INLINE.fullmatch(word)), None)
    if flag is None:
        text = next((text_of(word) for word in words[1:] if word.startswith("/")), None)
    else:
        text = words[flag + 1] if flag + 1 < len(words) else None
    if text is None:
        return False
    if program in INTERPRETERS:
        return "signal.SIGTERM" not in text
    commands = [
        command.split()
        for line in text.splitlines()
        if not line.lstrip().startswith("#")
        for command in SEPARATORS.split(line)
    ]
    first = [command[0] for command in commands if command]
    return not (TRAP.search(text) or (first and first[-1] == "exec") or set(first) <= AT_ONCE)


def mounted(chart: ChartObjects, container: Container, path: str) -> str | None:
    """The text of a file that a container has from a ConfigMap of the chart."""
    volumes = {
        volume.get("name"): dig(volume, "configMap") for volume in listing(dig(container.pod, "spec"), "volumes")
    }
    texts = {item.name: dig(item.data, "data") for item in chart.of_kind("ConfigMap")}
    for mount in listing(container.spec, "volumeMounts"):
        source = volumes.get(mount.get("name")) or {}
        folder, only = str(mount.get("mountPath")), str(mount.get("subPath", ""))
        inside = only if folder == path else path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else ""
        keys = {str(item.get("path")): str(item.get("key")) for item in listing(source, "items")}
        found = texts.get(str(source.get("name")), {}).get(keys.get(inside, inside))
        if found is not None:
            return str(found)
    return None
