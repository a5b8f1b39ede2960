"""What a release signs is what the real cosign accepts, and nothing else is pinned, verified or installed."""

import base64
import gzip
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.build.archive import pack_archive, read_archive
from slipway.core.errors import ProblemsFound, WorkspaceError
from slipway.core.model import ChartName, Digest, Pin, Published
from slipway.delivery.prepare import prepare
from slipway.registry import referrers
from slipway.registry.client import Registry
from slipway.registry.manifest import INDEX_TYPE, referrers_tag
from slipway.release import release, signing
from slipway.release.attestations import PROVENANCE
from slipway.release.sbom import CYCLONEDX
from slipway.signing.bundle import BUNDLE_TYPE, SIGNATURE
from slipway.signing.keys import PrivateKey, generate
from slipway.signing.verdict import problem_of, signer_of
from slipway.tools.cosign import Certificate, attest_args, sign_args, verify_args
from slipway.tools.kubectl import Kubectl
from slipway.tools.run import Command, run_process
from testing.signing import Judge, attach, attestation_args, key_flags, private_file, signature, signing_world
from testing.tampering import overwritten, push
from testing.world import Recorder, World, refusing, world_in

pytestmark = [pytest.mark.helm, pytest.mark.registry]


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A monorepo that was released with a key, and the cosign that judges it."""

    world: World
    key: PrivateKey
    judge: Judge
    done: release.Outcome

    @property
    def registry(self) -> Registry:
        return self.world.context().registry

    def chart(self, name: str) -> Published:
        return next(one for one in self.done.published if one.name == name)

    def by_hand(self, version: str) -> Published:
        """A chart that somebody pushes with helm: what sonarr is, with one more file."""
        packed = read_archive(self.world.context().pull(self.chart("sonarr")))
        text = packed["sonarr/Chart.yaml"].replace(b"version: 1.0.0", f"version: {version}".encode())
        files = {**packed, "sonarr/Chart.yaml": text, "sonarr/templates/more.yaml": b"{}"}
        push(self.world, "sonarr", version, pack_archive(files))
        found = self.registry.find(ChartName("sonarr"), version)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, cosign_binary: Path) -> Iterator[Signed]:
    """One registry for all tests here: what they add has versions of its own."""
    folder = tmp_path_factory.mktemp("signed")
    with world_in(folder / "repo") as world:
        key = signing_world(world, folder / "keys")
        git(world, "init", "-q", "-b", "main")
        git(world, "add", ".")
        git(world, "commit", "-qm", "sources")
        done = world.release()
        judge = Judge.of(world.context(), cosign_binary, world.repo.root / "cosign.pub", folder / "cosign")
        yield Signed(world=world, key=key, judge=judge, done=done)


def git(world: World, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(("git", "-C", str(world.repo.root), *who, *arguments), check=True, capture_output=True)


def test_cosign_accepts_every_chart_of_a_release(signed: Signed) -> None:
    assert [one.name for one in signed.done.published] == ["common", "radarr", "sonarr", "htpc"]
    assert set(signed.done.signed) == {"common", "radarr", "sonarr", "htpc"}
    for one in signed.done.published:
        assert signed.judge.why_not(signed.registry, one.name, one.manifest) == ""


def nothing(signed: Signed, chart: Published) -> None:
    """Pushed by hand, and that is all."""


def other_key(signed: Signed, chart: Published) -> None:
    attach(signed.registry, "sonarr", chart.manifest, signature(generate(), chart.manifest))


def copied(signed: Signed, chart: Published) -> None:
    """The signature of another chart, moved to this one."""
    attach(signed.registry, "sonarr", chart.manifest, signature(signed.key, signed.chart("sonarr").manifest))


def changed(signed: Signed, chart: Published) -> None:
    """The signature of another chart, with the digest in its statement changed."""
    other = signature(signed.key, signed.chart("sonarr").manifest)
    bundle = json.loads(other.content)
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
    old, new = (one.manifest.removeprefix("sha256:").encode() for one in (signed.chart("sonarr"), chart))
    assert old in payload
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload.replace(old, new)).decode()
    attach(signed.registry, "sonarr", chart.manifest, replace(other, content=json.dumps(bundle).encode()))


def no_signature(signed: Signed, chart: Published) -> None:
    other = signature(signed.key, chart.manifest)
    bundle = json.loads(other.content)
    bundle["dsseEnvelope"]["signatures"] = []
    attach(signed.registry, "sonarr", chart.manifest, replace(other, content=json.dumps(bundle).encode()))


def no_json(signed: Signed, chart: Published) -> None:
    attach(signed.registry, "sonarr", chart.manifest, replace(signature(signed.key, chart.manifest), content=b"{"))


FOREIGN: dict[str, tuple[Callable[[Signed, Published], None], str]] = {
    "2.0.1": (nothing, "2.0.1 is not signed"),
    "2.0.2": (other_key, "one is signed, but not by cosign.pub"),
    "2.0.3": (copied, "one is about another manifest, sha256:"),
    "2.0.4": (changed, "one is signed, but not by cosign.pub"),
    "2.0.5": (no_signature, "one is signed, but not by cosign.pub"),
    "2.0.6": (no_json, "one is no bundle with a statement"),
}


@pytest.mark.parametrize("version", FOREIGN)
def test_what_is_not_signed_by_our_key_is_refused_by_cosign_and_by_us(signed: Signed, version: str) -> None:
    do, reason = FOREIGN[version]
    chart = signed.by_hand(version)
    do(signed, chart)

    assert not signed.judge.accepts(signed.registry, "sonarr", chart.manifest)
    assert reason in refusal(signed.world, chart)

    attach(signed.registry, "sonarr", chart.manifest, signature(signed.key, chart.manifest))
    assert signed.judge.accepts(signed.registry, "sonarr", chart.manifest)
    assert refusal(signed.world, chart) == ""


def refusal(world: World, chart: Published) -> str:
    """What we say against a chart."""
    context = world.context()
    signer = signer_of(context)
    assert signer is not None
    pin = Pin(name=chart.name, version=chart.version, manifest=chart.manifest, input_digest=Digest("sha256:0"))
    problem = problem_of(context, signer, pin)
    return str(problem) if problem is not None else ""


def test_what_cosign_signs_with_the_same_key_is_accepted(
    signed: Signed, cosign_binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    chart = signed.by_hand("2.1.0")
    pem = tmp_path / "pair.pem"
    pem.write_bytes(signed.key.pem(""))
    keys = ("--key", str(pem), "--output-key-prefix", str(tmp_path / "imported"))
    run_process(Command(argv=(str(cosign_binary), "import-key-pair", *keys)))
    signed.judge.cosign(
        *("sign", "--yes", "--key", str(tmp_path / "imported.key"), "--tlog-upload=false"),
        *("--use-signing-config=false", f"{signed.registry.where('sonarr')}@{chart.manifest}"),
    )

    assert refusal(signed.world, chart) == ""


def test_a_release_with_nothing_to_do_asks_for_no_signature_and_starts_nothing(
    signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(referrers, "attached", None)
    recorder = Recorder()

    done = release.release(signed.world.context(recorder), environment="staging")

    assert done.unchanged
    assert recorder.commands == []


def test_what_lost_its_signature_is_signed_again_when_nobody_remembers_it(signed: Signed) -> None:
    chart = signed.by_hand("2.2.0")
    context = signed.world.context()

    assert signing.sign(context, [chart], lambda _: None) == ("sonarr",)
    assert signing.sign(context, [chart], lambda _: None) == ()
    assert signed.judge.accepts(signed.registry, "sonarr", chart.manifest)


class Killed(BaseException):
    """What a test stops a signature with; not an error that anything would catch."""


def test_a_signature_stopped_after_any_effect_is_finished_by_the_next_release(signed: Signed) -> None:
    seen: list[str] = []
    signing.sign(signed.world.context(), [signed.by_hand("2.3.0")], seen.append)
    assert len(seen) > 1
    for limit in range(len(seen)):
        chart = signed.by_hand(f"2.3.{limit + 1}")
        left = [limit]

        def stop(effect: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed(effect)

        with pytest.raises(Killed):
            signing.sign(signed.world.context(), [chart], stop)
        signing.sign(signed.world.context(), [chart], lambda _: None)

        assert signed.judge.accepts(signed.registry, "sonarr", chart.manifest)
        listed = signed.registry.manifest("sonarr", referrers_tag(chart.manifest), INDEX_TYPE)
        assert len(referrers.entries_of(listed)) == 1


def test_two_releases_that_sign_at_once_write_the_same_signature(signed: Signed) -> None:
    digest = signed.chart("radarr").manifest

    assert signature(signed.key, digest) == signature(signed.key, digest)
    attach(signed.registry, "radarr", digest, signature(signed.key, digest))
    assert len(list(referrers.attached(signed.registry, "radarr", digest, BUNDLE_TYPE))) == 1


def test_a_list_of_signatures_grows_and_never_shrinks(signed: Signed) -> None:
    digest = signed.chart("common").manifest
    empty = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": []}).encode()

    with pytest.raises(Exception, match="a tag never moves"):
        signed.registry.put_manifest("common", referrers_tag(digest), empty, INDEX_TYPE)
    attach(signed.registry, "common", digest, signature(generate(), digest))

    assert signed.judge.accepts(signed.registry, "common", digest)
    assert refusal(signed.world, signed.chart("common")) == ""
    assert signed.world.context().registry.tags("common") == ("1.0.0",)


# The pins


def test_every_pin_verifies_after_a_release(signed: Signed) -> None:
    assert signed.world.ok("verify").splitlines()[1].split() == [
        *("✔", "staging", "htpc", "1.0.0", "valid", "the", "same", "same", "bytes", "working", "tree")
    ]
    [one] = signed.world.json("verify", "--env", "staging")
    assert (one["signature"], one["registry"], one["rebuilt"]) == ("valid", "the same", "same bytes")
    assert one["problems"] == []


def pinned(signed: Signed, **fields: str) -> str:
    """pins.yaml of staging with other values for htpc."""
    path = "deploy/staging/pins.yaml"
    before = signed.world.repo.read(path)
    document = yaml.safe_load(before)
    document["umbrellas"]["htpc"].update(fields)
    signed.world.repo.write(path, yaml.safe_dump(document))
    return before


@pytest.fixture
def foreign(signed: Signed) -> Iterator[Published]:
    """Staging pins an umbrella that somebody pushed without signing it."""
    packed = read_archive(signed.world.context().pull(signed.chart("htpc")))
    text = re.sub(rb"(?m)^version: .*$", b"version: 3.0.0", packed["htpc/Chart.yaml"])
    push(signed.world, "htpc", "3.0.0", pack_archive({**packed, "htpc/Chart.yaml": text}))
    found = signed.registry.find(ChartName("htpc"), "3.0.0")
    assert found is not None
    before = pinned(signed, version="3.0.0", manifest=found.manifest)
    yield found
    signed.world.repo.write("deploy/staging/pins.yaml", before)


def test_a_pin_without_a_signature_fails_and_is_neither_promoted_nor_installed(
    signed: Signed, foreign: Published, tmp_path: Path
) -> None:
    done = signed.world.inv("verify")
    assert done.code == 1
    assert f"htpc: 3.0.0 is not signed\n    manifest {foreign.manifest}" in done.stderr

    done = signed.world.inv("pin", "--env", "production")
    assert done.code == 1
    assert "htpc: 3.0.0 is not signed" in done.stderr
    assert not (signed.world.repo.root / "deploy/production").exists()

    path = "deploy/staging/pins.yaml"
    document = yaml.safe_load(signed.world.repo.read(path))
    document["umbrellas"]["argocd"] = document["umbrellas"]["htpc"]
    signed.world.repo.write(path, yaml.safe_dump(document))
    context = signed.world.context()
    kubectl = Kubectl(run=refusing, program=lambda: Path("kubectl"), kubeconfig=tmp_path / "kubeconfig")
    with pytest.raises(ProblemsFound, match=r"htpc: 3\.0\.0 is not signed"):
        prepare(context, "staging", kubectl)


def test_a_signed_pin_whose_source_is_something_else_fails(signed: Signed, foreign: Published) -> None:
    attach(signed.registry, "htpc", foreign.manifest, signature(signed.key, foreign.manifest))

    done = signed.world.inv("verify")

    assert done.code == 1
    assert "htpc: 3.0.0: working tree is packed to something else" in done.stderr
    assert "Chart.yaml differs" in done.stderr


def test_a_pin_of_another_chart_fails_although_that_one_is_signed(signed: Signed) -> None:
    common = signed.chart("sonarr")
    context = signed.world.context()
    manifest = context.registry.manifest("sonarr", common.manifest)
    assert manifest is not None
    for blob in (manifest.chart_layers[0], Digest(str(manifest.data["config"]["digest"]))):
        context.registry.push_blob("htpc", context.registry.blob("sonarr", blob))
    context.registry.put_manifest("htpc", common.manifest, manifest.body)
    attach(context.registry, "htpc", common.manifest, signature(signed.key, common.manifest))
    before = pinned(signed, manifest=common.manifest)

    done = signed.world.inv("verify")
    signed.world.repo.write("deploy/staging/pins.yaml", before)

    assert done.code != 0
    assert "what is pinned as 1.0.0 in staging is another chart" in done.stderr
    assert "it names  sonarr 1.0.0" in done.stderr


def test_a_pin_that_the_registry_does_not_have_fails(signed: Signed) -> None:
    before = pinned(signed, manifest=f"sha256:{0:064}")

    done = signed.world.inv("verify")
    signed.world.repo.write("deploy/staging/pins.yaml", before)

    assert done.code == 1
    assert "its manifest is not in the registry" in done.stderr


def test_a_pinned_version_whose_tag_was_moved_is_a_conflict(signed: Signed) -> None:
    with overwritten(signed.world, "htpc", lambda packed: gzip.compress(gzip.decompress(packed), compresslevel=1)):
        done = signed.world.inv("verify")

    assert done.code == 5
    assert "htpc 1.0.0 has another manifest in the registry than the one that is pinned" in done.stderr


def test_a_pin_of_an_older_version_is_rebuilt_from_the_commit_that_pinned_it(signed: Signed) -> None:
    git(signed.world, "add", ".")
    git(signed.world, "commit", "-qm", "pins")
    before = signed.world.repo.read("umbrella/htpc/values.yaml")
    signed.world.repo.write("umbrella/htpc/values.yaml", f"{before}# changed\n")

    [one] = signed.world.json("verify")
    signed.world.repo.write("umbrella/htpc/values.yaml", before)

    assert one["rebuilt"] == "same bytes"
    assert one["source"].startswith("commit ")


# The keys


def test_without_the_private_key_nothing_is_published(tmp_path: Path, world: World) -> None:
    signing_world(world, tmp_path / "keys")
    private_file(tmp_path / "keys").unlink()

    with pytest.raises(WorkspaceError, match=r"signing\.pem: is missing"):
        world.release()

    assert world.published() == {}
    assert world.deployed() == {}


def test_a_private_key_of_another_pair_is_refused_before_anything_is_published(tmp_path: Path, world: World) -> None:
    signing_world(world, tmp_path / "keys")
    private_file(tmp_path / "keys").write_bytes(generate().pem(""))

    with pytest.raises(WorkspaceError, match=r"is not the private key of cosign\.pub"):
        world.release()

    assert world.published() == {}


# The attestations


def attested(signed: Signed, kind: str) -> dict[str, Any]:
    """What the real cosign verifies about the umbrella, of one type of statement."""
    htpc = signed.chart("htpc")
    envelope = json.loads(signed.judge.attests(signed.registry, "htpc", htpc.manifest, kind))
    statement: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))
    assert statement["subject"] == [{"digest": {"sha256": htpc.manifest.removeprefix("sha256:")}}]
    return statement


def test_cosign_verifies_the_contents_of_an_umbrella_and_they_are_valid_cyclonedx(signed: Signed) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    contents = attested(signed, "cyclonedx")["predicate"]

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(contents)) is None
    assert contents["metadata"]["component"]["purl"] == "pkg:helm/htpc@1.0.0"
    assert {one["name"] for one in contents["components"]} == {"common", "radarr", "sonarr"}


def test_cosign_verifies_what_an_umbrella_was_made_from(signed: Signed) -> None:
    provenance = attested(signed, "slsaprovenance1")["predicate"]

    definition = provenance["buildDefinition"]
    git, *charts = definition["resolvedDependencies"]
    assert re.fullmatch("[0-9a-f]{40}", git["digest"]["gitCommit"])
    assert {one["digest"]["sha256"] for one in charts} == {
        signed.chart(name).manifest.removeprefix("sha256:") for name in ("common", "radarr", "sonarr")
    }
    assert definition["internalParameters"]["workingTreeClean"] is True
    assert provenance["runDetails"]["builder"]["version"]["helm"] == "v4.3.1"


def test_a_chart_has_a_signature_only(signed: Signed) -> None:
    signer = signer_of(signed.world.context())
    assert signer is not None
    assert signer.found("sonarr", signed.chart("sonarr").manifest).types == {SIGNATURE}
    assert signer.found("htpc", signed.chart("htpc").manifest).types == {SIGNATURE, CYCLONEDX, PROVENANCE}


# Without a key


@pytest.mark.parametrize(
    "arguments",
    [
        sign_args("x@sha256:0"),
        attest_args("x@sha256:0", CYCLONEDX, Path("predicate.json")),
        verify_args("x@sha256:0", Certificate(identity="a", issuer="b").flags),
        attestation_args("x@sha256:0", "cyclonedx", key_flags(Path("cosign.pub"))),
    ],
)
def test_cosign_knows_every_flag_that_it_is_started_with(arguments: tuple[str, ...], cosign_binary: Path) -> None:
    described = run_process(Command(argv=(str(cosign_binary), arguments[0], "--help"))).stdout

    flags = [one.partition("=")[0] for one in arguments if one.startswith("--")]
    assert flags
    assert [flag for flag in flags if not re.search(rf"{flag}\b", described)] == []


def test_keyless_signing_outside_of_a_workflow_publishes_nothing(world: World) -> None:
    world.repo.configure(signing="keyless", signing_identity="https://github.com/me/homelab/.github/workflows/a.yml")

    with pytest.raises(WorkspaceError, match="this is no workflow that may ask for its identity"):
        world.release()

    assert world.published() == {}


def test_keyless_signing_without_an_identity_is_refused(world: World) -> None:
    world.repo.configure(signing="keyless")

    with pytest.raises(WorkspaceError, match="signing-identity is not set"):
        world.release()
