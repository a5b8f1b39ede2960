"""What Helm reads is what is written, and what our reader sees: random data and random text, against the helm binary.

Each example is a batch for one process: a chart whose files are texts, or whose values are data.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from slipway.build.stage import files_of
from slipway.core.errors import WorkspaceError
from slipway.core.model import ChartKind, Digest, Pin
from slipway.gitops import applications
from slipway.gitops.applications import pinned_umbrella
from slipway.scaffold.chart import Claim
from slipway.scaffold.files import Facts, chart_files
from slipway.secrets import keys, sealed_secret
from slipway.secrets.encryption import generate_key_pair
from slipway.secrets.sealed_secret import NamespacedName, SealedSecret
from slipway.tools.helm import Helm, template_args
from slipway.tools.run import run_process
from slipway.util import yaml
from slipway.util.mapping import dig
from slipway.util.yaml_scalars import MAX_EXACT
from slipway.workspace.digest import digest_all
from testing.product import product, product_config
from testing.rendering import KUBE_VERSION
from testing.workspaces import program

pytestmark = pytest.mark.helm

MANIFEST = Digest(f"sha256:{'6063e25' * 9}0")
METADATA = {"apiVersion": "v2", "name": "texts", "version": "1.0.0"}
SHOW_VALUES = "values: {{ .Values | toJson | b64enc }}\n"
SHOW_CHART = """\
values: {{ dict "annotations" .Chart.Annotations "appVersion" .Chart.AppVersion | toJson | b64enc }}
"""
SHOW_FILES = """\
{{- $found := dict -}}
{{- range $path, $text := .Files.Glob "files/*" -}}
{{- $_ := set $found $path ($text | toString | fromYaml) -}}
{{- end -}}
values: {{ $found | toJson | b64enc }}
"""

TRICKY = [
    *("6063e25", "1e3", "y", "n", "Y", "yes", "No", "on", "OFF", "true", "False", "null", "Null", "~", "", "=", "<<"),
    *("08", "010", "0o17", "0O7", "0x1f", "0X1F", "0b11", "0B1", "-0b11", "0xFFFFFFFFFFFFFFFFFF", "0o8", "0_8"),
    *(
        "1_000",
        "_1",
        "1__0",
        "1_",
        ".1_0",
        "1_0.5",
        "+12",
        "-0",
        "-0.0",
        "1.0",
        "1.10",
        ".5",
        "-.5",
        "+.5",
        "1.",
        "1e+5",
    ),
    *("1E-3", "12e03", "1e999", "1e21", "5e-324", "12:30", "2222:22", "52:54:00:44:49:56", "1:2:3.4", "1.2.3", "1-2"),
    *("2026-11-29", "2026-1-2", "2026-11-29T12:00:00Z", "2026-11-29 12:00:00", ".inf", "-.INF", "+.Inf", ".nan", "."),
    *("9007199254740992", "9007199254740993", "18446744073709551615", "18446744073709551616", "1" * 40, "-", "+", ".."),
]
LETTERS = st.text(
    st.sampled_from("0123456789+-_.:eExXobBnyYN~=<>|&*!%@#{}[],?'\"\\ \t\nab\x85\u2028\ufeff\u00e9\U0001f600"),
    max_size=8,
)
ANY = st.text(st.characters(codec="utf-8"), max_size=12)
TEXT = st.sampled_from(TRICKY) | LETTERS | ANY | st.text("word ", min_size=60, max_size=200)
NUMBERS = st.integers(-MAX_EXACT, MAX_EXACT) | st.floats(allow_nan=False, allow_infinity=False)
DATA = st.recursive(
    TEXT | NUMBERS | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)

PLAIN = st.sampled_from(TRICKY) | st.text("0123456789+-_.:eExobinfaty~=<", max_size=6)
SYNTAX = st.sampled_from(
    [
        *(
            "'y'",
            '"1e3"',
            '"a\\tb\\u00e9"',
            "'it''s'",
            "[1, y]",
            "{a: 1}",
            "{a:1}",
            '{"a":1}',
            "{a: b:c}",
            "[a:b]",
            "{a, b}",
        ),
        *("[http://x:80/y]", "{}", "[]", "[? a : b]", "a b", "a #b", "a#b", "- x", "? x", "a: b", "|\n    x\n    y\n"),
        *(
            "|-\n    x\n",
            ">+\n    a\n    b\n\n",
            "|1\n  x\n",
            '"a\n    b"',
            "a\n    b",
            "@x",
            "%x",
            "*x",
            "&x y",
            "&x {a: 1}",
        ),
        *(
            "!!str 1",
            "!!int '1'",
            "!!binary aGk=",
            "! x",
            "!x y",
            "a\tb",
            "\u2028",
            "\x85x",
            "\U0001f600",
            "{<<: {a: 1}}",
        ),
        *("{a: 1, a: 2}", "{a: 1, <<: {a: 2}}", "{<<: [{a: 1}, {a: 2, b: 3}], b: 4}", "{1: a}", "{y: a}", "{1.5: a}"),
    ]
)
VALUE = PLAIN | SYNTAX | LETTERS
KEYS = st.sampled_from(["a", "b", "<<"]) | PLAIN | SYNTAX
LINE = st.builds(lambda key, value: f"{key}: {value}\n", st.sampled_from("abefghijklmopqrstuvwx") | KEYS, VALUE)
ITEM = VALUE.map(lambda value: f"- {value}\n")
NESTED = st.builds(
    lambda key, lines: f"{key}:\n" + "".join(f"  {line}" for line in lines),
    st.sampled_from(["c", "d"]) | PLAIN,
    st.lists(LINE, min_size=1, max_size=2) | st.lists(ITEM, min_size=1, max_size=3),
)
TEXTS = st.lists(LINE | NESTED, min_size=1, max_size=2).map("".join)

# Each example starts helm, so a failure is shown as it was found.
BATCHES = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.large_base_example],
)


def shown(folder: Path, template: str, files: Mapping[str, bytes], values: tuple[Path, ...] = ()) -> dict[str, object]:
    """What a template of a chart sees."""
    chart = folder / "texts"
    shutil.rmtree(chart, ignore_errors=True)
    for path, content in {"Chart.yaml": yaml.dump(METADATA), "templates/all.yaml": template.encode(), **files}.items():
        (chart / path).parent.mkdir(parents=True, exist_ok=True)
        (chart / path).write_bytes(content)
    run = Helm(run=run_process, program=lambda: program("helm"), home=folder / "home")
    done = run(*template_args(chart, release="t", namespace="t", kube_version=KUBE_VERSION, values=values))
    (found,) = (line for line in done.stdout.splitlines() if line.startswith("values: "))
    data = json.loads(base64.b64decode(found.removeprefix("values: ")), parse_int=float)
    assert isinstance(data, dict)
    return data


def comparable(value: object) -> object:
    """A value with its type, as JSON tells them apart: it has numbers, and no integers."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        if isinstance(value, Mapping):
            return {key: comparable(item) for key, item in value.items()}
        return [comparable(item) for item in value] if isinstance(value, list) else (type(value).__name__, value)
    return ("number", float(value), math.copysign(1, value))


