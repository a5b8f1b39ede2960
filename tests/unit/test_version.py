"""Which versions rise and how far; and that writing them is done once, whole, and can be resumed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from semver import Version

from slipway.config import Config, load_config
from slipway.core.errors import ProblemsFound, WorkspaceError
from slipway.core.model import ChartName, Digest, Published, Workspace
from slipway.versioning import version
from slipway.versioning.levels import ChangeKind, Evidence, Level, note_of, required_level
from slipway.versioning.semver import baseline, next_version
from slipway.versioning.version import Bump
from slipway.workspace import digest, discover, graph
from testing.monorepo import Monorepo, small

DAY = date(2026, 11, 23)


class History:
    """A small monorepo, and the versions of it that are published."""

    def __init__(self, repo: Monorepo) -> None:
        self.repo = repo
        self.config: Config = load_config(repo.root, {})
        self.tags: dict[str, dict[str, Digest]] = {}
        self.evidence: dict[str, tuple[Evidence, ...]] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def workspace(self) -> Workspace:
        return discover.load(self.config)

    def publish(self) -> None:
        """Everything as it is now."""
        workspace = self.workspace()
        digests = digest.digest_all(workspace)
        for name, chart in workspace.charts.items():
            self.tags.setdefault(name, {})[chart.version] = digests[name]

    def evidence_of(self, name: ChartName, against: str, versions: Mapping[str, str]) -> Sequence[Evidence]:
        self.asked.append((name, against, dict(versions)))
        return self.evidence.get(name, (item(Level.PATCH, via="below" if name == "htpc" else ""),))

    def plan(self, only: Sequence[str] = (), level: Level | None = None, note: str = "") -> tuple[Bump, ...]:
        workspace = self.workspace()
        published = {}
        for name, chart in workspace.charts.items():
            there = self.tags.get(name, {}).get(chart.version)
            published[name] = there and Published(
                name=name, version=chart.version, manifest=Digest("sha256:m"), input_digest=there
            )
        return version.plan_bumps(
            workspace,
            digest.digest_all(workspace),
            published,
            lambda name: tuple(self.tags.get(name, {})),
            self.evidence_of,
            only=[ChartName(name) for name in only],
            level=level,
            note=note,
        )

    def raise_all(self, **options: object) -> tuple[str, ...]:
        return version.apply(self.repo.root, self.plan(**options), DAY)

    def versions(self) -> dict[str, str]:
        return {name: chart.version for name, chart in self.workspace().charts.items()}


def item(level: Level, message: str = "something", via: str = "", kind: ChangeKind = ChangeKind.CHANGED) -> Evidence:
    return Evidence(level=level, kind=kind, fact=message, via=via)


@dataclass(frozen=True)
class Reused:
    """One monorepo on the disk for all tests: making one takes longer than most of what is done with it."""

    made: Monorepo
    content: Mapping[str, bytes]

    def anew(self) -> Monorepo:
        """As it was made, whatever became of it."""
        found = contents(self.made.root)
        for path in found.keys() - self.content.keys():
            (self.made.root / path).unlink()
        for path, content in self.content.items():
            if found.get(path) != content:
                (self.made.root / path).write_bytes(content)
        return self.made


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def reused(tmp_path_factory: pytest.TempPathFactory) -> Reused:
    made = small(tmp_path_factory.mktemp("repo"))
    return Reused(made=made, content=contents(made.root))


@pytest.fixture
def unpublished(reused: Reused) -> History:
    return History(reused.anew())


@pytest.fixture
def history(unpublished: History) -> History:
    unpublished.publish()
    return unpublished


def touch(history: History, name: str = "sonarr", text: str = "changed") -> None:
    history.repo.write(f"charts/{name}/values.yaml", f"text: {text}\n")


def test_nothing_changed_means_no_version_and_no_question(history: History) -> None:
    assert history.plan() == ()
    assert history.asked == []


def test_a_changed_chart_and_its_umbrella_rise_and_nobody_else(history: History) -> None:
    touch(history)

    bumps = history.plan()

    assert [(bump.chart, bump.before, bump.after, dict(bump.dependencies)) for bump in bumps] == [
        ("sonarr", "1.0.0", "1.0.1", {}),
        ("htpc", "1.0.0", "1.0.1", {"sonarr": "1.0.1"}),
    ]
    assert history.asked == [
        ("sonarr", "1.0.0", {"common": "1.0.0"}),
        ("htpc", "1.0.0", {"radarr": "1.0.0", "sonarr": "1.0.1"}),
    ]


def test_a_changed_library_raises_everything_above_it(history: History) -> None:
    history.repo.write("charts/common/values.yaml", "a: 1\n")
    history.evidence["common"] = (item(Level.MAJOR),)

    bumps = history.plan()

    assert [(bump.chart, bump.after) for bump in bumps] == [
        ("common", "2.0.0"),
        ("radarr", "1.0.1"),
        ("sonarr", "1.0.1"),
        ("htpc", "1.0.1"),
    ]


def test_charts_that_were_never_published_keep_their_versions(unpublished: History) -> None:
    history = unpublished

    assert history.plan() == ()
    assert history.asked == []


def test_a_new_chart_that_was_raised_by_hand_only_moves_its_dependents_dependency(unpublished: History) -> None:
    history = unpublished
    history.repo.replace("charts/sonarr/Chart.yaml", "version: 1.0.0\nappVersion", "version: 1.2.0\nappVersion")

    assert history.raise_all() == ("umbrella/htpc/Chart.yaml",)
    assert history.versions()["htpc"] == "1.0.0"
    assert graph.check(history.workspace()) == ()


def test_the_level_comes_from_the_evidence_and_a_maintainer_may_raise_it(history: History) -> None:
    touch(history)
    history.evidence["sonarr"] = (item(Level.MINOR),)

    assert history.plan()[0].after == "1.1.0"
    assert [bump.after for bump in history.plan(level=Level.MAJOR)] == ["2.0.0", "1.0.1"]


def test_a_level_below_the_evidence_is_refused_with_the_evidence(history: History) -> None:
    touch(history)
    history.evidence["sonarr"] = (item(Level.MAJOR, "value `x` removed"), item(Level.PATCH, "default of `y`: 1 → 2"))

    with pytest.raises(ProblemsFound) as caught:
        history.plan(level=Level.MINOR)

    assert str(caught.value) == (
        "charts/sonarr/Chart.yaml:3: minor is too little for what changed since 1.0.0\n"
        "    major: value `x` removed\n"
        "    hint: ./inv version --only sonarr --level major"
    )


def test_only_limits_where_it_begins_not_what_follows(history: History) -> None:
    touch(history, "sonarr")
    touch(history, "radarr")

    bumps = history.plan(only=["sonarr"], level=Level.MINOR)

    assert [(bump.chart, bump.after) for bump in bumps] == [("sonarr", "1.1.0"), ("htpc", "1.0.1")]


def test_a_version_above_the_published_one_is_not_raised_again(history: History) -> None:
    touch(history)
    history.raise_all()
    touch(history, text="again")

    assert history.raise_all() == ()
    assert history.versions()["sonarr"] == "1.0.1"


def test_a_version_too_low_for_the_evidence_is_raised_further(history: History) -> None:
    touch(history)
    history.raise_all()
    history.evidence["sonarr"] = (item(Level.MAJOR, "value `x` removed"),)

    history.raise_all()

    assert (history.versions()["sonarr"], history.versions()["htpc"]) == ("2.0.0", "1.0.1")
    log = history.repo.read("charts/sonarr/CHANGELOG.md")
    assert "## [2.0.0] - 2026-11-23" in log
    assert "[1.0.1]" not in log


def test_a_version_below_the_highest_published_one_is_raised_above_it(history: History) -> None:
    touch(history)
    history.tags["sonarr"]["1.4.2"] = Digest("sha256:other")

    assert next((bump.chart, bump.against, bump.after) for bump in history.plan()) == ("sonarr", "1.4.2", "1.4.3")


def test_a_chart_that_someone_else_published_counts_as_changed(history: History) -> None:
    workspace = history.workspace()
    digests = digest.digest_all(workspace)
    there = Published(name=ChartName("sonarr"), version="1.0.0", manifest=Digest("sha256:m"), input_digest=None)

    bumps = version.plan_bumps(
        workspace, digests, {ChartName("sonarr"): there}, lambda _: (), history.evidence_of, only=[ChartName("sonarr")]
    )

    assert bumps[0].after == "1.0.1"


def test_a_change_that_nobody_can_see_is_still_a_patch_with_a_sentence(history: History) -> None:
    touch(history)
    history.evidence["sonarr"] = ()

    bump = history.plan()[0]

    assert bump.after == "1.0.1"
    assert [one.description for one in bump.evidence] == ["packaged again; values and rendered objects are the same"]


def test_everything_is_written_and_the_second_run_writes_nothing(history: History) -> None:
    touch(history)
    history.evidence["sonarr"] = (item(Level.MINOR, "value `x` added", kind=ChangeKind.ADDED),)
    history.evidence["htpc"] = (item(Level.PATCH, "member sonarr 1.0.0 → 1.1.0", via="sonarr"),)

    written = history.raise_all(note="fixed: the port")

    assert written == (
        "charts/sonarr/CHANGELOG.md",
        "charts/sonarr/Chart.yaml",
        "umbrella/htpc/CHANGELOG.md",
        "umbrella/htpc/Chart.yaml",
    )
    assert (
        "## [1.1.0] - 2026-11-23\n\n### Added\n\n- value `x` added\n\n### Fixed\n\n- the port\n"
        in history.repo.read("charts/sonarr/CHANGELOG.md")
    )
    chart = yaml.safe_load(history.repo.read("charts/sonarr/Chart.yaml"))
    assert yaml.safe_load(chart["annotations"]["artifacthub.io/changes"]) == [
        {"kind": "added", "description": "value `x` added"},
        {"kind": "fixed", "description": "the port"},
    ]
    assert "the port" not in history.repo.read("umbrella/htpc/CHANGELOG.md")
    assert graph.check(history.workspace()) == ()
    assert history.raise_all(note="fixed: the port") == ()
    history.publish()
    assert history.plan() == ()


def test_a_note_for_a_named_chart_reaches_it_even_when_it_was_raised_before(history: History) -> None:
    touch(history)
    history.raise_all()

    written = history.raise_all(only=["sonarr"], note="security: a hole")

    assert written == ("charts/sonarr/CHANGELOG.md", "charts/sonarr/Chart.yaml")
    assert "### Security\n\n- a hole" in history.repo.read("charts/sonarr/CHANGELOG.md")


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_a_run_that_was_killed_between_two_files_is_finished_by_the_next(
    history: History, reused: Reused, kept: int
) -> None:
    touch(history)
    history.raise_all()
    whole = contents(history.repo.root)

    reused.anew()
    touch(history)
    texts = version.new_texts(history.repo.root, history.plan(), DAY)
    for path, text in list(texts.items())[:kept]:
        (history.repo.root / path).write_bytes(text)
    history.raise_all()

    assert len(texts) > 2
    assert contents(history.repo.root) == whole


def test_nothing_is_written_when_one_file_cannot_be_edited(history: History) -> None:
    touch(history)
    text = history.repo.read("umbrella/htpc/Chart.yaml").replace("version: 1.0.0\ntype", "version: &v 1.0.0\ntype")
    history.repo.write("umbrella/htpc/Chart.yaml", text)
    before = history.repo.read("charts/sonarr/Chart.yaml")

    with pytest.raises(WorkspaceError, match=r"umbrella/htpc.*: cannot be edited by a program"):
        history.raise_all()

    assert history.repo.read("charts/sonarr/Chart.yaml") == before


def test_the_aligned_workspace_has_every_dependency_at_its_charts_version(history: History) -> None:
    history.repo.replace("charts/sonarr/Chart.yaml", "version: 1.0.0\nappVersion", "version: 1.0.7\nappVersion")

    aligned = version.aligned(history.workspace())

    assert graph.check(aligned) == ()
    entries = aligned.charts[ChartName("htpc")].metadata["dependencies"]
    assert isinstance(entries, list)
    assert [entry["version"] for entry in entries] == ["1.0.0", "1.0.7"]


@pytest.mark.parametrize(
    ("present", "published", "level", "expected"),
    [
        ("1.0.0", ["1.0.0"], Level.PATCH, "1.0.1"),
        ("1.0.0", ["1.0.0"], Level.MINOR, "1.1.0"),
        ("1.2.3", ["1.2.3"], Level.MAJOR, "2.0.0"),
        ("0.4.2", ["0.4.2"], Level.MAJOR, "1.0.0"),
        ("1.0.0", ["1.0.0", "1.3.0"], Level.PATCH, "1.3.1"),
        ("1.0.1", ["1.0.0"], Level.PATCH, "1.0.1"),
        ("1.0.1", ["1.0.0"], Level.MINOR, "1.1.0"),
        ("5.0.0", ["1.0.0"], Level.MAJOR, "5.0.0"),
        ("1.9.0", ["1.10.0", "1.9.0"], Level.PATCH, "1.10.1"),
        # A prerelease stays one as long as what it announces is far enough.
        ("2.0.0-rc.1", ["1.0.0", "2.0.0-rc.1"], Level.MAJOR, "2.0.0-rc.2"),
        ("1.1.0-rc.1", ["1.0.0", "1.1.0-rc.1"], Level.MAJOR, "2.0.0-rc.1"),
        ("1.1.0-beta", ["1.0.0", "1.1.0-beta"], Level.MAJOR, "2.0.0-beta.1"),
        ("1.1.0-rc.1", ["1.0.0"], Level.MINOR, "1.1.0-rc.1"),
        ("1.0.1-rc.1", ["1.0.0"], Level.MINOR, "1.1.0-rc.1"),
        ("1.1.0", ["1.0.0", "1.1.0-rc.1"], Level.MINOR, "1.1.0"),
        ("0.1.0-alpha.1", ["0.1.0-alpha.1"], Level.MAJOR, "0.1.0-alpha.2"),
        ("1.0.0", ["1.0.0", "2.0.0-rc.1"], Level.PATCH, "2.0.0-rc.2"),
    ],
)
def test_the_next_version(present: str, published: list[str], level: Level, expected: str) -> None:
    assert next_version(present, published, level) == expected


def test_changes_are_measured_from_the_last_version_that_promised_something() -> None:
    assert baseline(["1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1"]) == "1.10.0"
    assert baseline(["0.1.0-rc.2", "0.1.0-rc.10"]) == "0.1.0-rc.10"


def test_a_word_that_is_no_level_is_refused_and_none_is_the_evidences() -> None:
    assert Level.parse("") is None
    assert Level.parse("minor") is Level.MINOR
    with pytest.raises(WorkspaceError) as caught:
        Level.parse("mayor", "--bump")
    assert str(caught.value) == "--bump: there is no level 'mayor'\n    hint: did you mean 'major'?"


def test_a_note_chooses_its_heading() -> None:
    assert note_of("Fixed:  the\n port") == (ChangeKind.FIXED, "the port")
    assert note_of("see: this") == (ChangeKind.CHANGED, "see: this")
    with pytest.raises(WorkspaceError) as caught:
        note_of(" fixed: ")
    assert str(caught.value) == '--note: says nothing\n    hint: --note "fixed: what was wrong"'


numbers = st.integers(0, 3)
stable = st.builds("{}.{}.{}".format, numbers, numbers, numbers)
any_version = stable | st.builds("{}-rc.{}".format, stable, numbers)
levels = st.sampled_from(list(Level))


@settings(max_examples=100)
@given(any_version, st.lists(any_version, min_size=1, max_size=5), levels)
def test_a_version_never_decreases_and_never_equals_a_published_one(
    present: str, published: list[str], level: Level
) -> None:
    found = next_version(present, published, level)

    assert found not in published
    assert all(Version.parse(found) > Version.parse(other) for other in published)
    assert Version.parse(found) >= Version.parse(present)
    assert next_version(found, published, level) == found
    last = Version.parse(baseline(published))
    if not last.prerelease:
        bump = {Level.MAJOR: last.bump_major, Level.MINOR: last.bump_minor, Level.PATCH: last.bump_patch}[level]()
        assert Version.parse(found).finalize_version() >= bump


evidences = st.lists(st.builds(lambda level, via: item(level, via=via), levels, st.sampled_from(["", "x"])), max_size=3)


@settings(max_examples=12)
@given(
    st.sets(st.sampled_from(["common", "radarr", "sonarr"])),
    st.fixed_dictionaries(dict.fromkeys(("common", "radarr", "sonarr", "htpc"), evidences)),
    st.none() | levels,
    st.sets(st.sampled_from(["common", "radarr", "sonarr", "htpc"])),
)
def test_raising_is_idempotent_and_no_chart_rises_further_than_its_evidence(
    reused: Reused,
    touched: set[str],
    evidence: dict[str, list[Evidence]],
    level: Level | None,
    only: set[str],
) -> None:
    history = History(reused.anew())
    history.publish()
    for name in touched:
        touch(history, name)
    history.evidence = {name: tuple(items) for name, items in evidence.items()}
    before = history.versions()
    highest = max([required_level(items) for items in evidence.values()] + ([level] if level else []))

    try:
        bumps = history.plan(only=sorted(only), level=level)
    except ProblemsFound:
        assert level is not None
        assert any(required_level(items) > level for items in evidence.values())
        return
    version.apply(history.repo.root, bumps, DAY)

    after = history.versions()
    limit = {Level.MAJOR: "2.0.0", Level.MINOR: "1.1.0", Level.PATCH: "1.0.1"}[highest]
    assert all(Version.parse(before[name]) <= Version.parse(after[name]) <= Version.parse(limit) for name in before)
    assert version.apply(history.repo.root, history.plan(only=sorted(only), level=level), DAY) == ()
    if not only:
        assert graph.check(history.workspace()) == ()
        assert {bump.chart for bump in bumps} >= touched
        history.publish()
        assert history.plan() == ()
