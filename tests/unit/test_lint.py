"""The rules that read text, and what the tools say as problems."""

import base64
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway import policy
from slipway.build import cases
from slipway.build.render import Object
from slipway.core.errors import Problem
from slipway.core.model import ChartName
from slipway.core.rules import Rule
from slipway.lint import checks, ct_lint, immutable_fields, kube_schemas, schemas, secret_scan, templates
from slipway.lint.rules import OTHER_RULES, RULES
from slipway.tools import ct, kubeconform
from slipway.tools.run import Completed
from slipway.util import cache
from testing.memory import chart
from testing.secret_formats import SHAPES, made

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for name in ("slipway", "dashboards") for path in (ROOT / name).rglob("*.py")]


def test_every_rule_that_a_problem_names_has_a_meaning_and_the_reverse() -> None:
    named: set[str] = set()
    for path in SOURCES:
        if path.name != "rules.py":
            text = path.read_text(encoding="utf-8")
            named |= set(re.findall(r'rule="([a-z]+\.[a-z-]+)"', text))
            named |= {f"chart.{key}" for key in ("name", "version")} if 'f"chart.{key}"' in text else set()
    known = set(RULES) | set(policy.RULES)
    assert named - known == set()
    written = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES if path.name != "rules.py")
    assert {rule for rule in RULES if f'"{rule}"' not in written} - {"chart.name", "chart.version"} == set()


def test_every_rule_of_the_lint_is_declared_once_and_each_check_declares_its_rules() -> None:
    identifiers = [rule.identifier for rule in checks.declared(Rule)]
    assert sorted(identifiers) == sorted(set(identifiers))
    assert set(identifiers) & set(OTHER_RULES) == set()
    checked = {
        rule.identifier
        for kind in (checks.ChartCheck, checks.WorkspaceCheck, checks.PackageCheck)
        for check in checks.declared(kind)
        for rule in check.rules
    }
    # These come from renders and from processes.
    others = {
        "helm.lint",
        "ct.lint",
        "object.schema",
        "object.unknown-kind",
        "object.not-served",
        "object.removed-next",
        "upgrade.immutable",
    }
    others |= {"secret.producer", "secret.waiting"}
    assert set(identifiers) - checked == others


def facts(problems: object) -> list[str]:
    return [str(problem.fact) for problem in problems]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "{{ lookup `v1` `Secret` `` `` }}",
        "{{- $x := now -}}",
        "{{ (randAlphaNum 5) }}",
        '{{ printf "%s" (uuidv4) }}',
        "{{ .Values.a | htpasswd }}",
        "{{\n  if $.Capabilities.KubeVersion\n}}{{ end }}",
        "{{ if .Release.IsUpgrade }}{{ end }}",
        '{{ "}}" }}{{ genCA "x" 1 }}',
    ],
)
def test_a_template_that_renders_differently_is_found(text: str) -> None:
    assert len(list(templates.forbidden_functions(text, "t"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "{{/* lookup is forbidden */}}",
        "{{- /* now,\nand then */ -}}",
        '{{ "now" }} {{ `lookup` }}',
        "{{ .Values.now }} {{ $now }} {{ .lookup.x }}",
        "lookup now randAlphaNum",
        "{{ nowhere }} {{ unknown }} {{ .Release.Name }}",
    ],
)
def test_words_that_only_look_like_it_are_not(text: str) -> None:
    assert list(templates.forbidden_functions(text, "t")) == []


def test_a_finding_has_the_line_within_its_action() -> None:
    found = list(templates.forbidden_functions("a\n{{ if true\n   | and now }}\n", "t.yaml"))
    assert found[0].where == "t.yaml:3"


@pytest.mark.parametrize(
    ("schema", "paths"),
    [
        ({"type": "object", "properties": {"a": {}}}, [()]),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, []),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}}, []),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": {}}, [()]),
        ({"type": "object"}, []),
        ({"oneOf": [{"properties": {"a": {}}}, {"type": "null"}]}, [("oneOf", "0")]),
        ({"additionalProperties": {"items": {"properties": {"a": {}}}}}, [("additionalProperties", "items")]),
        ({"definitions": {"x": {"properties": {"a": {}}}}}, [("definitions", "x")]),
        ({"if": {"properties": {"a": {"const": 1}}}, "then": {"properties": {"b": {}}}}, []),
    ],
)
def test_an_object_schema_that_admits_unknown_keys_is_found_at_every_level(
    schema: dict[str, object], paths: list[tuple[str, ...]]
) -> None:
    assert [path for path, _ in schemas.open_objects(schema)] == paths


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("password: hunter2", "secret.value"),
        ("DB_PASSWORD: 'hunter2'", "secret.value"),
        ("env: {API_KEY: abc, OTHER: x}", "secret.value"),
        ("- {name: ADMIN_TOKEN, value: abc}", "secret.value"),
        ("clientSecret: >-\n  two\n  lines", "secret.value"),
        ("  admin_password = hunter2", "secret.value"),
        ("password: 123456", "secret.value"),
        ("existingSecretKeyPassword: c29tZXJhbmRvbXN0dWZmMTIzNDU2Nzg5MGFiY2RlZg==", "secret.value"),
        ("authData: c29tZXJhbmRvbXN0dWZmMTIzNDU2Nzg5MGFiY2RlZg==", "secret.value"),
        ("url: postgres://user:hunter2@host/db", "secret.token"),
        ("-----BEGIN RSA PRIVATE KEY-----", "secret.key"),
        ("apiVersion: v1\nkind: Secret\ndata: {a: Yg==}", "secret.manifest"),
    ],
)
def test_a_secret_is_found(line: str, rule: str) -> None:
    assert [problem.rule for problem in secret_scan.scan_sources({"values.yaml": line.encode()}).problems] == [rule]


