"""`inv up` from a fresh clone to the bootstrap: what each step does, what another run leaves alone, and what it never touches."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from slipway.cli.up import Run
from slipway.context import open_context
from slipway.core.errors import NotConverged
from slipway.tools.git import Git
from slipway.tools.run import run_process
from slipway.up.look import Look
from testing import folder_cluster
from testing.faulty import unused_port
from testing.monorepo import ROOT, SCHEMA, TEMPLATE, Monorepo, small, with_object
from testing.product import introduce
from testing.sealing import opened
from testing.terminals import at_terminal
from testing.world import World

pytestmark = [pytest.mark.helm, pytest.mark.registry]

READERS = with_object(
    TEMPLATE,
    "apiVersion: v1\nkind: ServiceAccount\n",
    "imagePullSecrets:\n{{- range $name, $_ := .Values.secrets }}\n  - name: {{ $name }}\n{{- end }}\n",
)
SECRETS = """\
text: hello
secrets:
  login:
    keys: [user, password]
    purpose: Account of the demonstration
    generate: [password]
"""
STEPS = ("checks", "facts", "cluster", "key", "secrets", "release", "push")
"""Those before the bootstrap, which needs an API server."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """A clone of a fork on the machine of its operator, with a cluster that nothing is in."""

    world: World
    remote: Path
    cluster: Path
    home: Path

    @property
    def root(self) -> Path:
        return self.world.repo.root

    @property
    def git(self) -> Git:
        return Git(run=run_process, root=self.root)

    @property
    def pushed(self) -> list[str]:
        """The commits of the remote, newest first: their subjects."""
        return Git(run=run_process, root=self.remote)("log", "--format=%s", "main").stdout.splitlines()

    @property
    def key(self) -> Path:
        return self.home / "sealed-secrets-staging.yaml"

    def state(self) -> Mapping[str, bytes]:
        """Every file of the checkout that git does not ignore, of the remote, of the home and of the cluster."""
        listed = self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.split("\0")
        files = [self.root / path for path in listed if path]
        files += [path for folder in (self.remote, self.cluster, self.home) for path in folder.rglob("*")]
        return {str(path): path.read_bytes() for path in files if path.is_file()}

    def sealed(self) -> Mapping[str, bytes]:
        """The values of the one Secret."""
        return opened((self.root / "values/staging/sealed/infra/login.yaml").read_bytes(), self.key)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    repo = small(tmp_path / "fork", services=("sealed-secrets", "sonarr"), umbrella="infra")
    repo.configure(repository_url="https://git.casa.internal/homelab.git")
    repo.library(template=READERS)
    properties = {**SCHEMA["properties"], "secrets": {"type": "object", "description": "Secrets."}}  # type: ignore[dict-item]
    repo.write("charts/common/schemas/values.json", json.dumps({**SCHEMA, "properties": properties}))
    repo.write("charts/sonarr/values.yaml", SECRETS)
    repo.write("values/staging/platform.yaml", "domain: casa.internal\ntimezone: UTC\n")
    repo.write(".gitignore", "/build/\n.registry/\n.tools/\n.venv/\n/tools\n")
    # The doctor looks for them in a clone.
    shutil.copytree(ROOT / "locks", repo.root / "locks")
    World(repo=repo, port=unused_port()).ok("docs", "generate")
    remote = tmp_path / "remote.git"
    machine = Git(run=run_process, root=tmp_path)
    git = Git(run=run_process, root=repo.root)
    git("init", "--quiet", "--initial-branch=main")
    introduce(git)
    git("add", "--all")
    git("commit", "--quiet", "--message=Platform")
    machine("clone", "--quiet", "--bare", str(repo.root), str(remote))
    machine("clone", "--quiet", str(remote), str(tmp_path / "homelab"))
    world = World(repo=Monorepo(root=tmp_path / "homelab"), port=unused_port())
    introduce(Git(run=run_process, root=world.repo.root))
    cluster, operator = tmp_path / "cluster", tmp_path / "operator"
    cluster.mkdir()
    operator.mkdir()
    version = open_context(ROOT, {}, quiet=True).toolbox.version("kubectl")
    folder_cluster.install(tmp_path / "bin", cluster, version)
    without_kubectl(world.repo.root)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{world.environ['PATH']}")
    monkeypatch.setenv("HOME", str(operator))
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("{}")
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    yield Home(world=world, remote=remote, cluster=cluster, home=operator)
    world.stop()


def without_kubectl(root: Path) -> None:
    """Give a clone the programs that are built here, but not kubectl: the one on PATH is to be found."""
    (root / "tools").symlink_to(ROOT / "tools")
    (root / ".tools").mkdir()
    for built in (ROOT / ".tools").glob("*-*"):
        if not built.name.startswith("kubectl-"):
            (root / ".tools" / built.name).symlink_to(built)


def done_steps(output: str) -> list[str]:
    """The steps that are done, in order."""
    return [line.split()[1] for line in output.splitlines() if line.startswith("✔ ") and line.split()[1] in STEPS]


def test_every_step_before_the_bootstrap_is_taken_once(home: Home) -> None:
    first = home.world.inv("up", "--yes")

    # The umbrellas of this fork have no Argo CD.
    assert (first.code, "argocd" in first.stderr) == (2, True), first.stderr
    assert done_steps(first.stdout) == [name for name in STEPS if name != "secrets"]
    assert "· secrets    1 required secret is missing" in first.stdout
    assert home.pushed == ["Deploy staging", "Platform"]
    assert home.git("status", "--porcelain").stdout == ""
    changed = home.git("show", "--name-only", "--format=", "HEAD").stdout.splitlines()
    assert {path.rpartition("/")[0] for path in changed} == {
        "deploy/staging", "values/staging", "values/staging/sealed/infra",
    }  # fmt: skip
    (namespace, secret) = folder_cluster.objects(home.cluster)
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", "infra")
    assert secret["data"] == yaml.safe_load(home.key.read_text())["data"]
    assert home.key.stat().st_mode & 0o777 == 0o600
    assert set(home.sealed()) == {"password"}

    before = home.state()
    second = home.world.inv("up", "--yes")

    assert done_steps(second.stdout) == [name for name in STEPS if name != "secrets"]
    assert home.state() == before


def test_a_terminal_is_asked_for_secrets_and_before_the_push(home: Home) -> None:
    with at_terminal({**home.world.environ, "TERM": "dumb"}, "up") as (person, process):
        person.answers("\nuser: ", "admin")
        person.answers("Commit and push to main of origin? [y/N] ", "n")
        person.rest()
        assert process.wait() == 1
    assert "./inv up --env staging --yes" in person.shown
    assert home.pushed == ["Platform"]
    assert home.sealed()["user"] == b"admin"

    with at_terminal({**home.world.environ, "TERM": "dumb"}, "up") as (person, process):
        person.answers("Commit and push to main of origin? [y/N] ", "y")
        person.rest()
    assert done_steps(person.shown) == list(STEPS)
    assert home.pushed == ["Deploy staging", "Platform"]


@pytest.mark.parametrize("line", ["✔ key ", "· secrets ", "· release ", "✔ release ", "· push "])
def test_a_run_that_is_killed_is_gone_on_with(home: Home, line: str) -> None:
    command = [sys.executable, "-I", "-S", str(ROOT / "slipway/cli/launch.py"), "up", "--yes"]
    with subprocess.Popen(
        command, cwd=ROOT, env=dict(home.world.environ), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert any(shown.startswith(line) for shown in process.stdout)
        process.kill()

    again = home.world.inv("up", "--yes")

    assert done_steps(again.stdout) == [name for name in STEPS if name != "secrets"], again.stderr
    assert home.pushed == ["Deploy staging", "Platform"]
    assert home.git("status", "--porcelain").stdout == ""
    assert set(home.sealed()) == {"password"}


def test_a_dry_run_shows_every_step_and_changes_nothing(home: Home) -> None:
    before = home.state()

    found = home.world.json("up", "--dry-run")

    assert {step["name"]: step["state"] for step in found["steps"]} == {
        **dict.fromkeys(("checks", "facts", "cluster", "push"), "done"),
        **dict.fromkeys(("key", "secrets", "release", "bootstrap", "watch"), "to do"),
    }
    assert home.state() == before
    assert not (home.root / ".registry").exists()

    home.world.inv("up", "--yes")
    before = home.state()
    shown = home.world.ok("up", "--dry-run")
    assert home.state() == before
    assert "✔  release" in shown
    assert "./inv bootstrap --env staging    # bootstrap" in shown


def test_changes_and_commits_of_the_operator_are_not_pushed_without_a_question(home: Home) -> None:
    home.world.repo.write("notes.txt", "mine")
    home.world.repo.write("charts/sonarr/values.yaml", SECRETS.replace("hello", "good day"))
    home.git("add", "notes.txt")

    home.world.inv("up", "--yes")

    assert home.pushed == ["Deploy staging", "Platform"]
    assert home.git("status", "--porcelain").stdout == " M charts/sonarr/values.yaml\nA  notes.txt\n"

    home.git("commit", "--quiet", "--message=Mine")
    refused = home.world.inv("up", "--yes")

    assert refused.code == 1
    assert "push: would push 1 commit of yours, too" in refused.stderr
    assert "hint: git push origin main; then ./inv up --env staging --yes" in refused.stderr
    assert home.pushed == ["Deploy staging", "Platform"]


def test_commits_that_only_the_remote_has_are_taken_first(home: Home) -> None:
    machine = Git(run=run_process, root=home.remote.parent)
    machine("clone", "--quiet", str(home.remote), "elsewhere")
    elsewhere = Git(run=run_process, root=home.remote.parent / "elsewhere")
    introduce(elsewhere)
    elsewhere("commit", "--quiet", "--allow-empty", "--message=Elsewhere")
    elsewhere("push", "--quiet", "origin", "main")

    refused = home.world.inv("up", "--yes")

    assert refused.code == 1
    assert "origin: has commits of main that are not here" in refused.stderr
    assert "hint: git pull --rebase" in refused.stderr


@pytest.mark.parametrize(
    ("path", "old", "new", "fact"),
    [
        (
            "values/staging/platform.yaml",
            "casa.internal",
            "home.example.org",
            "the domain home.example.org is the example",
        ),
        ("pyproject.toml", "git.casa.internal", "git.example.org", "repository-url is not the address of your fork"),
    ],
)
def test_facts_that_nobody_set_stop_it_before_anything_is_made(
    home: Home, path: str, old: str, new: str, fact: str
) -> None:
    home.world.repo.replace(path, old, new)
    before = home.state()

    done = home.world.inv("up", "--yes")

    assert (done.code, fact in done.stderr) == (1, True), done.stderr
    assert "hint: ./inv configure --env staging" in done.stderr
    assert home.state() == before


def test_a_cluster_that_does_not_answer_stops_it_and_a_dry_run_shows_the_rest(home: Home) -> None:
    home.cluster.rmdir()
    before = home.state()

    done = home.world.inv("up", "--yes")
    found = home.world.json("up", "--dry-run")

    assert (done.code, "the cluster does not answer" in done.stderr) == (4, True), done.stderr
    assert home.state() == before
    states = {step["name"]: step["state"] for step in found["steps"]}
    assert (states["cluster"], states["key"], states["release"], states["watch"]) == (
        "needs you", "unknown", "to do", "unknown",
    )  # fmt: skip


def test_the_key_of_a_cluster_that_has_one_is_fetched(home: Home) -> None:
    home.world.inv("up", "--yes")
    home.key.unlink()
    (home.root / "values/staging/sealed-secrets.pem").unlink()

    done = home.world.inv("up", "--yes")

    assert "fetch the certificate from the cluster" in done.stdout
    assert not home.key.exists()
    assert home.git("status", "--porcelain").stdout == ""


def test_a_certificate_without_its_private_key_is_for_a_person(home: Home) -> None:
    home.world.inv("up", "--yes")
    home.key.unlink()
    for path in home.cluster.iterdir():
        path.unlink()

    done = home.world.inv("up", "--yes")

    assert done.code == 1
    assert "its private key is neither in the cluster nor in the file where it is looked for" in done.stderr
    assert "hint: kubectl apply --server-side -f FILE" in done.stderr


def application(home: Home, name: str, target: str, revision: str, **status: str) -> None:
    """An Application as Argo CD reports it, in the cluster."""
    made = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"source": {"targetRevision": target, "path": "deploy/staging"}},
        "status": {
            "sync": {"status": status.get("sync", "Synced"), "revision": revision},
            "health": {"status": status.get("health", "Healthy")},
        },
    }
    folder_cluster.apply(home.cluster, yaml.safe_dump(made))


def workload(home: Home, name: str, *, ready: int) -> None:
    """A ServiceAccount's pod would read the Secret: a Deployment of that name, of one pod."""
    made = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "infra", "uid": name, "generation": 1},
        "spec": {"replicas": 1},
        "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": ready},
    }
    folder_cluster.apply(home.cluster, yaml.safe_dump(made))