@BATCHES
@given(batch=st.lists(DATA, min_size=60, max_size=60))
def test_helm_reads_the_values_that_we_write(tmp_path: Path, batch: list[object]) -> None:
    data = {"list": batch}  # Helm's merge removes no null from a list.
    file = tmp_path / "values.yaml"
    file.write_bytes(yaml.dump(data))
    assert comparable(shown(tmp_path, SHOW_VALUES, {}, (file,))) == comparable(data)


@BATCHES
@given(batch=st.lists(DATA, min_size=60, max_size=60))
def test_helm_reads_what_we_show_to_people(tmp_path: Path, batch: list[object]) -> None:
    data = {"list": batch}
    files = {"files/text": yaml.text_of(data).encode()}
    assert comparable(shown(tmp_path, SHOW_FILES, files)) == comparable({"files/text": data})


@BATCHES
@given(annotations=st.dictionaries(TEXT, TEXT, min_size=40, max_size=60), version=st.sampled_from(TRICKY))
def test_helm_reads_the_metadata_of_a_chart_that_we_write(
    tmp_path: Path, annotations: dict[str, str], version: str
) -> None:
    written = {"appVersion": version, "annotations": annotations}
    assert shown(tmp_path, SHOW_CHART, {"Chart.yaml": yaml.dump({**METADATA, **written})}) == written


