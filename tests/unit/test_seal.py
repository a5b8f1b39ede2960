"""Sealing: where values come from, what is written, what is refused; nothing of a secret is ever repeated."""

import base64
import io
import os
import stat
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from slipway.cli import arguments
from slipway.cli.seal import text
from slipway.context import Context, open_context
from slipway.core.errors import WorkspaceError
from slipway.lint import secret_scan, static_checks
from slipway.secrets import encryption, keys, sealed_secret, sealing, store, value_sources
from slipway.secrets.sealed_secret import NamespacedName, Scope, SealedSecret
from slipway.secrets.sealing import Request
from slipway.tools.kubectl import Kubectl
from slipway.tools.run import Command, Completed
from slipway.util.progress import Progress
from testing.monorepo import Monorepo
from testing.sealing import NOW, with_controller, with_key

SECRET = "correct horse battery staple"
TARGET = NamespacedName(namespace="infra", name="grafana-admin")


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    return with_controller(tmp_path / "repo")


def context_of(repo: Monorepo) -> Context:
    return open_context(repo.root, {}, progress=Progress(quiet=True))


def source(text: bytes = b"", typed: Sequence[str] = (), *, terminal: bool = False) -> value_sources.Inputs:
    answers = iter(typed)
    return value_sources.Inputs(prompt=lambda _: next(answers), stdin=io.BytesIO(text), terminal=terminal)


def sealed(repo: Monorepo, given: value_sources.Inputs, **flags: object) -> SealedSecret:
    asked = value_sources.parse_flags(*(flags.pop(name, ()) for name in ("key", "from_file", "generate")))  # type: ignore[arg-type]
    scope = Scope(arguments.one_of("--scope", str(flags.pop("scope", Scope.STRICT)), tuple(Scope)))
    request = Request(**{"namespace": TARGET.namespace, "name": TARGET.name, "scope": scope, **flags})  # type: ignore[arg-type]
    (path,) = sealing.seal(context_of(repo), "staging", request, asked, given).wrote
    return sealed_secret.parse((repo.root / path).read_bytes(), path)


def refusal(call: object) -> str:
    with pytest.raises(WorkspaceError) as caught:
        call()  # type: ignore[operator]
    return str(caught.value)


# Values


def test_a_piped_value_loses_the_end_of_its_line_and_nothing_else() -> None:
    asked = value_sources.parse_flags(["token"], [], [])

    assert value_sources.read_values(asked, source(b" two\nlines \n")) == {"token": b" two\nlines "}


def test_on_a_terminal_each_key_is_asked_for() -> None:
    asked = value_sources.parse_flags(["user", "password"], [], [])

    assert value_sources.read_values(asked, source(typed=["admin", SECRET], terminal=True)) == {
        "user": b"admin",
        "password": SECRET.encode(),
    }


