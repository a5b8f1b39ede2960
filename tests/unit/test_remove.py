"""A service is taken out: what goes, what stays in the cluster, and what is refused."""

from pathlib import Path

import pytest
import yaml

from slipway.cli.remove import text
from slipway.core.errors import WorkspaceError
from slipway.scaffold.remove import removal_of, remove
from testing.monorepo import Monorepo, small
from testing.product import product
from testing.workspaces import load


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    return small(tmp_path)


def test_a_service_goes_from_its_umbrella_and_from_every_environment(repo: Monorepo) -> None:
    repo.write("values/staging/htpc.yaml", "# Ours.\nradarr: {text: b}\n# Theirs.\nsonarr:\n  text: a\n")
    repo.write("values/production/htpc.yaml", "sonarr: {text: a}\n")
    before = {path: path.read_bytes() for path in repo.root.rglob("*") if path.is_file()}

    found = removal_of(load(repo.root), "sonarr")
    assert {path: path.read_bytes() for path in repo.root.rglob("*") if path.is_file()} == before
    remove(load(repo.root), found)

    after = load(repo.root)
    assert sorted(after.charts) == ["common", "htpc", "radarr"]
    assert [entry.key for entry in after.umbrellas[0].dependencies] == ["radarr"]
    assert yaml.safe_load(repo.read("umbrella/htpc/values.yaml")) == {"radarr": {"enabled": True}}
    assert repo.read("values/staging/htpc.yaml") == "# Ours.\nradarr: {text: b}\n"
    assert not (repo.root / "values/production/htpc.yaml").exists()
    assert not (repo.root / "charts/sonarr").exists()


def test_it_says_which_data_stays_and_how_it_goes() -> None:
    found = removal_of(product(), "sonarr")

    shown = text(found, dry_run=True)

    assert "would be removed charts/sonarr/\n" in shown
    assert "    htpc: persistence.config, 5Gi; files" in shown
    assert "    kubectl -n htpc get pvc -l app.kubernetes.io/name=sonarr" in shown
    assert "Next:" not in shown


def test_an_application_leaves_its_database_and_names_it() -> None:
    shown = text(removal_of(product(), "immich"), dry_run=True)

    assert "./inv remove immich-postgres" in shown
    assert "./inv remove immich-valkey" in shown


def test_a_database_goes_as_a_member_and_its_chart_stays() -> None:
    found = removal_of(product(), "tandoor-postgres")

    assert found.folder == ""
    assert {left.what for left in found.data} == {"databases.postgres"}
    assert set(found.texts) == {"umbrella/utils/Chart.yaml", "umbrella/utils/values.yaml"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sonar", "SERVICE: there is no service 'sonar'\n    hint: did you mean 'sonarr'?"),
        (
            "postgres",
            "the chart postgres is used as immich-postgres, nextcloud-postgres, tandoor-postgres\n    hint: ./inv remove immich-postgres",
        ),
        ("common", "common is the library chart charts/common, and only services are removed"),
        ("htpc", "htpc is the umbrella chart umbrella/htpc, and only services are removed"),
    ],
)
def test_what_cannot_be_removed_is_refused(name: str, message: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        removal_of(product(), name)

    assert message in str(caught.value)
