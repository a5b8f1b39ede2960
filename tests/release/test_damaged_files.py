"""A damaged file below build/ is made again: what is published is what the workspace says, whatever lies there."""

import os
import shutil
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway.build.archive import read_archive
from slipway.core.errors import ProblemsFound, WorkspaceError
from slipway.core.model import ChartName
from slipway.release import release
from slipway.tools.run import Command, Completed, run_process
from slipway.workspace import graph
from testing.world import World, world_in

pytestmark = [pytest.mark.helm, pytest.mark.registry]

Damage = Callable[[Path], None]
"""What happens to a file below build/."""


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def flip(share: float) -> Damage:
    """One bit of the byte at a share of the file."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[int(share * (len(content) - 1))] ^= 1
        path.write_bytes(content)

    return damage


def garble(path: Path) -> None:
    path.write_bytes(b"\xff\x00" * 150)


def folder(path: Path) -> None:
    """A folder in its place, with something in it."""
    path.unlink()
    path.mkdir()
    (path / "file").write_text("x")


def more(path: Path) -> None:
    """One more file beside it."""
    (path.parent / "more.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stray}\n")


def link(path: Path) -> None:
    """A link to another file in its place."""
    path.unlink()
    path.symlink_to("/etc/hostname")


def file(path: Path) -> None:
    """A file where its folder should be."""
    shutil.rmtree(path.parent)
    path.parent.write_text("x")


DAMAGES: dict[str, Damage] = {
    "cut": cut, "emptied": empty, "garbled": garble, "a folder": folder, "a link": link, "a file for its folder": file,
    "a bit of its first byte": flip(0), "a bit of its header": flip(0.01), "a bit in its middle": flip(0.5),
    "a bit of its last byte": flip(1),
}  # fmt: skip

STAGED = {
    "sonarr/sonarr/templates/all.yaml", "sonarr/sonarr/values.yaml", "sonarr/sonarr/Chart.yaml",
    "sonarr/sonarr/charts/common-1.0.0.tgz", "htpc/htpc/values-staging.yaml", "htpc/htpc/Chart.lock",
    "htpc/htpc/charts/sonarr-1.0.0.tgz", "common/common/templates/_all.tpl",
}  # fmt: skip


def published_files(world: World) -> dict[str, bytes]:
    """Every published archive."""
    context = world.context()
    found = {}
    for name in context.workspace.charts:
        published = context.registry.find(name, "1.0.0")
        assert published is not None
        found[name] = context.pull(published)
    return found


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, dict[str, bytes]]]:
    """A world with everything built and checked; and what a release of an undamaged one publishes."""
    with world_in(tmp_path_factory.mktemp("clean") / "repo") as made:
        release.checked(made.context(), graph.order(made.context().workspace))
        shutil.copytree(made.repo.root / "build", made.repo.root / "kept", symlinks=True)
        made.release()
        yield made, published_files(made)


@pytest.fixture
def built(clean: tuple[World, dict[str, bytes]]) -> World:
    """Built and checked, not published."""
    world, _ = clean
    root = world.repo.root
    shutil.rmtree(root / "build")
    shutil.copytree(root / "kept", root / "build", symlinks=True)
    world.stop()
    for made in (root / ".registry/data", root / "deploy"):
        shutil.rmtree(made, ignore_errors=True)
    return world


def in_build(world: World, pattern: str) -> list[Path]:
    found = [path for path in sorted((world.repo.root / "build").glob(pattern)) if path.is_file()]
    assert found, pattern
    return found


def published_by_release(world: World) -> dict[str, bytes]:
    world.release()
    return published_files(world)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_archive_is_packed_again(built: World, clean: tuple[World, dict[str, bytes]], damage: str) -> None:
    for chart in ("common", "sonarr", "htpc"):
        (archive,) = in_build(built, f"packages/{chart}-*/*.tgz")
        DAMAGES[damage](archive)

    assert published_by_release(built) == clean[1]


def test_an_archive_of_another_chart_in_its_place_is_packed_again(
    built: World, clean: tuple[World, dict[str, bytes]]
) -> None:
    (sonarr,), (radarr,) = (in_build(built, f"packages/{chart}-*/*.tgz") for chart in ("sonarr", "radarr"))
    shutil.copy(radarr, sonarr)

    assert published_by_release(built) == clean[1]


@pytest.mark.parametrize("damage", ["cut", "emptied", "a bit in its middle", "a folder", "a link", "one more file"])
def test_a_damaged_stage_is_staged_again(built: World, clean: tuple[World, dict[str, bytes]], damage: str) -> None:
    shutil.rmtree(built.repo.root / "build/packages")
    for place in STAGED:
        chart, _, rest = place.partition("/")
        (path,) = in_build(built, f"stage/{chart}-*/{rest}")
        (more if damage == "one more file" else DAMAGES[damage])(path)

    assert published_by_release(built) == clean[1]


@pytest.mark.parametrize("damage", ["cut", "emptied", "garbled", "a folder"])
def test_a_damaged_entry_of_a_cache_is_not_there(
    built: World, clean: tuple[World, dict[str, bytes]], damage: str
) -> None:
    for path in in_build(built, "cache/**/*"):
        if path.stat().st_size:
            DAMAGES[damage](path)

    assert published_by_release(built) == clean[1]


@pytest.mark.parametrize("damage", ["emptied", "swapped"])
def test_a_chart_that_the_contract_refuses_is_not_saved_by_a_damaged_render(built: World, damage: str) -> None:
    built.repo.replace("charts/common/templates/_all.tpl", "    app.kubernetes.io/part-of: tests\n", "")
    with pytest.raises(ProblemsFound, match=r"app\.kubernetes\.io/part-of"):
        built.release()
    renders = in_build(built, "cache/render/*")
    shutil.rmtree(built.repo.root / "build/cache/contract", ignore_errors=True)
    for path, other in zip(renders, [*renders[1:], renders[0]], strict=True):
        content = b"" if damage == "emptied" else (other.read_bytes() if other != renders[0] else b"---\n")
        path.write_bytes(content)

    try:
        with pytest.raises(ProblemsFound, match=r"app\.kubernetes\.io/part-of"):
            built.release()
    finally:
        built.repo.library()


def test_a_file_that_is_damaged_while_the_checks_run_is_not_published(built: World) -> None:
    shutil.rmtree(built.repo.root / "build/cache/clean")
    effects: list[str] = []

    def run(command: Command) -> Completed:
        """Damages the archive when the checks start a program: by then it is packed and compared."""
        if Path(command.argv[0]).name == "kubeconform":
            (archive,) = in_build(built, "packages/sonarr-*/*.tgz")
            flip(0.5)(archive)
        return run_process(command)

    with pytest.raises(WorkspaceError, match="changed after it was checked"):
        release.release(built.context(run), environment="staging", effect=effects.append)

    assert not [effect for effect in effects if effect.startswith("sonarr")]
    assert built.deployed() == {}
    assert [item.name for item in built.release().published][-1] == ChartName("htpc")


def test_the_members_of_what_is_published_are_the_files_of_the_workspace(
    clean: tuple[World, dict[str, bytes]],
) -> None:
    world, published = clean
    inside = read_archive(published["sonarr"])

    for path in ("values.yaml", "templates/all.yaml"):
        assert inside[f"sonarr/{path}"] == (world.repo.root / "charts/sonarr" / path).read_bytes()


ODD = """\
keywords: [1, b, 1.50, 1e3, true]
home: 5
icon: null
sources: []
deprecated: false
maintainers: [{name: a, email: null}, {name: 7}]
unknown: x
"""


def test_what_helm_drops_or_spells_otherwise_is_no_difference(world: World) -> None:
    world.repo.write("charts/sonarr/Chart.yaml", world.repo.read("charts/sonarr/Chart.yaml") + ODD)
    for path in ("values.yaml", "templates/all.yaml", "Chart.yaml"):
        file = world.repo.root / "charts/sonarr" / path
        file.write_bytes(BOM_UTF8 + file.read_bytes())
    order = graph.order(world.context().workspace)

    built, problems = world.context().builder().build(order)

    assert problems == ()
    inside = read_archive(built[ChartName("htpc")].archive.path.read_bytes())
    assert inside["htpc/charts/sonarr/values.yaml"] == b"text: hello\n"
    assert world.publish()
    assert all(item and not item.differs for item in world.context().published().values())
