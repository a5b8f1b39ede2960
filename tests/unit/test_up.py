"""The steps of `inv up` from what is found, who holds up an Application, and what is left for a person."""

from dataclasses import replace

import pytest

from slipway.cli import arguments
from slipway.cluster.workloads import why_waiting
from slipway.core.errors import WorkspaceError
from slipway.core.model import ChartName
from slipway.docs.source import parsing, platform
from slipway.docs.source.logins import logins
from slipway.release.secrets import Listing
from slipway.secrets.inventory import SecretEntry
from slipway.secrets.missing import Question, answers, missing_secrets
from slipway.secrets.sealed_secret import NamespacedName
from slipway.toolchain import report
from slipway.tools.git_push import Commit, Remote
from slipway.up import steps
from slipway.up.left import left
from slipway.up.steps import SealingKey, State

KEY = SealingKey(file="/home/me/key.yaml", certificate=True, in_file=True, in_cluster=True)
REMOTE = Remote(name="origin", branch="main", commits=())


def entry(name: str = "login", *, namespace: str = "infra", **fields: object) -> SecretEntry:
    """A missing Secret with two keys, of which one can be generated."""
    known: dict[str, object] = {
        "keys": ("user", "password"),
        "readers": (),
        "charts": (),
        "optional": False,
        "producer": "",
        "purpose": "Account",
        "missing": ("user", "password"),
        "generate": {"password": "password:64"},
        "command": "./inv seal",
    }
    return SecretEntry(namespace=namespace, name=name, **(known | fields))  # type: ignore[arg-type]


def test_what_is_wrong_with_the_machine_blocks_and_what_comes_later_does_not() -> None:
    later = report.ToolReport(name="helm", state=report.State.LATER)
    wrong = report.ToolReport(name="disk space", state=report.State.WRONG, found="1 GiB free", fix="free space")

    assert steps.checks([later]).state is State.DONE
    found = steps.checks([later, wrong])
    assert (found.state, found.fact) == (State.BLOCKED, "disk space: 1 GiB free")
    assert "hint: free space" in str(found.error)


@pytest.mark.parametrize(
    ("certificate", "in_file", "in_cluster", "state", "action"),
    [
        (True, False, True, State.DONE, ""),
        (True, True, False, State.TO_DO, "apply /home/me/key.yaml"),
        (True, False, False, State.BLOCKED, ""),
        (False, True, True, State.TO_DO, "fetch the certificate from the cluster"),
        (False, True, False, State.TO_DO, "take the key of /home/me/key.yaml, and apply it"),
        (False, False, False, State.TO_DO, "generate a key into /home/me/key.yaml, and apply it"),
    ],
)
def test_the_sealing_key_is_taken_from_where_it_is(
    certificate: bool, in_file: bool, in_cluster: bool, state: State, action: str
) -> None:
    key = replace(KEY, certificate=certificate, in_file=in_file, in_cluster=in_cluster)

    found = steps.sealing_key("staging", key)

    assert (found.state, found.action) == (state, action)


def test_only_secrets_that_are_required_or_generated_are_to_do() -> None:
    def state(*entries: SecretEntry) -> State:
        return steps.secrets(Listing(environment="staging", certificate=True, secrets=entries)).state

    assert state(entry(missing=(), generate={})) is State.DONE
    assert state(entry(optional=True, generate={})) is State.DONE
    assert state(entry(optional=True)) is State.TO_DO
    assert state(entry(generate={})) is State.TO_DO


def test_a_later_environment_is_promoted_to_and_only_the_first_is_released_to() -> None:
    first = steps.release("staging", ("2 charts to publish",), first=True)
    later = steps.release("production", ("first pins",), first=False)

    assert (first.state, first.commands) == (State.TO_DO, ("./inv release --env staging",))
    assert (later.state, later.commands) == (State.TO_DO, ("./inv promote --env production",))
    assert steps.release("production", (), first=False).state is State.DONE


def test_a_wait_is_a_positive_number_of_minutes() -> None:
    assert (arguments.minutes("--wait", "", 45), arguments.minutes("--wait", "5", 45)) == (45, 5)
    for wrong in ("0", "-1", "1h", "soon", "99999"):
        with pytest.raises(WorkspaceError, match="is no number of minutes"):
            arguments.minutes("--wait", wrong, 45)


def test_commits_of_the_operator_are_named_before_a_push() -> None:
    ours = Commit(
        name="1", subject="Deploy staging", paths=("deploy/staging/pins.yaml", "values/staging/sealed/a.yaml")
    )
    theirs = Commit(name="2", subject="Mine", paths=("deploy/staging/pins.yaml", "values/staging/platform.yaml"))

    assert steps.push("staging", (), REMOTE).state is State.DONE
    assert steps.push("staging", ("deploy/staging/pins.yaml",), REMOTE).fact == "1 file is not committed"
    found = steps.push("staging", (), replace(REMOTE, commits=(ours, theirs)))
    assert found.fact == "2 commits are not pushed; of them yours: Mine"
    assert steps.push("staging", (), replace(REMOTE, commits=(ours,))).fact == "1 commit is not pushed"


