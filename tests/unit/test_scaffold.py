"""`new`: facts are checked together, the texts are complete, and writing is all or nothing."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from slipway.config import load_config
from slipway.core.errors import WorkspaceError
from slipway.core.model import ChartName, Workspace
from slipway.scaffold import chart as scaffold
from slipway.scaffold.chart import Facts
from slipway.workspace import discover, graph
from testing.monorepo import Monorepo, small

DAY = date(2026, 11, 23)
DIGEST = "sha256:" + "a" * 64
IMAGE = f"ghcr.io/example/my-app:v1.2.3@{DIGEST}"


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    return small(tmp_path)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """One for every test that is refused, and so writes nothing."""
    return small(tmp_path_factory.mktemp("unchanged"))


def load(repo: Monorepo) -> Workspace:
    return discover.load(load_config(repo.root, {}))


def facts(repo: Monorepo, **options: str) -> Facts:
    given = {"service": "my-app", "umbrella": "htpc", "image": IMAGE, "port": "8080", **options}
    return scaffold.facts_of(load(repo), **given)


def refused(repo: Monorepo, **options: str) -> list[str]:
    with pytest.raises(WorkspaceError) as caught:
        facts(repo, **options)
    return [str(problem) for problem in caught.value.problems]


def files(repo: Monorepo) -> dict[str, bytes]:
    return {p.relative_to(repo.root).as_posix(): p.read_bytes() for p in repo.root.rglob("*") if p.is_file()}


def test_a_chart_is_written_and_registered_in_name_order(repo: Monorepo) -> None:
    scaffolded = scaffold.create(load(repo), facts(repo, data="/config:5Gi,/var/cache:1Gi", health="/ping"), DAY)

    workspace = load(repo)
    assert graph.check(workspace) == ()
    assert [dep.name for dep in workspace.charts[ChartName("htpc")].dependencies] == ["my-app", "radarr", "sonarr"]
    assert list(yaml.safe_load(repo.read("umbrella/htpc/values.yaml"))) == ["my-app", "radarr", "sonarr"]
    assert scaffolded.paths == (
        *(
            f"charts/my-app/{path}"
            for path in (
                "CHANGELOG.md",
                "Chart.yaml",
                "ci/ingress-values.yaml",
                "templates/all.yaml",
                "values.schema.json",
                "values.yaml",
            )
        ),
        "umbrella/htpc/Chart.yaml",
        "umbrella/htpc/values.yaml",
    )
    assert scaffolded.warnings == ()
    assert scaffolded.next_steps[0] == "./inv version --only htpc"


def test_every_fact_arrives_in_the_values(repo: Monorepo) -> None:
    scaffold.create(load(repo), facts(repo, data="/config:5Gi", health="/ping", description='Says "hi": x'), DAY)

    values = yaml.safe_load(repo.read("charts/my-app/values.yaml"))
    controller = values["controllers"]["my-app"]
    container = controller["containers"]["app"]
    assert controller["strategy"] == "Recreate"
    assert container["image"] == {"repository": "ghcr.io/example/my-app", "tag": "v1.2.3", "digest": DIGEST}
    assert {name: probe["path"] for name, probe in container["probes"].items()} == dict.fromkeys(
        ("startup", "liveness", "readiness"), "/ping"
    )
    assert values["service"] == {"my-app": {"ports": {"http": {"port": 8080}}}}
    assert values["route"]["my-app"]["host"] == "my-app.{{ .Values.global.domain }}"
    assert values["persistence"]["config"] == {"size": "5Gi", "mounts": {"app": [{"path": "/config"}]}}
    shown = {"name": "My App", "group": "Htpc", "icon": "my-app.svg", "description": 'Says "hi": x'}
    assert values["dashboard"] == shown
    assert values["backup"] == {"config": {"persistence": "config", "method": "files"}}
    chart = yaml.safe_load(repo.read("charts/my-app/Chart.yaml"))
    assert (chart["appVersion"], chart["description"], chart["version"]) == ("1.2.3", 'Says "hi": x', "1.0.0")
    assert "CHANGEME" not in "".join(repo.read(path) for path in files(repo) if path.startswith("charts/my-app"))


def test_without_volumes_and_digest_it_warns(repo: Monorepo) -> None:
    scaffolded = scaffold.create(load(repo), facts(repo, image="ghcr.io/example/my-app:1.0", health="tcp"), DAY)

    assert scaffolded.warnings == (
        (
            "image ghcr.io/example/my-app:1.0 has no digest, so its tag decides what runs: add the digest, and "
            "remove the exception from Chart.yaml"
        ),
        "nothing that it writes survives a restart; --data /path:size keeps a folder",
    )
    values = yaml.safe_load(repo.read("charts/my-app/values.yaml"))
    assert "backup" not in values
    assert values["controllers"]["my-app"]["containers"]["app"]["image"]["tag"] == "1.0"
    assert values["controllers"]["my-app"]["containers"]["app"]["probes"]["liveness"]["tcp"] is True


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"service": "My_App"},
            "SERVICE: name 'My_App' is not a DNS label of at most 53 characters\n    hint: ./inv new my-app",
        ),
        (
            {"service": "Ü"},
            "SERVICE: name 'Ü' is not a DNS label of at most 53 characters\n    hint: small letters, digits and dashes",
        ),
        (
            {"service": "global"},
            "SERVICE: name 'global' has a meaning of its own in Helm's values\n    hint: choose another name",
        ),
        (
            {"service": "sonarr"},
            "SERVICE: chart 'sonarr' is there already: charts/sonarr\n    hint: choose another name",
        ),
        ({"umbrella": "htcp"}, "--umbrella: there is no umbrella 'htcp'\n    hint: did you mean 'htpc'?"),
        ({"umbrella": ""}, "--umbrella: is missing\n    hint: umbrellas: htpc"),
        (
            {"image": "ghcr.io/x/y"},
            "--image: 'ghcr.io/x/y' has no tag\n    hint: --image repository:tag@sha256:…",
        ),
        (
            {"image": "localhost:5000/x"},
            "--image: 'localhost:5000/x' has no tag\n    hint: --image repository:tag@sha256:…",
        ),
        ({"image": ""}, "--image: '' names no repository\n    hint: --image repository:tag@sha256:…"),
        (
            {"image": "x/y:latest"},
            "--image: tag 'latest' names another image every week\n    hint: name the tag of one version",
        ),
        (
            {"image": "x/y:1@sha256:zz"},
            "--image: 'sha256:zz' is not a digest\n    hint: --image repository:tag@sha256:…",
        ),
        ({"port": "http"}, "--port: 'http' is not a port number\n    hint: use 1 to 65535"),
        ({"port": "65536"}, "--port: '65536' is not a port number\n    hint: use 1 to 65535"),
        ({"health": "ping"}, "--health: 'ping' is not a path\n    hint: use /path, or tcp to try the port only"),
        ({"data": "config:5Gi"}, "--data: 'config:5Gi' is not a volume\n    hint: --data /config:5Gi"),
        ({"data": "/config:5GB"}, "--data: '/config:5GB' is not a volume\n    hint: --data /config:5Gi"),
        ({"data": "/config:0"}, "--data: '/config:0' is not a volume\n    hint: --data /config:5Gi"),
        ({"data": "/config:100m"}, "--data: '/config:100m' is not a volume\n    hint: --data /config:5Gi"),
        ({"data": "/config:0.5Gi"}, "--data: '/config:0.5Gi' is not a volume\n    hint: --data /config:5Gi"),
        (
            {"data": "/config:1024Mi"},
            "--data: the API server rewrites 1024Mi as 1Gi\n    hint: --data /config:1Gi",
        ),
        ({"data": "/tmp:5Gi"}, "--data: /tmp is in memory already\n    hint: remove it"),
        ({"data": "/a:1Gi,/a:2Gi,/a:3Gi"}, "--data: /a is named twice\n    hint: remove it"),
    ],
)
def test_a_wrong_fact_is_named_with_what_to_do(unchanged: Monorepo, options: dict[str, str], expected: str) -> None:
    assert expected in refused(unchanged, **options)


def test_every_mistake_is_named_in_one_run(unchanged: Monorepo) -> None:
    found = refused(unchanged, service="", umbrella="x", image="y", port="", health="", data="z")

    assert [problem.partition(":")[0] for problem in found] == [
        "SERVICE",
        "--umbrella",
        "--health",
        "--image",
        "--port",
        "--data",
    ]


def test_two_volumes_that_end_alike_have_two_names(repo: Monorepo) -> None:
    made = facts(repo, data="/a/data:1Gi,/b/data:2Gi")

    assert [(claim.name, claim.path, claim.size) for claim in made.claims] == [
        ("data", "/a/data", "1Gi"),
        ("b-data", "/b/data", "2Gi"),
    ]


def test_a_folder_that_is_there_is_not_overwritten(repo: Monorepo) -> None:
    known = load(repo)
    repo.write("charts/my-app/notes.txt", "mine")

    with pytest.raises(WorkspaceError, match="charts/my-app: is there already"):
        scaffold.facts_of(known, service="my-app", umbrella="htpc", image=IMAGE, port="8080")


def test_comments_of_the_umbrella_stay(repo: Monorepo) -> None:
    repo.write("umbrella/htpc/values.yaml", "# films\nradarr:\n  enabled: true\n\n# series\nsonarr:\n  enabled: true\n")

    scaffold.create(load(repo), facts(repo, service="prowlarr"), DAY)

    assert repo.read("umbrella/htpc/values.yaml") == (
        "prowlarr:\n  enabled: true\n\n# films\nradarr:\n  enabled: true\n\n# series\nsonarr:\n  enabled: true\n"
    )


def test_an_umbrella_that_cannot_be_edited_leaves_everything_as_it_was(repo: Monorepo) -> None:
    text = repo.read("umbrella/htpc/Chart.yaml")
    start = text.index("dependencies:")
    repo.write(
        "umbrella/htpc/Chart.yaml", text[:start] + "dependencies: [{name: sonarr, version: 1.0.0, repository: x}]\n"
    )
    before = files(repo)

    with pytest.raises(WorkspaceError, match="a list is written in brackets"):
        scaffold.create(load(repo), facts(repo), DAY)

    assert files(repo) == before


def test_a_failure_while_writing_leaves_everything_as_it_was(repo: Monorepo) -> None:
    known, made = load(repo), facts(repo)
    # A folder in the way of the chart makes the last step fail.
    repo.write("charts/my-app/notes.txt", "mine")
    before = files(repo)

    with pytest.raises(OSError, match="not empty"):
        scaffold.create(known, made, DAY)

    assert files(repo) == before


def test_a_run_that_was_killed_before_the_chart_appeared_is_finished_by_the_same_command(
    repo: Monorepo, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = small(tmp_path_factory.mktemp("other"))
    scaffold.create(load(repo), facts(repo), DAY)
    for path in ("Chart.yaml", "values.yaml"):
        other.write(f"umbrella/htpc/{path}", repo.read(f"umbrella/htpc/{path}"))
    other.write("charts/.my-app.123.tmp/Chart.yaml", "half")

    scaffold.create(load(other), facts(other), DAY)

    assert files(other) == files(repo)
