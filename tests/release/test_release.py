"""A release on a real registry: nothing doubled, nothing overwritten, resumable after a kill at any point."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from slipway.build import archive
from slipway.core.errors import AlreadyPublished, BuildError, ProblemsFound, RegistryError
from slipway.core.model import ChartName
from slipway.gitops import pins
from slipway.registry import embedded
from slipway.release import pinning, release
from slipway.release.survey import plan_of
from slipway.tools.git import Git
from slipway.tools.run import run_process
from testing.faulty import Answer, Seen, forward, serving, unused_port
from testing.monorepo import ROOT, small
from testing.world import Recorder, World

pytestmark = [pytest.mark.helm, pytest.mark.registry]


def touch(world: World, text: str = "changed") -> None:
    world.repo.replace("charts/sonarr/values.yaml", "hello", text)


def raise_sonarr(world: World) -> None:
    world.repo.replace("charts/sonarr/Chart.yaml", "version: 1.0.0\nappVersion", "version: 1.0.1\nappVersion")
    text = yaml.safe_load(world.repo.read("umbrella/htpc/Chart.yaml"))
    text["version"] = "1.0.1"
    next(item for item in text["dependencies"] if item["name"] == "sonarr")["version"] = "1.0.1"
    world.repo.write("umbrella/htpc/Chart.yaml", yaml.safe_dump(text, sort_keys=False))


def test_a_first_release_publishes_everything_and_pins_it(world: World) -> None:
    done = world.release()

    assert [item.name for item in done.published] == ["common", "radarr", "sonarr", "htpc"]
    assert pins.current_pins(world.context().config, "staging")["htpc"].manifest == done.published[-1].manifest
    assert world.published()["htpc:1.0.0"] == done.published[-1].manifest


def test_nothing_changed_means_nothing_published_and_no_process_started(world: World) -> None:
    world.release()
    before = (world.published(), world.deployed())
    recorder = Recorder()

    done = release.release(world.context(recorder), environment="staging")

    assert done.unchanged
    assert recorder.commands == []
    assert (world.published(), world.deployed()) == before


def test_a_changed_chart_without_a_new_version_is_refused_and_nothing_is_written(world: World) -> None:
    world.release()
    before = (world.published(), world.deployed())
    touch(world)
    context = world.context()

    with pytest.raises(AlreadyPublished) as error:
        release.release(context, environment="staging")

    published = plan_of(world.context()).chart(ChartName("sonarr")).published
    assert published is not None
    text = str(error.value)
    assert "charts/sonarr/Chart.yaml:3: version 1.0.0 is already published with different content" in text
    assert f"registry {published.input_digest}" in text
    assert f"here     {context.digests[ChartName('sonarr')]}" in text
    assert "hint: ./inv version --only sonarr" in text
    assert (world.published(), world.deployed()) == before


def test_one_changed_service_publishes_itself_and_its_umbrella_only(world: World) -> None:
    world.release()
    touch(world)
    raise_sonarr(world)

    done = world.release()

    assert [f"{item.name} {item.version}" for item in done.published] == ["sonarr 1.0.1", "htpc 1.0.1"]


def test_a_new_environment_value_reaches_only_the_umbrella(world: World) -> None:
    world.release()
    world.repo.write("values/production/htpc.yaml", "sonarr:\n  text: for production\n")
    world.repo.replace("umbrella/htpc/Chart.yaml", "version: 1.0.0\ntype", "version: 1.0.1\ntype")

    done = world.release()

    assert [item.name for item in done.published] == ["htpc"]


def effects_of(world: World) -> list[str]:
    """The external effects of a whole release, in order."""
    seen: list[str] = []
    world.release(effect=seen.append)
    return seen


class Killed(BaseException):
    """What a test stops a release with; not an error that anything would catch."""


def test_a_release_stopped_after_any_effect_is_finished_by_the_next_one(tmp_path: Path) -> None:
    whole = World(repo=small(tmp_path / "whole"), port=unused_port())
    effects = len(effects_of(whole))
    wanted = (whole.published(), whole.deployed()["pins.yaml"].replace(str(whole.port).encode(), b"PORT"))
    whole.stop()
    assert effects > 10

    for stop_after in range(1, effects + 1):
        world = World(repo=small(tmp_path / f"stopped-{stop_after}"), port=whole.port)
        counted = []

        def stop(name: str, counted: list[str] = counted, limit: int = stop_after) -> None:
            counted.append(name)
            if len(counted) == limit:
                raise Killed(name)

        with pytest.raises(Killed):
            world.release(effect=stop)
        assert world.deployed() == {} or counted[-1].startswith("pins")
        world.release()

        got = (world.published(), world.deployed()["pins.yaml"].replace(str(world.port).encode(), b"PORT"))
        assert got == wanted, f"stopped after {counted[-1]}"
        world.stop()


KILLED_RUN = """\
import os, signal, sys
from slipway.release import release
from slipway.context import open_context
from pathlib import Path
left = int(sys.argv[2])
def effect(name):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
release.release(open_context(Path(sys.argv[1]), os.environ, quiet=True), environment="staging", effect=effect)
"""


@pytest.mark.parametrize("after", [1, 6, 11])
def test_a_release_killed_by_the_kernel_is_finished_by_the_next_one(world: World, after: int) -> None:
    environ = {**world.environ, "PYTHONPATH": str(Path.cwd())}

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, str(world.repo.root), str(after)], env=environ, check=False
    )
    done = world.release()

    assert killed.returncode == -signal.SIGKILL
    assert not done.unchanged
    assert world.release().unchanged


def test_two_releases_at_once_double_nothing(world: World) -> None:
    world.release(only=(ChartName("common"),))
    outcomes: list[release.Outcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(world.release())) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(len(outcome.published) for outcome in outcomes) == [0, 3]
    assert sum(outcome.unchanged for outcome in outcomes) == 1


def packages(world: World) -> dict[str, bytes]:
    folder = world.repo.root / "build/packages"
    return {path.name: path.read_bytes() for path in folder.glob("*/*.tgz")}


BUILD = """\
import os, sys
from pathlib import Path
from slipway.workspace import graph
from slipway.context import open_context
context = open_context(Path(sys.argv[1]), os.environ, quiet=True)
built, problems = context.builder().build(graph.order(context.workspace))
assert not problems, problems
"""


def build_elsewhere(folder: Path, *, umask: int, zone: str) -> dict[str, bytes]:
    """Every package of the small monorepo, built by another process in another place."""
    world = World(repo=small(folder), port=5055)
    subprocess.run(
        [sys.executable, "-c", BUILD, str(world.repo.root)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "TZ": zone, "PYTHONHASHSEED": "random"},
        umask=umask,
        check=True,
    )
    return packages(world)


def test_packages_are_equal_from_two_folders_two_umasks_and_two_time_zones(tmp_path: Path) -> None:
    here = build_elsewhere(tmp_path / "here", umask=0o022, zone="UTC")
    there = build_elsewhere(tmp_path / "a longer path/there", umask=0o077, zone="Pacific/Auckland")

    assert here == there
    assert len(here) == 4


def test_a_published_umbrella_contains_its_members_byte_for_byte(world: World) -> None:
    done = {item.name: item for item in world.release().published}
    context = world.context()

    umbrella = archive.read_archive(context.pull(done[ChartName("htpc")]))

    for member in ("radarr", "sonarr"):
        own = archive.read_archive(context.pull(done[ChartName(member)]))
        inside = {
            path.removeprefix("htpc/charts/"): text for path, text in umbrella.items() if f"/charts/{member}/" in path
        }
        assert {path: text for path, text in inside.items() if path.startswith(f"{member}/")} == own


def test_a_kept_member_is_taken_from_the_registry_not_built_again(world: World) -> None:
    world.release()
    for path in (world.repo.root / "build/packages").glob("radarr-*/*.tgz"):
        path.write_bytes(
            archive.pack_archive(
                {**archive.read_archive(path.read_bytes()), "radarr/values.yaml": b"text: not what was published\n"}
            )
        )
    touch(world)
    raise_sonarr(world)

    world.release()

    context = world.context()
    umbrella = plan_of(context).chart(ChartName("htpc")).published
    assert umbrella is not None
    assert archive.read_archive(context.pull(umbrella))["htpc/charts/radarr/values.yaml"] == b"text: hello\n"


def test_helm_renders_the_published_digest_as_the_working_tree_renders(world: World) -> None:
    done = world.release().published[-1]
    context = world.context()
    reference = f"{context.config.registry.base}/htpc@{done.manifest}"
    staged = context.builder().staged(ChartName("htpc"))
    values = ("--values", str(staged / "values-staging.yaml"))

    from_registry = context.helm("template", "htpc", reference, "--plain-http", "--namespace", "htpc", *values).stdout
    from_tree = context.helm("template", "htpc", str(staged), "--namespace", "htpc", *values).stdout

    assert 'domain: "staging.example.org"' in from_tree
    assert from_registry == from_tree


def test_helm_accepts_the_recomputed_lock(world: World) -> None:
    world.release()
    context = world.context()

    listed = context.helm("dependency", "list", str(context.builder().staged(ChartName("htpc")))).stdout
    rebuilt = context.helm("dependency", "build", str(context.builder().staged(ChartName("htpc"))), "--plain-http")

    assert listed.count("ok") == 2
    assert "out of sync" not in rebuilt.stderr


def test_production_is_pinned_from_stagings_pins_and_byte_equal(world: World) -> None:
    world.release()

    reasons = pinning.pin_environment(world.context(), "production", (), dry_run=False)

    assert reasons == ("first pins",)
    config = world.context().config
    assert pins.current_pins(config, "production") == pins.current_pins(config, "staging")
    assert pinning.pin_environment(world.context(), "production", (), dry_run=False) == ()


def test_a_pin_that_the_registry_does_not_have_is_refused(world: World) -> None:
    world.release()
    other = World(repo=world.repo, port=unused_port())
    config = replace(world.context().config, registry_folder=world.repo.root / ".other")
    context = replace(other.context(), config=replace(config, registry=other.context().config.registry))

    with pytest.raises(RegistryError, match=r"version 1\.0\.0 is not published"):
        pinning.pin_environment(context, "production", (), dry_run=False)

    assert not (world.repo.root / "deploy/production").exists()
    embedded.daemon_of(context.config).stop()


def test_a_broken_workspace_publishes_nothing(world: World) -> None:
    world.repo.replace("umbrella/htpc/Chart.yaml", "condition: sonarr.enabled", "condition: sonarr.on")

    with pytest.raises(ProblemsFound, match="member sonarr cannot be switched off"):
        world.release()

    assert world.published() == {}


FAULTS = {
    "401": Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="charts"'}),
    "403": Answer(status=403),
    "429": Answer(status=429, headers={"Retry-After": "0"}),
    "500": Answer(status=500),
    "truncated": Answer(status=200, body=b"{", announced=1000),
    "slow": Answer(hang=True),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_faulty_registry_leaves_nothing_pinned_and_the_next_release_finishes(
    world: World, fault: str, method: str
) -> None:
    embedded.ensure_running(world.context().config, lambda: world.context().toolbox.path("registry"))
    broken = {"now": True}

    def respond(request: Seen) -> Answer:
        if broken["now"] and request.method == method and "/manifests/" in request.path:
            return FAULTS[fault]
        return forward(world.port, request)

    with serving(respond) as server:
        environ = {
            "SLIPWAY_REGISTRY": f"oci://127.0.0.1:{server.port}/charts",
            "SLIPWAY_REGISTRY_PLAIN_HTTP": "true",
            "SLIPWAY_REGISTRY_TIMEOUT": "0.5",
        }
        with pytest.raises(BuildError) as error:
            release.release(world.context(**environ), environment="staging")
        pinned = world.deployed()
        broken["now"] = False
        done = release.release(world.context(**environ), environment="staging")

    assert isinstance(error.value, RegistryError)
    assert f"127.0.0.1:{server.port}" in str(error.value)
    assert pinned == {}
    assert done.pinned
    assert len(server.seen) < 400


def test_a_registry_that_is_down_is_named_with_the_way_out(world: World) -> None:
    environ = {
        "SLIPWAY_REGISTRY": f"oci://127.0.0.1:{unused_port()}/charts",
        "SLIPWAY_REGISTRY_PLAIN_HTTP": "true",
    }

    with pytest.raises(RegistryError) as error:
        release.release(world.context(**environ), environment="staging")

    assert "hint:" in str(error.value)
    assert world.deployed() == {}


def test_a_version_lower_than_a_published_one_is_refused_and_the_hint_leads_out(world: World) -> None:
    world.repo.replace("umbrella/htpc/Chart.yaml", "version: 1.0.0\ntype", "version: 1.1.0\ntype")
    world.release()
    before = (world.published(), world.deployed())
    world.repo.replace("umbrella/htpc/Chart.yaml", "version: 1.1.0\ntype", "version: 1.0.5\ntype")
    world.repo.replace("umbrella/htpc/values.yaml", "sonarr:\n", "sonarr:\n  text: changed\n")

    with pytest.raises(AlreadyPublished) as caught:
        world.release(only=(ChartName("htpc"),))
    planned = world.inv("plan")

    assert str(caught.value) == (
        "umbrella/htpc/Chart.yaml:3: 1.0.5 is lower than the published 1.1.0\n    hint: ./inv version --only htpc"
    )
    assert (planned.code, planned.stderr.strip()) == (5, str(caught.value))
    assert (world.published(), world.deployed()) == before
    world.ok("version", "--only", "htpc")
    assert [f"{item.name} {item.version}" for item in world.release().published] == ["htpc 1.2.0"]


def test_what_a_kill_left_is_gone_after_the_next_release_and_git_never_sees_it(world: World) -> None:
    world.release()
    left = ["deploy/.staging.new/pins.yaml", f"charts/sonarr/.Chart.yaml.{2**22 + 1}.tmp"]
    for path in left:
        world.repo.write(path, "half")
    git = Git(run=run_process, root=world.repo.root)
    git("init", "--quiet")
    world.repo.write(".gitignore", (ROOT / ".gitignore").read_text(encoding="utf-8"))

    listed = git("ls-files", "--others", "--exclude-standard").stdout
    done = world.release()

    assert done.unchanged
    assert not [path for path in left if path in listed]
    assert "deploy/staging/pins.yaml" in listed
    assert not [path for path in left if (world.repo.root / path).parent.exists() and (world.repo.root / path).exists()]
    assert not (world.repo.root / "deploy/.staging.new").exists()