@pytest.fixture
def running(home: Home) -> Home:
    """The same with everything taken up to the push, and an Argo CD that has all of it."""
    home.world.inv("up", "--yes")
    pins = yaml.safe_load((home.root / "deploy/staging/pins.yaml").read_text())["umbrellas"]
    head = home.git.resolve("HEAD")
    for name in ("homelab-root", "homelab-sealed-secrets"):
        application(home, name, "HEAD", head)
    application(home, "infra", pins["infra"]["manifest"], pins["infra"]["manifest"])
    return home


def test_what_runs_is_left_alone_and_its_addresses_and_missing_keys_are_told(running: Home) -> None:
    before = running.state()

    done = running.world.inv("up")

    # Its required key is still missing.
    assert done.code == 1
    assert "✔ watch      3 Applications are Synced and Healthy" in done.stdout
    assert "SERVICE  ADDRESS  FIRST LOGIN" in done.stdout
    assert (
        "./inv seal --env staging --namespace infra --name login --key user    # infra/login: Account of" in done.stdout
    )
    assert "staging: infra/login: nobody provides user" in done.stderr
    assert running.state() == before


def waited(home: Home) -> Run:
    """A run that gives up at once."""
    look = Look(context=home.world.context(), environment="staging", kubeconfig="", examine=lambda _: ())
    return Run(look=look, yes=True, wait_s=0.0, say=lambda _: None)


