"""A folder that stands for the file system of a backup's pod, and the containers' own words in it, with the real restic."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slipway.build.render import Object
from slipway.tools.background import Child, spawn_child
from slipway.tools.run import Command, run_process, which
from slipway.util.mapping import dig, listing
from testing import servers

NAMESPACE = "apps"
MOUNTS = re.compile(r"(?<!\w)/(?=(?:data|work|database)\b)")
"""Where the containers of a backup or a drill have their volumes."""

LOCK_NAME = 64
"""Characters of a lock's name: a hash."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A folder that stands for the pod's file system."""

    folder: Path
    service: str

    @property
    def env(self) -> dict[str, str]:
        """What the Secret and the pod say."""
        return {
            "RESTIC_REPOSITORY": str(self.folder / "repository"),
            "RESTIC_PASSWORD": "of-a-test",
            "RESTIC_CACHE_DIR": str(self.folder / "work"),
            "NAMESPACE": NAMESPACE,
            "SERVICE": self.service,
            "SNAPSHOT": "latest",
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }

    def words(self, container: Mapping[str, object]) -> tuple[str, ...]:
        """What a container starts, below the folder."""
        words = [str(word) for key in ("command", "args") for word in container.get(key, ())]  # type: ignore[attr-defined]
        return tuple(self.moved(word) for word in words)

    def moved(self, text: str) -> str:
        """A text with the paths of volumes below the folder."""
        return MOUNTS.sub(f"{self.folder}/", text)

    def run(self, container: Mapping[str, object]) -> str:
        """What a container does, below the folder."""
        moved = self.words(container)
        if moved[0] == "python3":
            # The tests' own, which somebody else may not be able to reach.
            return run_process(Command(argv=(sys.executable, *moved[1:]), timeout_s=120.0)).stdout
        own = {
            str(item["name"]): self.moved(str(item["value"])) for item in listing(container, "env") if "value" in item
        }
        return servers.run(*moved, env={**own, **self.env}).stdout

    def night(self, cron: Object) -> None:
        """What a CronJob's pod does, container by container."""
        pod = dig(cron.data, "spec", "jobTemplate", "spec", "template", "spec")
        for container in (*listing(pod, "initContainers"), *listing(pod, "containers")):
            if "restartPolicy" not in container:
                self.run(container)

    def put_before(self, program: str, script: str) -> None:
        """A script that runs instead of a program."""
        path = self.folder / "bin" / program
        path.parent.mkdir(exist_ok=True)
        path.parent.chmod(0o755)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    @contextmanager
    def slow(self, flag: str) -> Iterator[None]:
        """While restic moves fifty kibibytes a second: two mebibytes do not end before their time, and a write ends within the wait."""
        self.put_before("restic", f'exec {which("restic")} {flag} 50 "$@"')
        yield
        (self.folder / "bin/restic").unlink()

    @contextmanager
    def started(self, *words: str, until: str = "") -> Iterator[Child]:
        """A program that holds a lock of the repository, or has said something; it is process 1, as in a container, where the tests may make one."""
        inside = ("unshare", "--fork", "--pid", "--kill-child") if os.geteuid() == 0 else ()
        command = Command(argv=(*inside, *servers.unprivileged(words)), env=self.env)
        log = self.folder / f"log-{len(list(self.folder.glob('log-*')))}"
        child = spawn_child(command, log)
        try:
            end = time.monotonic() + servers.WAIT_S
            while not (until in log.read_text() if until else self.locks()):
                assert child.poll() is None, log.read_text()
                assert time.monotonic() < end
                time.sleep(servers.POLL_S)
            yield child
        finally:
            child.kill()
            ended(child)

    def locks(self) -> list[str]:
        """The locks of the repository."""
        path = self.folder / "repository" / "locks"
        # One that is being written has a longer name.
        return [item.name for item in path.iterdir() if len(item.name) == LOCK_NAME] if path.is_dir() else []

    def volume(self, name: str) -> Path:
        """A volume: a mount point of the node that everybody may write into."""
        path = self.folder / "data" / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)
        return path

    def fresh(self, name: str) -> Path:
        """A volume that ends with its pod, in the next pod."""
        shutil.rmtree(self.folder / "data" / name, ignore_errors=True)
        return self.volume(name)

    def write(self, path: str, text: str) -> None:
        """A file of the application."""
        target = self.folder / "data" / path
        if not target.parent.is_dir():
            target.parent.mkdir()
            given(target.parent)
        target.write_text(text)
        given(target)

    def files(self, name: str) -> dict[str, bytes]:
        """Path → content of everything in a volume."""
        root = self.folder / "data" / name
        return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def first_inside(child: Child) -> int:
    """The process that a namespace has as its first, or the child itself."""
    if os.geteuid() != 0:
        return child.pid
    return int(Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()[0])


def ended(child: Child) -> int:
    """How a process ended, once it has."""
    end = time.monotonic() + servers.WAIT_S
    while (code := child.poll()) is None:
        assert time.monotonic() < end, "it goes on"
        time.sleep(servers.POLL_S)
    return code


def given(path: Path) -> None:
    """Make it the application's."""
    if os.geteuid() == 0:
        os.chown(path, servers.NOBODY, servers.NOBODY)
