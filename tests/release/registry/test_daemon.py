"""The embedded registry as a local process: start, stop, and everything that can be in its way."""

import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.config import Config, RegistryConfig, load_config
from slipway.core.errors import RegistryError
from slipway.registry.client import Registry
from slipway.registry.daemon import LOG_LIMIT_BYTES
from slipway.registry.embedded import AlreadyRunning, Daemon, Started, daemon_of, ensure_running, temporary
from slipway.tools.process import alive, find_processes, free_port, listening, listens
from slipway.util.parallel import each
from testing.faulty import Answer, serving

pytestmark = pytest.mark.registry

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Daemon]:
    """A registry that does not run yet."""
    daemon = Daemon(folder=tmp_path / ".registry", port=free_port())
    yield daemon
    daemon.stop()


def never() -> Path:
    raise AssertionError("the program must not be looked for")


def test_it_starts_listens_on_loopback_and_stops(stopped: Daemon, registry_binary: Path) -> None:
    started = stopped.ensure_running(lambda: registry_binary)

    assert isinstance(started, Started)
    assert started.process.port == stopped.port
    registry = Registry.open(stopped.config, {})
    registry.ping()
    registry.close()
    assert f'"addr": "127.0.0.1:{stopped.port}"' in stopped.config_file.read_text(encoding="utf-8")

    assert stopped.stop() == started.process
    assert not listening(stopped.port)
    assert stopped.stop() is None
    assert not stopped.state_file.exists()


def test_a_second_start_finds_it_and_does_not_look_for_the_program(stopped: Daemon, registry_binary: Path) -> None:
    first = stopped.ensure_running(lambda: registry_binary)

    second = stopped.ensure_running(never)

    assert isinstance(second, AlreadyRunning)
    assert second.process == first.process


def test_what_was_published_survives_a_restart(stopped: Daemon, registry_binary: Path) -> None:
    stopped.ensure_running(lambda: registry_binary)
    registry = Registry.open(stopped.config, {})
    registry.push_blob("sonarr", b"content")

    stopped.stop()
    stopped.ensure_running(lambda: registry_binary)

    assert registry.has_blob("sonarr", "sha256:ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73")
    assert stopped.status().size_bytes > 0
    registry.close()


def test_many_starts_at_once_give_one_process(stopped: Daemon, registry_binary: Path) -> None:
    results = each(lambda _: stopped.ensure_running(lambda: registry_binary), range(6), 6)

    assert len({result.process.pid for result in results}) == 1
    assert sum(isinstance(result, Started) for result in results) == 1
    assert len(find_processes(stopped.arguments)) == 1


def test_a_state_file_left_by_a_restart_of_the_machine_is_ignored(stopped: Daemon, registry_binary: Path) -> None:
    stopped.folder.mkdir()
    ours = os.getpid()
    stopped.state_file.write_text(json.dumps({"pid": ours, "port": stopped.port, "binary": "x", "started": 0}))

    assert stopped.status().process is None
    assert stopped.stop() is None
    stopped.state_file.write_text("{broken")

    assert isinstance(stopped.ensure_running(lambda: registry_binary), Started)


def test_a_start_that_was_killed_before_it_was_written_down_is_begun_again(
    stopped: Daemon, registry_binary: Path
) -> None:
    orphan = stopped.ensure_running(lambda: registry_binary).process
    stopped.state_file.unlink()

    started = stopped.ensure_running(lambda: registry_binary)

    assert isinstance(started, Started)
    assert find_processes(stopped.arguments) == (started.process.pid,)
    assert not alive(orphan.pid, stopped.arguments)


def test_a_port_in_use_by_another_program_is_an_error_with_a_way_out(stopped: Daemon) -> None:
    with serving(lambda _: Answer()) as other:
        daemon = replace(stopped, port=other.port)

        with pytest.raises(RegistryError) as caught:
            daemon.ensure_running(never)

    assert str(caught.value) == (
        f"127.0.0.1:{other.port}: the port is in use by a program that this checkout did not start\n"
        "    perhaps the embedded registry of another checkout\n"
        f"    hint: stop it, or set SLIPWAY_REGISTRY_PORT={other.port + 1} or embedded-port in pyproject.toml"
    )


def test_a_port_that_is_taken_while_the_program_is_built_is_no_registry_of_ours(
    stopped: Daemon, registry_binary: Path, tmp_path: Path
) -> None:
    other = Daemon(folder=tmp_path / "other", port=stopped.port)

    def build() -> Path:
        other.ensure_running(lambda: registry_binary)
        return registry_binary

    try:
        with pytest.raises(RegistryError, match="the port is in use by a program that this checkout did not start"):
            stopped.ensure_running(build)
        assert stopped.running() is None
        assert other.running() is not None
    finally:
        other.stop()


def test_only_the_process_that_listens_is_said_to_listen(stopped: Daemon, registry_binary: Path) -> None:
    pid = stopped.ensure_running(lambda: registry_binary).process.pid

    assert (listens(pid, stopped.port), listens(os.getpid(), stopped.port)) == (True, False)
    assert not listens(pid, free_port())