@BATCHES
@given(batch=st.lists(TEXTS, min_size=150, max_size=150))
def test_a_text_means_to_us_what_it_means_to_helm_or_is_refused(tmp_path: Path, batch: list[str]) -> None:
    ours: dict[str, object] = {}
    for number, text in enumerate(batch):
        name = f"files/{number}"
        with contextlib.suppress(WorkspaceError):
            if isinstance(data := yaml.parse(text.encode(), name).data, dict):
                ours[name] = data
    read = {name: batch[int(name.removeprefix("files/"))].encode() for name, data in ours.items()}
    found = shown(tmp_path, SHOW_FILES, read)
    assert [
        (read[name], data, found[name]) for name, data in ours.items() if comparable(found[name]) != comparable(data)
    ] == []
    assert len(ours) > len(batch) / 8


@pytest.mark.parametrize("text", TRICKY)
def test_every_tricky_word_is_written_so_that_it_stays_text(text: str) -> None:
    assert yaml.load_all(yaml.dump([text]).decode()) == [[text]]


def written_files(folder: Path) -> dict[str, bytes]:
    """Every kind of YAML that this program writes; what people set is what readers take for something else."""
    workspace = product()
    digests = digest_all(workspace)
    found: dict[str, bytes] = {}
    for name, chart in workspace.charts.items():
        tricky = {f"example.org/{number}": text for number, text in enumerate(TRICKY)}
        metadata = {**chart.metadata, "annotations": {**dig(chart.metadata, "annotations"), **tricky}}
        made = files_of(workspace, replace(chart, metadata=metadata), digests[name], "oci://registry.test/charts")
        found |= {
            f"stage/{name}/{path}": text
            for path, text in made.items()
            if path in {"Chart.yaml", "Chart.lock"} or path.startswith("values-")
        }
    for environment in workspace.environments:
        umbrellas = [
            pinned_umbrella(chart, Pin(name=chart.name, version="1.0.0", manifest=MANIFEST, input_digest=MANIFEST))
            for chart in workspace.umbrellas
        ]
        made = applications.files(product_config({}), environment, umbrellas)
        found |= {f"deploy/{environment}/{path}": text for path, text in made.items()}
    words = dict.fromkeys(word for word in TRICKY if word)
    target = NamespacedName(namespace="on", name="1e3")
    sealed = SealedSecret(target=target, values=dict.fromkeys(words, "6063e25"), labels=dict.fromkeys(words, "y"))
    found["sealed.yaml"] = sealed_secret.dump(sealed)
    found["key.yaml"] = keys.key_manifest(generate_key_pair(datetime.now(tz=UTC), 2048), "on", "1e3")
    library = next(chart for chart in workspace.charts.values() if chart.kind is ChartKind.LIBRARY)
    for name in ("on", "1e3", "0x1f", "8080"):
        facts = Facts(
            name=name, umbrella="htpc", repository="example.org/on", tag="6063e25", digest="", port=8080, health="/y",
            claims=(Claim(name="no", size="1e3", path="/y: z"),), app_version="1.10", description="yes: #1", title="~",
            group="=", library=library,
        )  # fmt: skip
        found |= {f"new/{name}/{path}": text for path, text in chart_files(facts).items() if path.endswith("s.yaml")}
        found[f"new/{name}/Chart.yaml"] = chart_files(facts)["Chart.yaml"]
    return found


def test_helm_reads_every_file_that_is_written_as_we_do(tmp_path: Path) -> None:
    texts: dict[str, str] = {}
    for path, content in written_files(tmp_path).items():
        for number, document in enumerate(f"\n{content.decode()}".split("\n---\n")):
            texts[f"files/{path.replace('/', '+')}+{number}"] = document

    found = shown(tmp_path, SHOW_FILES, {path: text.encode() for path, text in texts.items()})

    assert len(texts) > 100
    assert {path: comparable(value) for path, value in found.items()} == {
        path: comparable(yaml.load_all(text)[0]) for path, text in texts.items()
    }
    numbers = [path for path in texts if "+1e3+" in path]
    assert numbers
    for path in numbers:
        container = dig(found[path], "controllers", "1e3", "containers", "app")
        assert not container or dig(container, "image")["tag"] == "6063e25"
