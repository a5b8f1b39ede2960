"""Charts that `helm create` made, with the profile `plain`: from the first plan to the release with nothing to do."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from slipway.build.archive import read_archive
from slipway.cli import lint as lint_task
from slipway.context import Context
from slipway.core.errors import AlreadyPublished, ProblemsFound, WorkspaceError
from slipway.core.model import ChartName
from slipway.release import checks, release
from slipway.release.plan import Action
from slipway.release.survey import survey
from slipway.versioning import bump, version
from slipway.workspace import graph
from testing.foreign import Foreign, foreign_in

pytestmark = [pytest.mark.helm, pytest.mark.registry]

Shape = Callable[[Foreign], None]


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Foreign]:
    """An empty monorepo."""
    with foreign_in(tmp_path / "charts-of-others") as made:
        yield made


def as_created(foreign: Foreign) -> None:
    foreign.create("charts/web", "charts/api", "charts/worker")


def with_a_library(foreign: Foreign) -> None:
    foreign.library("charts/base")
    foreign.create("charts/web", "charts/api")
    foreign.depend("charts/web", "base", "file://../base")
    foreign.depend("charts/api", "base", foreign.registry)
    for chart in ("charts/web", "charts/api"):
        foreign.use_library(chart)


def with_an_umbrella(foreign: Foreign) -> None:
    foreign.create("charts/web", "charts/api", "umbrella/shop")
    for name in ("web", "api"):
        foreign.depend("umbrella/shop", name, f"file://../../charts/{name}")


SHAPES = {
    "as helm create makes them": (as_created, {"web", "api", "worker"}, {"web"}),
    "with a library chart": (with_a_library, {"web", "api", "base"}, {"web"}),
    "with an umbrella": (with_an_umbrella, {"web", "api", "shop"}, {"web", "shop"}),
}
"""Shape → what makes it, its charts, and those that a change of web raises."""


def released(foreign: Foreign) -> release.Outcome:
    return release.release(foreign.context(), environment="")


def everything(context: Context) -> tuple[str, ...]:
    return tuple(str(problem) for problem in checks.everything(context, graph.order(context.workspace)))


@pytest.mark.parametrize(("make", "charts", "raised"), SHAPES.values(), ids=SHAPES)
def test_a_foreign_monorepo_is_checked_published_raised_and_then_at_rest(
    foreign: Foreign, make: Shape, charts: set[str], raised: set[str]
) -> None:
    make(foreign)
    planned = survey(foreign.context(), "")
    assert {item.chart for item in planned.having(Action.PUBLISH)} == charts
    assert planned.pins == ()
    assert everything(foreign.context()) == ()

    assert {item.name for item in released(foreign).published} == charts
    assert released(foreign).unchanged
    assert not (foreign.root / "deploy").exists()

    foreign.repo.replace("charts/web/values.yaml", "replicaCount: 1", "replicaCount: 2")
    with pytest.raises(AlreadyPublished, match=r"\./inv version --only web"):
        released(foreign)
    bumps = bump.raise_versions(foreign.context(), (), "", "", dry_run=False)
    assert {item.chart: (item.before, item.after) for item in bumps} == dict.fromkeys(raised, ("0.1.0", "0.1.1"))

    assert {item.name for item in released(foreign).published} == raised
    assert survey(foreign.context(), "").empty


def test_helm_pulls_what_was_published_and_renders_the_library_of_the_monorepo(foreign: Foreign) -> None:
    with_a_library(foreign)
    released(foreign)

    rendered = foreign.helm("template", "x", f"{foreign.registry}/api", "--version", "0.1.0", "--plain-http").stdout

    assert "team: platform" in rendered


def test_the_package_has_what_helm_packages_of_the_same_folder(foreign: Foreign, tmp_path: Path) -> None:
    foreign.create("charts/web")
    for path in ("README.md", "docs/deep.md", "logo.tmp", ".hidden", "keep/a.txt", "keep/b.log", "templates/.swp"):
        foreign.repo.write(f"charts/web/{path}", "text\n")
    ignore = foreign.repo.read("charts/web/.helmignore")
    foreign.repo.write("charts/web/.helmignore", f"{ignore}/docs/\nkeep/*.log\n?EADM[A-F].md\n")
    foreign.helm("package", "charts/web", "--destination", str(tmp_path))
    by_helm = read_archive((tmp_path / "web-0.1.0.tgz").read_bytes())

    context = foreign.context()
    built, problems = context.builder().build([ChartName("web")])

    assert problems == ()
    assert sorted(read_archive(built[ChartName("web")].archive.path.read_bytes())) == sorted(by_helm)
    assert "web/keep/a.txt" in by_helm
    assert not {"web/docs/deep.md", "web/keep/b.log", "web/README.md", "web/logo.tmp"} & set(by_helm)


@pytest.mark.parametrize("line", ["keep/**", "[a", "!keep/a.txt\n!*"])
def test_helm_and_we_agree_on_rules_that_it_refuses_or_that_ignore_everything(foreign: Foreign, line: str) -> None:
    foreign.create("charts/web")
    foreign.repo.write("charts/web/.helmignore", f"{line}\n")

    with pytest.raises(Exception, match=r"exit code 1|ended with"):
        foreign.helm("lint", "charts/web", "--strict", "--quiet")
    with pytest.raises((WorkspaceError, ProblemsFound)):
        lint_task.lint(foreign.context(), "")


def test_a_dependency_of_another_repository_is_packaged_from_the_archive_that_git_has(
    foreign: Foreign, tmp_path: Path
) -> None:
    with foreign_in(tmp_path / "elsewhere") as other:
        other.library("charts/base")
        released(other)
        foreign.create("charts/web")
        foreign.depend("charts/web", "base", other.registry, version=">=0.1.0")
        foreign.use_library("charts/web")

        with pytest.raises(ProblemsFound) as caught:
            released(foreign)
        (problem,) = caught.value.problems
        assert (problem.rule, problem.where) == ("dependency.vendored", "charts/web/Chart.yaml:26")
        assert problem.hint == "helm dependency update charts/web, and commit charts/web/charts/"

        foreign.helm("dependency", "update", "charts/web", "--plain-http")
    assert everything(foreign.context()) == ()
    assert [item.name for item in released(foreign).published] == ["web"]
    assert released(foreign).unchanged

    archive = next((foreign.root / "charts/web/charts").glob("base-0.1.0.tgz"))
    archive.rename(archive.with_name("base-0.1.1.tgz"))
    assert [item.chart for item in survey(foreign.context(), "").having(Action.CONFLICT)] == ["web"]


def test_the_annotation_has_the_prefix_of_the_settings(tmp_path: Path) -> None:
    settings = 'profile = "plain"\nannotation-prefix = "charts.example.org"\nchart-folders = ["stable", "lab/new"]\n'
    with foreign_in(tmp_path / "prefixed", settings) as foreign:
        foreign.create("stable/web", "lab/new/api")
        released(foreign)

        context = foreign.context()
        found = context.registry.manifest("web", "0.1.0")
        assert found is not None
        marked = [key for key in found.annotations if key.endswith("/input-digest")]
        assert marked == ["charts.example.org/input-digest"]
        assert released(foreign).unchanged


@pytest.mark.parametrize(
    ("path", "old", "new", "rule"),
    [
        ("charts/web/values.yaml", "replicaCount: 1", "replicaCount: many", "object.schema"),
        ("charts/web/Chart.yaml", "version: 0.1.0", "version: one", "chart.version"),
        ("charts/web/Chart.yaml", 'appVersion: "1.16.0"', "appVersion: 1.10", "chart.app-version"),
        ("charts/web/templates/service.yaml", "apiVersion: v1", "apiVersion: v0", "object.unknown-kind"),
        ("charts/web/values.yaml", "replicaCount: 1", "replicaCount: 1\nreplicaCount: 2", "yaml.duplicate-key"),
        ("charts/web/values.yaml", "replicaCount: 1", "password: mtR7hs9Kq2Lx", "secret.value"),
        ("charts/web/templates/service.yaml", "kind: Service", "kind: {{ .Values.nothing.there }}", "render.template"),
    ],
)
def test_what_every_chart_must_hold_is_asked_of_a_foreign_one_too(
    foreign: Foreign, path: str, old: str, new: str, rule: str
) -> None:
    foreign.create("charts/web")
    foreign.repo.replace(path, old, new)

    try:
        context = foreign.context()
        found = {problem.rule for problem in checks.everything(context, graph.order(context.workspace))}
    except WorkspaceError as error:
        found = {problem.rule for problem in error.problems}

    if rule == "object.unknown-kind":
        assert found == set(), "a kind without a schema may be one of another operator"
    else:
        assert rule in found


def test_the_same_charts_are_refused_by_the_profile_of_the_platform_with_the_way_on(tmp_path: Path) -> None:
    with foreign_in(tmp_path / "strict", 'profile = "homelab"\nenvironments = ["production"]\n') as foreign:
        with_an_umbrella(foreign)
        foreign.repo.write("values/production/platform.yaml", "domain: example.org\n")
        for folder in ("charts/web", "charts/api", "umbrella/shop"):
            (foreign.root / folder / ".helmignore").unlink()

        with pytest.raises(WorkspaceError) as caught:
            foreign.context().workspace  # noqa: B018 - reading it raises

    (problem,) = caught.value.problems
    assert str(problem) == (
        "charts/common: is missing: the schemas of values are composed from its schemas/\n"
        "    needed by umbrella/shop\n"
        "    hint: git checkout charts/common; for charts without this library: profile = 'plain' in slipway.toml"
    )


def test_the_changelog_of_a_foreign_chart_names_no_command_of_ours(foreign: Foreign) -> None:
    foreign.create("charts/web")
    released(foreign)
    foreign.repo.replace("charts/web/values.yaml", "replicaCount: 1", "replicaCount: 2")
    context = foreign.context()

    version.apply(foreign.root, bump.bumps_of(context, (), ""), date(2026, 11, 30))

    log = foreign.repo.read("charts/web/CHANGELOG.md")
    assert "## [0.1.1] - 2026-11-30" in log
    assert "inv" not in log