def test_a_file_is_taken_byte_by_byte(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\0\xff\n")
    asked = value_sources.parse_flags([], [f"a={tmp_path}/key", "b=-"], [])

    assert value_sources.read_values(asked, source(b"piped\n")) == {"a": b"\0\xff\n", "b": b"piped\n"}


def test_generated_values_have_their_length_and_are_new_each_time() -> None:
    asked = value_sources.parse_flags([], [], ["short", "long:64"])

    one, other = value_sources.read_values(asked, source()), value_sources.read_values(asked, source())

    assert [len(one["short"]), len(one["long"])] == [32, 64]
    assert int(one["long"], 16) != int(other["long"], 16)


@pytest.mark.parametrize(
    "flags",
    [
        ([f"password={SECRET}"], [], []),
        ([], [f"{SECRET}=/etc/hostname"], []),
        ([], [], [f"password={SECRET}"]),
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(flags: tuple[list[str], ...]) -> None:
    message = refusal(lambda: value_sources.parse_flags(*flags))

    assert "change it" in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("keys", "files", "generate", "fact"),
    [
        ([], [], [], "no key is requested"),
        (["a", "a"], [], [], "a is requested twice"),
        (["a"], ["a=x"], [], "a is requested twice"),
        ([], ["a=-", "b=-"], [], "standard input can be read only once"),
        ([], ["a"], [], "a names no file"),
        ([], [], ["a:8"], "the length of a is invalid"),
        ([], [], ["a:33"], "the length of a is invalid"),
        ([], [], ["a:many"], "the length of a is invalid"),
    ],
)
def test_flags_that_do_not_fit_are_refused(keys: list[str], files: list[str], generate: list[str], fact: str) -> None:
    assert fact in refusal(lambda: value_sources.parse_flags(keys, files, generate))


def test_an_empty_value_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert "is empty" in refusal(
        lambda: value_sources.read_values(value_sources.parse_flags(["a"], [], []), source(b"\n"))
    )
    asked = value_sources.parse_flags([], [f"a={tmp_path}/none"], [])
    assert "cannot be read" in refusal(lambda: value_sources.read_values(asked, source()))


# Files


def test_another_key_leaves_the_earlier_ones_as_they_are(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    first = sealed(repo, source(b"admin"), key=("user",))

    second = sealed(repo, source(SECRET.encode()), key=("password",))

    assert second.values["user"] == first.values["user"]
    assert set(second.values) == {"user", "password"}


def test_what_somebody_added_to_a_file_stays(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    path = "values/staging/sealed/infra/grafana-admin.yaml"
    sealed(repo, source(b"admin"), key=("user",), labels=("a=b",))
    data = yaml.safe_load(repo.read(path))
    data["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": "1"}
    data["spec"]["template"]["immutable"] = True
    repo.write(path, yaml.safe_dump(data))

    sealed(repo, source(b"x"), key=("password",), labels=("c=d",))

    after = yaml.safe_load(repo.read(path))
    assert after["metadata"] == data["metadata"]
    assert after["spec"]["template"]["immutable"] is True
    assert after["spec"]["template"]["metadata"]["labels"] == {"a": "b", "c": "d"}
    assert set(after["spec"]["encryptedData"]) == {"user", "password"}


def test_the_file_is_where_argo_cd_and_the_lint_expect_it(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")

    sealed(
        repo, source(SECRET.encode()), key=("password",), labels=("part-of=platform",), type="kubernetes.io/basic-auth"
    )

    data = yaml.safe_load(repo.read("values/staging/sealed/infra/grafana-admin.yaml"))
    assert (data["apiVersion"], data["kind"]) == ("bitnami.com/v1alpha1", "SealedSecret")
    assert data["metadata"] == {"name": "grafana-admin", "namespace": "infra"}
    assert data["spec"]["template"]["type"] == "kubernetes.io/basic-auth"
    assert data["spec"]["template"]["metadata"]["labels"] == {"part-of": "platform"}
    workspace = context_of(repo).workspace
    assert [
        problem
        for problem in static_checks.static_problems(workspace, tuple(workspace.charts))
        if "sealed" in problem.where
    ] == []
    assert SECRET not in repo.read("values/staging/sealed/infra/grafana-admin.yaml")


def test_a_file_holds_values_of_one_scope(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    sealed(repo, source(b"admin"), key=("user",))

    message = refusal(lambda: sealed(repo, source(b"x"), key=("password",), scope=Scope.CLUSTER))

    assert "--scope strict" in message


def test_a_name_or_key_that_no_chart_declares_is_noted(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    repo.write("charts/sonarr/values.yaml", "secrets: {login: {keys: [user, password], purpose: Login}}\n")

    def message(name: str, key: str) -> str:
        request = Request(namespace="infra", name=name)
        asked = value_sources.parse_flags([key], [], [])
        return text(sealing.seal(context_of(repo), "staging", request, asked, source(b"x")))

    assert "note: no chart in infra declares a secret lgoin" in message("lgoin", "user")
    assert "still missing: password" in message("login", "user")
    assert "note: no chart declares its key pasword" in message("login", "pasword")


@pytest.mark.parametrize(
    ("flags", "fact"),
    [
        ({"name": ""}, "--name: is missing"),
        ({"name": "Grafana"}, "cannot be a name in Kubernetes"),
        ({"namespace": "infar"}, "did you mean 'infra'?"),
        ({"scope": "wide"}, "there is no 'wide'"),
        ({"labels": ("x",)}, "is not NAME=VALUE"),
    ],
)
def test_nobody_is_asked_for_a_value_that_cannot_be_used(
    repo: Monorepo, tmp_path: Path, flags: dict[str, object], fact: str
) -> None:
    with_key(repo, tmp_path / "key.yaml")

    assert fact in refusal(lambda: sealed(repo, source(terminal=True), key=("a",), **flags))
    assert not (repo.root / "values/staging/sealed").exists()


def test_every_fault_of_a_file_is_found(repo: Monorepo, tmp_path: Path) -> None:
    with_key(repo, tmp_path / "key.yaml")
    sealed(repo, source(b"admin"), key=("user",))
    path = "values/staging/sealed/infra/grafana-admin.yaml"
    data = yaml.safe_load(repo.read(path))

    def facts(changed: dict[str, object], at: str = path) -> list[str]:
        (repo.root / path).unlink()
        repo.write(at, yaml.safe_dump(changed))
        found = [problem.fact for problem in store.sealed_file_problems(context_of(repo).workspace)]
        (repo.root / at).rename(repo.root / path)
        return found

    open_value = {**data, "spec": {**data["spec"], "encryptedData": {"user": "YWRtaW4="}}}
    assert facts(open_value) == ["the value of user is not sealed"]
    template = {**data["spec"]["template"], "stringData": {"user": "admin"}}
    assert facts({**data, "spec": {**data["spec"], "template": template}}) == [
        "spec.template.stringData would be readable in git"
    ]
    assert facts({**data, "kind": "Secret"}) == ["is not a SealedSecret of bitnami.com/v1alpha1"]
    assert facts(data, "values/staging/sealed/infra/other.yaml") == [
        "is the Secret infra/grafana-admin, whose path is values/staging/sealed/infra/grafana-admin.yaml"
    ]
    (repo.root / "values/staging/sealed/infra/link.yaml").symlink_to("../../platform.yaml")
    assert facts({**data}) == ["is not a SealedSecret of bitnami.com/v1alpha1"]
    (repo.root / "values/staging/sealed/infra/link.yaml").unlink()
    assert facts(data, "values/staging/sealed/infra/.hidden.yaml") == [
        "is the Secret infra/grafana-admin, whose path is values/staging/sealed/infra/grafana-admin.yaml"
    ]
    moved = {**data, "metadata": {"name": "grafana-admin", "namespace": "nowhere"}}
    assert facts(moved, "values/staging/sealed/nowhere/grafana-admin.yaml") == [
        "there is no umbrella 'nowhere', and so no such namespace"
    ]


def test_what_is_sealed_is_no_secret_for_the_search_and_what_only_claims_to_be_is(
    repo: Monorepo, tmp_path: Path
) -> None:
    with_key(repo, tmp_path / "key.yaml")
    sealed(repo, source(SECRET.encode()), key=("password",))
    path = "values/staging/sealed/infra/grafana-admin.yaml"
    good, bad = repo.read(path), repo.read(path).replace("encryptedData:\n", "encryptedData:\n    token: hunter2\n")

    assert secret_scan.scan_sources(store.without_sealed({path: good.encode()})).problems == ()
    (found,) = [
        problem
        for problem in secret_scan.scan_sources(store.without_sealed({path: bad.encode()})).problems
        if "token" in problem.fact
    ]
    assert found.rule == "secret.value"


# Keys and certificates


def test_a_new_key_is_for_its_owner_alone_whatever_the_umask_and_never_over_another(
    repo: Monorepo, tmp_path: Path
) -> None:
    out = tmp_path / "key.yaml"
    before = os.umask(0)
    try:
        done = keys.new_key(context_of(repo), "staging", str(out))
    finally:
        os.umask(before)

    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert f"kubectl apply --server-side -f {out}" in "\n".join(done.next)
    key = yaml.safe_load(out.read_text())
    assert key["metadata"]["labels"] == {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}
    assert key["metadata"]["namespace"] == "infra"
    assert base64.b64decode(key["data"]["tls.crt"]) == repo.read("values/staging/sealed-secrets.pem").encode()
    assert "exists; a key is never overwritten" in refusal(lambda: keys.new_key(context_of(repo), "staging", str(out)))
    assert "PRIVATE" not in repo.read("values/staging/sealed-secrets.pem")


def test_a_private_key_is_never_written_into_the_checkout(repo: Monorepo, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repo.root)

    for out in (repo.root / "key.yaml", tmp_path / "link" / "key.yaml"):
        assert "is in the checkout" in refusal(lambda out=out: keys.new_key(context_of(repo), "staging", str(out)))
    assert "is missing" in refusal(lambda: keys.new_key(context_of(repo), "staging", ""))
    assert not (repo.root / "values/staging/sealed-secrets.pem").exists()


def test_an_expired_certificate_seals_nothing_and_an_expiring_one_is_reported(repo: Monorepo, tmp_path: Path) -> None:
    assert "there is nothing to seal with" in refusal(
        lambda: sealing.usable_certificate(context_of(repo), "staging", NOW)
    )
    with_key(repo, tmp_path / "key.yaml")
    ends = NOW + timedelta(days=365 * encryption.YEARS)

    assert sealing.usable_certificate(context_of(repo), "staging", NOW)[1] == ()
    (note,) = sealing.usable_certificate(context_of(repo), "staging", ends - timedelta(days=30, hours=1))[1]
    assert "expires in 30 days" in note
    message = refusal(lambda: sealing.usable_certificate(context_of(repo), "staging", ends + timedelta(days=2)))
    assert "expired on" in message
    assert "--fetch-cert" in message


def test_the_cluster_is_asked_for_certificates_alone_and_the_newest_is_kept(repo: Monorepo) -> None:
    pairs = [encryption.generate_key_pair(NOW - timedelta(days=age), bits=2048) for age in (40, 2, 70)]
    asked: list[Command] = []

    def run(command: Command) -> Completed:
        asked.append(command)
        lines = [f"key-{n} {base64.b64encode(pair.certificate.pem).decode()}" for n, pair in enumerate(pairs)]
        return Completed(argv=command.argv, code=0, stdout="\n".join(lines) + "\n", stderr="", seconds=0.0)

    kubectl = Kubectl(run=run, program=lambda: Path("kubectl"), kubeconfig=Path("config"))
    keys.fetch(context_of(repo), "staging", kubectl)

    assert repo.read("values/staging/sealed-secrets.pem").encode() == pairs[1].certificate.pem
    (command,) = asked
    assert "tls.key" not in str(command)
    assert "-n infra" in str(command)


def test_a_cluster_without_a_key_and_a_file_with_a_private_one_are_refused(repo: Monorepo) -> None:
    def run(command: Command) -> Completed:
        return Completed(argv=command.argv, code=0, stdout="", stderr="", seconds=0.0)

    kubectl = Kubectl(run=run, program=lambda: Path("kubectl"), kubeconfig=Path("config"))
    assert "has no sealing key" in refusal(lambda: keys.fetch(context_of(repo), "staging", kubectl))

    pair = encryption.generate_key_pair(NOW, bits=2048)
    both = pair.certificate.pem + pair.private_pem
    assert "contains a private key" in refusal(lambda: encryption.parse_certificate(both, "x.pem"))
    assert "is not a PEM certificate" in refusal(lambda: encryption.parse_certificate(b"nothing", "x.pem"))


@pytest.mark.parametrize(
    ("scope", "label"),
    [(Scope.STRICT, b"infra/grafana-admin"), (Scope.NAMESPACE, b"infra"), (Scope.CLUSTER, b"")],
)
def test_the_label_is_what_the_value_is_bound_to(scope: Scope, label: bytes) -> None:
    assert encryption.oaep_label(TARGET, scope) == label


def test_no_text_of_ours_shows_what_was_given_to_it(repo: Monorepo, tmp_path: Path) -> None:
    pair = with_key(repo, tmp_path / "key.yaml")
    asked = value_sources.parse_flags(["password"], [], [])

    shown = [repr(pair), repr(asked), repr(source(SECRET.encode()))]
    request = Request(namespace="infra", name="x")
    shown.append(repr(sealing.seal(context_of(repo), "staging", request, asked, source(SECRET.encode()))))

    assert not [text for text in shown if SECRET in text or "PRIVATE" in text]