@pytest.mark.parametrize(
    "line",
    [
        "password: ''",
        "password: null",
        "token: false",
        "API_KEY: {secret: sonarr, key: API_KEY}",
        "envFrom: {app: {secret: sonarr}}",
        'PASSWORD: "{{ .Values.x }}"',
        "PASSWORD: $(OTHER)",
        "passwordFile: /run/secrets/password",
        "token: /var/run/secrets/token",
        "secretName: wildcard-tls",
        "existingSecret: web-login",
        "auth: {existingSecretKeyPassword: mariadb-password}",
        "keys: [SONARR__AUTH__APIKEY]",
        'generate: ["SECRET_KEY:64", ADMIN_PASSWORD]',
        "generate:\n  - API_TOKEN:32",
        "# password: hunter2",
        "digest: sha256:2fef93accb445aeb1773e454825ac903f7d66d9addfe045d56fff69ba8181c82",
        "url: https://example.org:8443/path",
        "url: postgres://user:$(PASSWORD)@host/db",
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nspec: {encryptedData: {a: Yg==}}",
        "password: example  # slipway: not-a-secret shown in the documentation",
        "header: 'Authorization: Bearer $TOKEN'",
        "header: 'Authorization: Bearer {{ .Values.x }}'",
        "header: 'Authorization: Basic <base64 of user:password>'",
        "header: 'X-Api-Key: ${API_KEY}'",
        "command: curl -u admin:$PASSWORD https://example.org",
        'command: curl -u "$USER:$PASSWORD" https://example.org',
        "url: https://example.org/?apikey=$(API_KEY)&token=%(token)s",
        "url: redis://:$(PASSWORD)@redis:6379",
        "x: <ApiKey>$API_KEY</ApiKey>",
        "x: the other clients pass: it is one pod",
        "hash: $2b$12$HASH",
        "x: eyJhIjoxLCJiIjoyLCJjIjozLCJkIjo0fQ==",
        "commit: 3f786850e387550fdab836ed7e6dc881de23001b",
    ],
)
def test_a_reference_or_an_excused_line_is_none(line: str) -> None:
    assert secret_scan.scan_sources({"values.yaml": line.encode()}).problems == ()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_that_shows_itself_is_found_whatever_its_key_is(shape: str) -> None:
    for seed in range(5):
        text = made(shape, seed)

        found = secret_scan.scan_sources({"values.yaml": text.encode()}).problems

        assert found, text
        assert {problem.rule for problem in found} <= {"secret.key", "secret.token", "secret.value", "secret.manifest"}


def test_base64_of_a_secret_is_read_through_several_layers() -> None:
    key = "-----BEGIN EC PRIVATE KEY-----\nabc\n"
    for _ in range(3):
        key = base64.b64encode(json.dumps({"key": key}).encode()).decode()

    assert [problem.rule for problem in secret_scan.scan_sources({"values.yaml": f"x: {key}".encode()}).problems] == [
        "secret.key"
    ]