def test_an_application_that_is_held_up_is_named_with_the_reason(running: Home) -> None:
    pin = yaml.safe_load((running.root / "deploy/staging/pins.yaml").read_text())["umbrellas"]["infra"]["manifest"]
    application(running, "infra", pin, pin, health="Progressing")
    workload(running, "unrelated", ready=0)

    with pytest.raises(NotConverged) as caught:
        waited(running).watch()

    assert str(caught.value).splitlines()[:2] == [
        "Application infra: is Synced and Progressing after 0 s",
        "    Deployment unrelated: its pods are not ready",
    ]
    assert "kubectl -n argocd get application infra -o yaml" in str(caught.value)
    assert len(caught.value.problems) == 1


def test_an_application_that_only_waits_for_a_missing_secret_ends_the_wait(running: Home) -> None:
    pin = yaml.safe_load((running.root / "deploy/staging/pins.yaml").read_text())["umbrellas"]["infra"]["manifest"]
    application(running, "infra", pin, pin, health="Progressing")

    waited(running).watch()

    assert "infra Synced, Progressing" in waited(running).look.watch_step().fact


def test_an_application_of_an_older_commit_or_pin_is_waited_for(running: Home) -> None:
    application(running, "homelab-root", "HEAD", running.git.resolve("HEAD~1"))
    application(running, "infra", "sha256:" + "0" * 64, "sha256:" + "0" * 64)

    with pytest.raises(NotConverged) as caught:
        waited(running).watch()

    names = [problem.where for problem in caught.value.problems]
    assert names == ["Application homelab-root", "Application infra"]
    assert "Argo CD reads the remote's default branch" in str(caught.value)


def test_a_cluster_that_runs_another_environment_is_left_alone(running: Home) -> None:
    root = running.cluster / "Application.argocd.homelab-root.json"
    root.write_text(root.read_text().replace("deploy/staging", "deploy/production"))

    done = running.world.inv("up", "--yes")

    assert (done.code, "cluster: runs production, not staging" in done.stderr) == (1, True)