def test_a_cluster_of_another_environment_is_left_alone() -> None:
    assert steps.bootstrap("staging", "", None, waiting=()).state is State.TO_DO
    assert steps.bootstrap("staging", "", "staging", waiting=("Deployment argocd-server",)).state is State.TO_DO
    assert steps.bootstrap("staging", "", "staging", waiting=()).state is State.DONE
    found = steps.bootstrap("staging", "~/.kube/b", "production", waiting=())
    assert (found.state, found.fact) == (State.BLOCKED, "cluster: runs production, not staging")
    assert found.commands == ("./inv bootstrap --env staging --kubeconfig ~/.kube/b",)


def test_every_application_that_is_waited_for_must_exist_and_be_healthy() -> None:
    wanted = ("homelab-root", "infra")

    assert steps.watch(
        {"homelab-root": "", "infra": "", "another": "Synced, Degraded"}, wanted, "argocd", ""
    ).state is (State.DONE)
    found = steps.watch({"infra": "Synced, Progressing"}, wanted, "argocd", "")
    assert found.fact == "homelab-root does not exist; infra Synced, Progressing"


def test_the_same_secret_of_several_namespaces_is_one_question() -> None:
    backups = {"generate": {}, "keys": ("A", "B"), "missing": ("A", "B"), "purpose": "Backups"}
    entries = (
        entry("notices", optional=True, generate={}),
        entry("restic", namespace="htpc", optional=True, **backups),
        entry("login"),
        entry("restic", **backups),
        entry("restic", namespace="utils", **(backups | {"purpose": "Another"})),
    )

    found = missing_secrets(entries)

    assert [one.target.name for one in found.generated] == ["login"]
    assert [(one.title, one.keys, one.optional) for one in found.questions] == [
        ("htpc/restic, infra/restic", ("A", "B"), False),
        ("infra/login", ("user",), False),
        ("utils/restic", ("A", "B"), False),
        ("infra/notices", ("user", "password"), True),
    ]


@pytest.mark.parametrize(
    ("address", "more"),
    [
        ("s3:https://s3.example.org/home", {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}),
        ("b2:home", {"B2_ACCOUNT_ID", "B2_ACCOUNT_KEY"}),
        ("rest:https://me:password@nas.example.org", set()),
        ("", set()),
    ],
)
def test_a_repository_in_object_storage_is_asked_for_its_account(address: str, more: set[str]) -> None:
    question = Question(
        targets=(NamespacedName(namespace="infra", name="restic"),),
        keys=("RESTIC_PASSWORD", "RESTIC_REPOSITORY"),
        optional=False,
        purpose="",
    )

    found = answers(question, lambda key: address if key == "RESTIC_REPOSITORY" else f"value of {key}")

    assert set(found) == {"RESTIC_PASSWORD", *({"RESTIC_REPOSITORY"} if address else ()), *more}


def test_a_pod_says_why_it_waits() -> None:
    missing = {"reason": "CreateContainerConfigError", "message": 'secret "scraparr" not found'}
    waiting = {"status": {"containerStatuses": [{"state": {"running": {}}}, {"state": {"waiting": missing}}]}}
    starting = {"status": {"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]}}
    homeless = {"status": {"conditions": [{"type": "PodScheduled", "status": "False", "message": "no node"}]}}

    assert why_waiting(waiting) == 'CreateContainerConfigError: secret "scraparr" not found'
    assert why_waiting(starting) == ""
    assert why_waiting(homeless) == "no node"


def test_each_service_with_a_route_has_an_address_and_the_login_of_its_notes(parsed: parsing.ParsedWorkspace) -> None:
    found = {login.member.name: login for login in logins(platform.platform(parsed, "staging"))}

    domain = str(found["sonarr"].member.values["global"]["domain"])  # type: ignore[index]
    assert found["tandoor"].address == f"https://recipes.{domain}"
    assert (
        found["grafana"].first
        == "The account is in the Secret `grafana-admin`, under `admin-user` and `admin-password`."
    )
    assert found["prometheus"].first == "none: the home network only"
    assert not found["jellyfin"].internal
    assert "flaresolverr" not in found


def test_what_is_left_names_the_router_and_the_keys_that_come_later(parsed: parsing.ParsedWorkspace) -> None:
    routes = tuple(logins(platform.platform(parsed, "staging")))
    facts = {"domain": "casa.internal", "ingressAddress": "10.0.0.5", "addressPool": "10.0.0.4/30"}
    secrets = (entry(), entry("notices", optional=True), entry("present", missing=(), producer="SealedSecret"))

    found = {one.what: one for one in left(facts, routes, secrets)}

    assert list(found) == [
        "DNS of the home network: *.casa.internal is 10.0.0.5",
        "router: its DHCP server leaves out 10.0.0.4/30",
        "router: port 443 to 10.0.0.5, only if Jellyfin shall be reached from the internet",
        "infra/login: Account",
        "infra/notices: Account",
    ]
    assert found["infra/login: Account"].command == "./inv seal"
    assert ChartName("jellyfin") in {one.member.entry.chart.name for one in routes if not one.internal}