def test_a_template_is_read_without_what_it_computes() -> None:
    text = b'{{- $token := include "x" . }}\npassword: {{ .Values.password | quote }}\n'
    assert secret_scan.scan_sources({"charts/a/templates/x.yaml": text}).problems == ()
    literal = secret_scan.scan_sources({"charts/a/templates/x.yaml": b"{{ if\n .x }}\npassword: abc\n"})
    assert [problem.where for problem in literal.problems] == ["charts/a/templates/x.yaml:3"]


def test_no_message_repeats_the_secret() -> None:
    found = secret_scan.scan_sources({"values.yaml": b"password: hunter2\nurl: https://me:hunter3@host/\n"}).problems
    assert not any("hunter" in str(problem) for problem in found)


def test_a_binary_file_is_passed_over() -> None:
    assert secret_scan.scan_sources({"files/x.bin": b"\0password: hunter2"}).problems == ()


CHARTS = {ChartName("app"): chart("app"), ChartName("common"): chart("common")}


@pytest.mark.parametrize(
    ("error", "place"),
    [
        ("execution error at (app/templates/all.yaml:3:4): no", "charts/app/templates/all.yaml:3"),
        ("parse error at (home/charts/app/templates/x.tpl:2): no", "charts/app/templates/x.tpl:2"),
        (
            "at (app/templates/all.yaml:1:4) (app/charts/common/templates/_a.tpl:9:1): no",
            "charts/common/templates/_a.tpl:9",
        ),
        ("YAML parse error on home/charts/app/templates/all.yaml: no", "charts/app/templates/all.yaml"),
        ("something else", ""),
    ],
)
def test_a_template_error_is_placed_in_the_sources(error: str, place: str) -> None:
    assert cases.place_of(error, CHARTS) == place


def test_the_same_fact_with_other_values_is_one_problem() -> None:
    problems = [Problem(where="a", fact="b", evidence=(values,)) for values in ("one", "two", "one")]
    assert cases.merged(problems) == (Problem(where="a", fact="b", evidence=("one", "two")),)


def test_findings_of_helm_lint_name_the_chart_that_they_are_listed_under(tmp_path: Path) -> None:
    folders = {tmp_path / "app": CHARTS[ChartName("app")], tmp_path / "common": CHARTS[ChartName("common")]}
    stdout = (
        f"==> Linting {tmp_path}/app\n[INFO] Chart.yaml: icon\n[WARNING] templates/: odd (app/templates/x)\n"
        f"==> Linting {tmp_path}/common\n[ERROR] values.yaml: bad\n[ERROR] templates/: parse error at (x:1): y\n"
    )
    done = Completed(argv=(), code=1, stdout=stdout, stderr="Error: 2 charts failed", seconds=0)
    found = list(ct_lint.findings(done, folders))
    assert [(problem.where, problem.fact) for problem in found] == [
        ("charts/app", "helm lint: templates/: odd (charts/app/templates/x)"),
        ("charts/common", "helm lint: values.yaml: bad"),
    ]


def test_ct_lints_the_given_charts_and_changes_nothing_else() -> None:
    args = ct.lint_args([Path("/b/app"), Path("/b/web")], Path("/r/.ct/ct.yaml"), "1.37.0")
    assert args == (
        *("lint", "--config", "/r/.ct/ct.yaml"),
        *("--helm-lint-extra-args", "--strict --kube-version 1.37.0"),
        *("--charts", "/b/app,/b/web"),
    )


def test_kubeconform_is_strict_and_asks_nobody() -> None:
    args = kubeconform.validate_args([Path("/x.yaml")], ["/schemas/x.json"])
    assert args == ("-strict", "-output", "json", "-schema-location", "/schemas/x.json", "/x.yaml")


def test_the_output_of_kubeconform_is_parsed() -> None:
    text = """{"resources": [
        {"filename": "a", "kind": "Pod", "name": "x", "version": "v1", "status": "statusInvalid", "msg": "m"},
        {"filename": "a", "kind": "Pod", "name": "y", "version": "v1", "status": "statusValid", "msg": ""}]}"""
    assert kubeconform.parse(text) == (kubeconform.Finding(file="a", object="Pod x", message="m"),)
    assert kubeconform.parse("") == ()


def test_a_tool_that_fails_without_a_finding_shows_its_last_lines(tmp_path: Path) -> None:
    done = Completed(argv=(), code=1, stdout="", stderr="Error: no such thing", seconds=0)
    found = list(ct_lint.findings(done, {}))
    assert found == [Problem(where="ct lint", fact="fails", evidence=("Error: no such thing",), rule="ct.lint")]


