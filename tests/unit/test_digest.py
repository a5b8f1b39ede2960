"""Input digests: equal exactly when the package would be."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from slipway.core.model import INPUT_DIGEST, Chart, ChartKind, ChartName, Workspace
from slipway.workspace import digest, graph
from testing.memory import chart, layered, workspace

FILES = st.dictionaries(st.text("abcdef/.", min_size=1, max_size=8), st.binary(max_size=12), min_size=1, max_size=5)


def swap(made: Workspace, changed: Chart) -> Workspace:
    """A workspace with one chart replaced."""
    return replace(made, charts={**made.charts, changed.name: changed})


@given(FILES)
def test_the_order_of_files_is_not_content(files: dict[str, bytes]) -> None:
    backwards = dict(reversed(list(files.items())))
    assert digest.digest_of(chart("a", files=files), {}, {}) == digest.digest_of(chart("a", files=backwards), {}, {})


@given(FILES, st.data())
def test_every_byte_and_every_path_is_content(files: dict[str, bytes], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(files)))
    before = digest.digest_of(chart("a", files=files), {}, {})
    assert digest.digest_of(chart("a", files={**files, path: files[path] + b"x"}), {}, {}) != before
    moved = {**{key: value for key, value in files.items() if key != path}, f"{path}-moved": files[path]}
    assert digest.digest_of(chart("a", files=moved), {}, {}) != before


@given(st.integers(1, 6), st.data())
def test_a_change_reaches_every_dependent_and_nothing_else(services: int, data: st.DataObject) -> None:
    made = layered(services, 2, {0: [0], 1: list(range(services))})
    name = data.draw(st.sampled_from(sorted(made.charts)))
    changed = replace(made.charts[name], files={"values.yaml": b"other: true\n"})
    before, after = digest.digest_all(made), digest.digest_all(swap(made, changed))
    moved = {other for other in made.charts if before[other] != after[other]}
    assert moved == {name, *graph.dependents(made, [name])}


def test_a_version_of_its_own_or_of_a_dependency_is_content() -> None:
    before = digest.digest_of(chart("a"), {}, {})
    assert digest.digest_of(chart("a", version="1.0.1"), {}, {}) != before
    one = digest.digest_of(chart("a", needs=[("b", "1.0.0")]), {}, {})
    assert digest.digest_of(chart("a", needs=[("b", "1.0.1")]), {}, {}) != one


def test_the_registry_and_our_own_annotation_are_not_content() -> None:
    made = chart("a", needs=[("b", "1.0.0")], annotations={INPUT_DIGEST: "sha256:old", "kept": "yes"})
    entries = [{**entry, "repository": "oci://elsewhere"} for entry in made.metadata["dependencies"]]  # type: ignore[attr-defined]
    moved = replace(
        made, metadata={**made.metadata, "dependencies": entries, "annotations": {INPUT_DIGEST: "new", "kept": "yes"}}
    )
    assert digest.digest_of(made, {}, {}) == digest.digest_of(moved, {}, {})
    other = replace(made, metadata={**made.metadata, "annotations": {"kept": "no"}})
    assert digest.digest_of(other, {}, {}) != digest.digest_of(made, {}, {})


def test_an_environment_belongs_to_each_umbrella_and_to_nothing_else() -> None:
    def digests(domain: bytes, own: bytes) -> dict[ChartName, str]:
        texts = {"platform": domain, "home": own}
        charts = (chart("app"), chart("home", ChartKind.UMBRELLA), chart("more", ChartKind.UMBRELLA))
        return dict(digest.digest_all(workspace(*charts, environments={"staging": texts})))

    before = digests(b"domain: a.org\n", b"app: {text: one}\n")
    platform = digests(b"domain: b.org\n", b"app: {text: one}\n")
    own = digests(b"domain: a.org\n", b"app: {text: two}\n")
    assert {name for name in before if before[name] != platform[name]} == {"home", "more"}
    assert {name for name in before if before[name] != own[name]} == {"home"}
    assert digests(b"# the same\ndomain: a.org\n", b"app: {text: one}\n") == before