def test_a_changed_port_asks_for_a_stop_first(stopped: Daemon, registry_binary: Path) -> None:
    process = stopped.ensure_running(lambda: registry_binary).process
    moved = replace(stopped, port=free_port())

    with pytest.raises(RegistryError) as caught:
        moved.ensure_running(never)

    assert str(caught.value) == (
        f"127.0.0.1:{moved.port}: the embedded registry of this checkout runs on port {stopped.port}\n"
        f"    process {process.pid}, folder {stopped.folder}\n"
        "    hint: ./inv registry stop"
    )


def test_a_program_that_ends_at_once_is_an_error_with_its_last_words(stopped: Daemon, tmp_path: Path) -> None:
    program = tmp_path / "registry"
    program.write_text("#!/bin/sh\necho no such storage driver >&2\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)

    with pytest.raises(RegistryError) as caught:
        stopped.ensure_running(lambda: program)

    assert str(caught.value) == (
        f"127.0.0.1:{stopped.port}: the embedded registry did not start\n"
        "    no such storage driver\n"
        f"    log {stopped.log}\n"
        "    hint: ./inv doctor, then ./inv registry start"
    )
    assert not stopped.state_file.exists()


def test_data_that_cannot_be_written_is_an_error_not_a_hang(stopped: Daemon, registry_binary: Path) -> None:
    stopped.folder.mkdir()
    (stopped.folder / "data").write_text("not a folder", encoding="utf-8")

    with pytest.raises(RegistryError) as caught:
        stopped.ensure_running(lambda: registry_binary)

    assert str(caught.value) == (
        f"127.0.0.1:{stopped.port}: the embedded registry cannot use its folder\n"
        f"    {stopped.folder}/data: File exists\n"
        "    hint: move it away, then ./inv registry start"
    )


def test_a_spoiled_configuration_is_written_again(stopped: Daemon, registry_binary: Path) -> None:
    stopped.folder.mkdir()
    stopped.config_file.write_text("{", encoding="utf-8")

    assert isinstance(stopped.ensure_running(lambda: registry_binary), Started)


def test_settings_in_the_environment_do_not_reach_it(
    stopped: Daemon, registry_binary: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REGISTRY_HTTP_ADDR", "127.0.0.1:1")
    monkeypatch.setenv("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", str(tmp_path / "elsewhere"))

    stopped.ensure_running(lambda: registry_binary)

    registry = Registry.open(stopped.config, {})
    registry.push_blob("sonarr", b"content")
    registry.close()
    assert not (tmp_path / "elsewhere").exists()


def test_a_long_log_is_moved_away_under_the_running_process(stopped: Daemon, registry_binary: Path) -> None:
    stopped.ensure_running(lambda: registry_binary)
    with stopped.log.open("ab") as log:
        log.write(b"x" * (LOG_LIMIT_BYTES + 1))

    stopped.ensure_running(never)
    registry = Registry.open(stopped.config, {})
    registry.session.send(registry._call("GET", "sonarr", "manifests/1.0.0"))
    registry.close()

    assert stopped.log.stat().st_size < LOG_LIMIT_BYTES
    assert b"\0" not in stopped.log.read_bytes()
    assert stopped.log.with_suffix(".log.1").stat().st_size == LOG_LIMIT_BYTES


def test_it_outlives_its_starter_and_does_not_hold_its_output(stopped: Daemon, registry_binary: Path) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from slipway.registry.daemon import Daemon
        folder, port, binary = sys.argv[1:]
        print(Daemon(folder=Path(folder), port=int(port)).ensure_running(lambda: Path(binary)).process.pid)
        """
    )

    # A pipe that the registry held open would let this wait until the registry ends.
    arguments = [str(stopped.folder), str(stopped.port), str(registry_binary)]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    running = stopped.running()
    assert running is not None
    assert int(done.stdout) == running.pid
    assert os.getsid(running.pid) != os.getsid(0)


def test_two_temporary_registries_do_not_meet(tmp_path: Path, registry_binary: Path) -> None:
    with temporary(tmp_path / "one", registry_binary) as one, temporary(tmp_path / "two", registry_binary) as two:
        assert one.port != two.port
        assert one.running() is not None
        assert two.running() is not None

    assert not listening(one.port)
    assert not listening(two.port)
    assert threading.active_count() < 20


def test_the_workspace_decides_folder_and_port(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.slipway]\nregistry = "embedded"\n', encoding="utf-8")

    daemon = daemon_of(load_config(tmp_path, {"SLIPWAY_REGISTRY_PORT": "5099"}))

    assert (daemon.folder, daemon.port) == (tmp_path / ".registry", 5099)


def test_another_registry_is_not_ours_to_start(tmp_path: Path) -> None:
    config = Config(
        root=tmp_path,
        registry=RegistryConfig(host="ghcr.io", prefix="me/charts"),
        registry_folder=tmp_path / ".registry",
    )

    with pytest.raises(RegistryError) as caught:
        ensure_running(config, never)

    assert str(caught.value) == (
        "ghcr.io: is not the embedded registry, so it is neither started nor stopped here\n"
        "    hint: unset SLIPWAY_REGISTRY, or set registry = 'embedded' in pyproject.toml"
    )