def test_a_custom_resource_schema_is_closed_and_explained_in_plain_words() -> None:
    closed = kube_schemas.close(
        {
            "type": "object",
            "properties": {
                "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {}}},
                "map": {"type": "object", "additionalProperties": {"type": "string"}},
                "maybe": {"type": "string", "nullable": True},
            },
        }
    )
    assert closed == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "port": {"x-kubernetes-int-or-string": True, "type": ["integer", "string"]},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": {}}},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "maybe": {"type": ["string", "null"], "nullable": True},
        },
    }


def workload(kind: str, **spec: object) -> Object:
    data = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "x"}, "spec": spec}
    return Object(api_version="apps/v1", kind=kind, namespace="", name="x", data=data)


def test_immutable_fields_are_compared_and_version_labels_are_not() -> None:
    claims = [{"metadata": {"name": "data", "labels": {"helm.sh/chart": "a-1.0.0"}}, "spec": {"size": "1Gi"}}]
    moved = [{"metadata": {"name": "data", "labels": {"helm.sh/chart": "a-1.0.1"}}, "spec": {"size": "1Gi"}}]
    grown = [{"metadata": {"name": "data"}, "spec": {"size": "2Gi"}}]
    old = [workload("StatefulSet", replicas=1, volumeClaimTemplates=claims)]
    assert (
        list(
            immutable_fields.changed_fields(
                "c", "1.0.1", "1.0.0", old, [workload("StatefulSet", replicas=2, volumeClaimTemplates=moved)]
            )
        )
        == []
    )
    new = [workload("StatefulSet", volumeClaimTemplates=grown)]
    assert facts(immutable_fields.changed_fields("c", "1.0.1", "1.0.0", old, new)) == [
        "StatefulSet x: spec.volumeClaimTemplates differs from the published 1.0.0"
    ]
    assert list(immutable_fields.changed_fields("c", "2.0.0", "1.0.0", old, new)) == []
    assert list(immutable_fields.changed_fields("c", "1.0.1", "1.0.0", [], new)) == []


def test_a_cache_has_what_was_put_and_forgets_the_older_half_when_it_is_full(tmp_path: Path) -> None:
    kept = cache.Cache(folder=tmp_path / "area")
    assert kept.get("a") is None
    kept.put("a", "text")
    assert kept.get("a") == "text"
    kept.trim()
    assert kept.get("a") == "text"
    assert cache.key_of("ab", "c") != cache.key_of("a", "bc")
    assert cache.key_of(b"ab") == cache.key_of("ab")


@given(st.text(), st.integers(0, 200), st.integers(0, 7))
def test_an_entry_of_a_cache_that_is_cut_or_has_another_bit_is_not_there(text: str, place: int, bit: int) -> None:
    with TemporaryDirectory() as folder:
        kept = cache.Cache(folder=Path(folder) / "area")
        kept.put("a", text)
        whole = kept.path("a").read_bytes()
        place %= len(whole)
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :], b""):
            kept.path("a").write_bytes(damaged)
            assert kept.get("a") is None
        kept.put("a", text)
        assert kept.get("a") == text


def test_an_entry_of_a_cache_under_another_name_is_not_there_and_one_that_is_a_folder_is_replaced(
    tmp_path: Path,
) -> None:
    kept = cache.Cache(folder=tmp_path / "area")
    kept.put("a", "text")
    kept.path("a").rename(kept.path("b"))
    assert kept.get("b") is None

    (kept.path("c") / "below").mkdir(parents=True)
    assert kept.get("c") is None
    kept.put("c", "text")
    assert kept.get("c") == "text"

    (tmp_path / "other").write_text("a file in the place of the folder")
    other = cache.Cache(folder=tmp_path / "other")
    assert other.get("a") is None
    other.put("a", "text")
    assert other.get("a") == "text"


def test_a_schema_file_that_is_damaged_is_written_again(tmp_path: Path) -> None:
    wanted = ("", "v1", "ConfigMap")
    schemas = kube_schemas.Schemas(root=ROOT, folder=tmp_path / "schemas")
    schemas.write("1.33.0", [wanted])
    place = schemas.path("1.33.0", wanted)
    whole = place.read_bytes()
    assert json.loads(whole)["$ref"].startswith("#/definitions/")

    for damaged in (b"", whole[:-1], whole.replace(b"string", b"number", 1), b"\xff"):
        place.write_bytes(damaged)
        schemas.write("1.33.0", [wanted])
        assert place.read_bytes() == whole
