"""Rendered objects: parsed, normalised, compared; and what of helm's work is kept."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from slipway.build.differences import diff, normalise
from slipway.build.render import Object, Renderer, Request, parse
from slipway.core.errors import ToolFailed
from slipway.tools.helm import Helm
from slipway.tools.run import Command, Completed, Runner
from slipway.util import yaml

STREAM = """\
---
# Source: home/charts/app/templates/all.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
  namespace: home
  labels: {helm.sh/chart: app-1.2.3-rc.1}
  annotations: {checksum/config: 0a1b, kept: null}
spec:
  text: |
    ---- not a separator
    --- neither
---
# Source: home/charts/app/templates/empty.yaml
---
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
"""


def test_a_stream_becomes_objects_with_their_template() -> None:
    deployment, config = parse(STREAM)
    assert deployment.identity == ("apps", "Deployment", "home", "app")
    assert config.identity == ("", "ConfigMap", "", "app")
    assert deployment.source == "home/charts/app/templates/all.yaml"
    assert deployment.at("spec", "text") == "---- not a separator\n--- neither\n"
    assert deployment.labels == {"helm.sh/chart": "app-1.2.3-rc.1"}
    assert parse("\n") == ()


def test_normal_objects_hide_what_changes_by_itself() -> None:
    metadata = normalise(parse(STREAM)[0])["metadata"]
    assert metadata == {
        "annotations": {"checksum/config": "<checksum>"},
        "labels": {"helm.sh/chart": "app-0.0.0"},
        "name": "app",
        "namespace": "home",
    }


def test_text_of_several_lines_is_shown_as_a_block() -> None:
    assert yaml.text_of({"b": "one\ntwo\n", "a": "1"}) == "a: '1'\nb: |\n  one\n  two\n"


def thing(name: str, **spec: object) -> Object:
    data = {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": name}, "spec": spec}
    return Object(api_version="v1", kind="Thing", namespace="", name=name, data=data)


def test_a_difference_names_each_object_and_shows_its_lines() -> None:
    old = [thing("same", a=1), thing("gone"), thing("other", a=1, b=2)]
    new = [thing("other", a=1, b=3), thing("added"), thing("same", a=1)]
    changes = diff(old, new)
    assert [(str(change.kind), change.object) for change in changes] == [
        ("added", "Thing added"),
        ("removed", "Thing gone"),
        ("changed", "Thing other"),
    ]
    assert changes[2].text.splitlines()[2:] == [
        "@@ -4,4 +4,4 @@",
        "   name: other",
        " spec:",
        "   a: 1",
        "-  b: 2",
        "+  b: 3",
    ]
    assert diff(new, new) == ()


def test_another_chart_version_alone_is_no_difference() -> None:
    old = parse(STREAM)
    new = parse(STREAM.replace("app-1.2.3-rc.1", "app-2.0.0").replace("0a1b", "ffff"))
    assert diff(old, new) == ()


def recorder(outputs: Sequence[Completed]) -> tuple[Runner, list[Command]]:
    """A runner that answers with these outputs, one after the other."""
    calls: list[Command] = []

    def run(command: Command) -> Completed:
        calls.append(command)
        return outputs[len(calls) - 1]

    return run, calls


def message(stdout: str = "", stderr: str = "", code: int = 0) -> Completed:
    return Completed(argv=(), code=code, stdout=stdout, stderr=stderr, seconds=0)


def renderer(tmp_path: Path, run: Runner) -> Renderer:
    helm = Helm(run=run, program=lambda: Path("/bin/helm"), home=tmp_path / "helm")
    return Renderer(helm=helm, helm_version="v1", kube_version="1.37.0", folder=tmp_path / "cache")


def test_a_render_is_kept_by_everything_that_it_depends_on(tmp_path: Path) -> None:
    run, calls = recorder([message(STREAM)] * 9)
    values = tmp_path / "values.yaml"
    values.write_text("a: 1\n")
    request = Request(chart=tmp_path, digest="sha256:1", release="r", namespace="n", values=(values,))
    made = renderer(tmp_path, run)
    assert made.render(request).objects == made.render(request).objects
    assert len(calls) == 1
    for other in (
        replace(request, digest="sha256:2"),
        replace(request, release="s"),
        replace(request, namespace="m"),
        replace(request, settings=("a=1",)),
    ):
        made.render(other)
    replace(made, kube_version="1.38.0").render(request)
    replace(made, helm_version="v2").render(request)
    values.write_text("a: 2\n")
    made.render(request)
    assert len(calls) == 8


def test_a_refusal_is_a_result_and_is_never_kept(tmp_path: Path) -> None:
    run, calls = recorder([message(stderr="Error: no", code=1), message(STREAM), message("a: [\n")])
    request = Request(chart=tmp_path, digest="1", release="r", namespace="n")
    made = renderer(tmp_path, run)
    assert made.render(request).error == "Error: no"
    assert len(made.render(request).objects) == 2
    assert made.render(replace(request, digest="2")).error.startswith("the output is not YAML")
    assert len(calls) == 3


def test_many_renders_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    def run(command: Command) -> Completed:
        return message(f"apiVersion: v1\nkind: Thing\nmetadata: {{name: {command.argv[2]}}}\n")

    requests = [Request(chart=tmp_path, digest="d", release=f"r{index}", namespace="n") for index in range(20)]
    done = renderer(tmp_path, run).render_all(requests)
    assert [item.objects[0].name for item in done] == [f"r{index}" for index in range(20)]


def test_the_plain_function_raises_where_the_renderer_reports(tmp_path: Path) -> None:
    from slipway.build.builder import Built
    from slipway.build.render import render
    from slipway.core.model import Archive, ChartName, Digest
    from testing.memory import chart

    archive = Archive(
        name=ChartName("a"), version="1", path=tmp_path, content=Digest("c"), input_digest=Digest("d"), metadata={}
    )
    built = Built(chart=chart("a"), folder=tmp_path, archive=archive)
    run, _ = recorder([message(stderr="Error: line one\nline two", code=1)])
    with pytest.raises(ToolFailed, match="charts/a: cannot be rendered\n    Error: line one\n    line two"):
        render(renderer(tmp_path, run), built, release="r", namespace="n")


def test_every_argument_of_helm_is_part_of_the_key(tmp_path: Path) -> None:
    run, calls = recorder([message(STREAM)])
    values = tmp_path / "values.yaml"
    values.write_text("a: 1\n")
    request = Request(
        chart=tmp_path / "chart", digest="sha256:1", release="r", namespace="n", values=(values,), settings=("a=1",)
    )
    made = renderer(tmp_path, run)
    made.render(request)

    (command,) = calls
    words = [word for word in command.argv[1:] if not word.startswith(str(tmp_path))]
    assert [word for word in words if word not in made.inputs(request)] == []
    assert b"a: 1\n" in made.inputs(request)
    assert str(tmp_path) not in str(made.inputs(request))


def test_a_setting_is_not_taken_for_a_values_file_with_the_same_text(tmp_path: Path) -> None:
    run, _ = recorder([])
    values = tmp_path / "values.yaml"
    values.write_text("a=1")
    request = Request(chart=tmp_path, digest="sha256:1", release="r", namespace="n")
    made = renderer(tmp_path, run)

    assert made.key(replace(request, values=(values,))) != made.key(replace(request, settings=("a=1",)))
