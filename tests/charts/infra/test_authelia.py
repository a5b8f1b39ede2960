"""Authelia: its own code reads the rendered configuration, the users and clients that were sealed, and the rules."""

import json
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.build.cases import DEFAULTS
from slipway.build.render import Object
from slipway.secrets import inventory, value_sources
from slipway.secrets.hashes import declared_hashes, hashed
from slipway.tools.run import Command, run_process
from slipway.workspace.documents import chart_document
from slipway.workspace.environments import environment_values
from slipway.workspace.values.effective import members_with
from testing.rendering import Repository
from testing.workspaces import program

pytestmark = pytest.mark.helm

ON, MAIL = "ci/on-values.yaml", "ci/mail-values.yaml"
PROMETHEUS, RADARR, ELSEWHERE = (
    f"https://{host}/"
    for host in ("prometheus.homelab.example.org", "radarr.homelab.example.org", "prometheus.example.net")
)
USERS = """\
users:
  anna: {displayname: Anna, email: anna@example.org, groups: [family], password: '{hash}'}
"""

Objects = Mapping[str, Object]
Check = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def render(repository: Repository) -> Callable[[str], Objects]:
    """`render(values)`: kind and name → object."""

    def made(label: str) -> Objects:
        return {item.title: item for item in repository.rendered(repository.case("authelia", label)).objects}

    return made


@pytest.fixture(scope="module")
def sealed(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, str]]:
    """The folder of the Secrets, generated as `seal --missing` does it, and the values whose hashes they have."""
    folder = tmp_path_factory.mktemp("secrets")
    declared = chart_document(repository.builder.workspace.charts["authelia"]).mapping["secrets"]
    keys = value_sources.parse_flags((), (), declared["authelia"]["generate"])
    inputs = value_sources.Inputs(prompt=str, stdin=BytesIO(), terminal=False)
    plain = {}
    write(folder / "keys", value_sources.read_values(keys, inputs))
    write(folder / "mail", {"password": b"post"})
    for secret, place in (("authelia-users", "users"), ("authelia-clients", "clients")):
        made = {}
        for key, of in declared_hashes(declared[secret], "infra").items():
            plain[key] = value_sources.random_value(value_sources.DIGITS).decode()
            made[key] = hashed(plain[key].encode(), of)
        write(folder / place, made)
    return folder, plain


def write(folder: Path, values: Mapping[str, bytes]) -> None:
    folder.mkdir(exist_ok=True)
    for key, value in values.items():
        (folder / key).write_bytes(value)


@pytest.fixture
def check(render: Callable[[str], Objects], sealed: tuple[Path, Mapping[str, str]], tmp_path: Path) -> Check:
    """`check(values, change={old: new}, **more)`: what Authelia makes of a render, with the files of its pod."""

    def made(label: str, *, change: Mapping[str, str] | None = None, users: str = "", **more: object) -> dict[str, Any]:
        objects, (folder, plain) = render(label), sealed
        paths = []
        for config, name in (("settings", "configuration.yml"), ("openid", "openid.yml")):
            text = str(objects[f"ConfigMap authelia-{config}"].at("data", name)).replace("/secrets/", f"{folder}/")
            if users:
                (tmp_path / "users.yaml").write_text(users)
                text = text.replace(f"{folder}/users/", f"{tmp_path}/")
            for old, new in (change or {}).items():
                text = text.replace(old, new)
            (tmp_path / name).write_text(text)
            paths.append(str(tmp_path / name))
        (container,) = objects["Deployment authelia"].at("spec", "template", "spec", "containers")
        env = {item["name"]: item["value"].replace("/secrets/", f"{folder}/") for item in container["env"]}
        asked = {"config": paths, "secrets": plain, "urls": [PROMETHEUS, RADARR, ELSEWHERE], **more}
        command = Command(argv=(str(program("authelia-check")),), stdin=json.dumps(asked).encode(), env=env)
        return dict(json.loads(run_process(command).stdout))

    return made


@pytest.mark.parametrize("values", [ON, MAIL])
def test_authelia_takes_its_configuration_and_every_secret_of_it(check: Check, values: str) -> None:
    found = check(values)

    assert (found["problems"], found["warnings"]) == (None, None)
    assert found["secrets"] == {"session": True, "storage": True, "reset-password": True, "openid": True}
    assert found["keys"] == ["main RS256 *rsa.PrivateKey"]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("disable_healthcheck", "disable_health", "configuration key not expected: server.disable_health"),
        ("one_factor", "/secrets", ""),
        ("expiration: 1d", "expiration: soon", "could not decode 'soon' to a time.Duration"),
        ("key_id: main", "key_name: main", "configuration key not expected: identity_providers.oidc.jwks[].key_name"),
        ("clients/grafana", "clients/grafanna", "no such file or directory"),
    ],
)
def test_a_mistake_in_it_is_found(check: Check, right: str, wrong: str, said: str) -> None:
    found = check(ON, change={right: wrong})

    assert said in " ".join(found["problems"] or ())
    assert found != check(ON)


def test_the_first_user_signs_in_with_the_generated_password(
    check: Check, sealed: tuple[Path, Mapping[str, str]]
) -> None:
    password = sealed[1]["users.yaml"]

    assert check(ON, passwords={"admin": password})["passwords"] == {"admin": True}
    assert check(ON, passwords={"admin": f"{password}0"})["passwords"] == {"admin": False}


def test_administrators_pass_and_nobody_else_does(check: Check, sealed: tuple[Path, Mapping[str, str]]) -> None:
    anna = yaml.safe_load(USERS)["users"]["anna"] | {"password": "{hash}"}
    admin = yaml.safe_load((sealed[0] / "users" / "users.yaml").read_text())["users"]["admin"]
    anna["password"] = admin["password"]
    both = yaml.safe_dump({"users": {"admin": admin, "anna": anna}})
    password = sealed[1]["users.yaml"]

    access = check(ON, users=both, passwords={"admin": password, "anna": password})["access"]

    assert access["admin"] == {PROMETHEUS: "one_factor", RADARR: "one_factor", ELSEWHERE: "deny"}
    assert access["anna"] == {PROMETHEUS: "deny", RADARR: "deny", ELSEWHERE: "deny"}
    access = check(MAIL, users=both, passwords={"admin": password, "anna": password})["access"]
    assert access["admin"] == {PROMETHEUS: "two_factor", RADARR: "two_factor", ELSEWHERE: "deny"}
    assert access["anna"] == {PROMETHEUS: "deny", RADARR: "two_factor", ELSEWHERE: "deny"}


def test_nobody_is_asked_to_sign_in_first(check: Check) -> None:
    # Without a user the level says that there is a sign-in: Authelia redirects instead of refusing.
    assert check(ON)["access"][""] == {PROMETHEUS: "one_factor", RADARR: "one_factor", ELSEWHERE: "deny"}


def test_every_client_has_the_secret_that_its_application_reads(check: Check) -> None:
    clients = check(ON)["clients"]

    assert set(clients) == {"argocd", "grafana", "immich", "nextcloud", "tandoor"}
    assert {name for name, client in clients.items() if not client["matches"]} == set()
    wrong = check(ON, secrets={"grafana": "guess"})["clients"]["grafana"]
    assert not wrong["matches"]


def test_only_administrators_reach_what_may_do_everything(check: Check) -> None:
    policies = {name: client["policy"] for name, client in check(ON)["clients"].items()}

    assert policies["argocd"] == "admins"
    assert {policies[name] for name in ("grafana", "immich", "nextcloud", "tandoor")} == {"one_factor"}


def test_clients_return_to_hosts_that_have_a_route(check: Check, repository: Repository) -> None:
    hosts = {
        str(route).split("`")[1]
        for umbrella in ("argocd", "infra", "utils")
        for item in repository.rendered(repository.case(umbrella, DEFAULTS)).objects
        if item.kind == "IngressRoute"
        for route in [item.at("spec", "routes")[0]["match"]]
    }
    returns = {
        uri.split("/")[2]
        for client in check(ON)["clients"].values()
        for uri in client["redirectURIs"]
        if uri.startswith("https:")
    }

    assert returns <= hosts


def test_without_single_sign_on_nothing_is_rendered(render: Callable[[str], Objects]) -> None:
    assert render(DEFAULTS) == {}
    assert "Middleware authelia" in render(ON)


@pytest.mark.parametrize(("environment", "wanted"), [("production", True), ("staging", False)])
def test_its_secrets_are_wanted_only_where_it_is_enabled(
    repository: Repository, environment: str, wanted: bool
) -> None:
    workspace = repository.builder.workspace
    declared = {
        f"{umbrella.name}/{item.name}"
        for umbrella in workspace.umbrellas
        for item in inventory.declared_secrets(
            members_with(workspace, umbrella, [environment_values(workspace.environments[environment], umbrella.name)])
        )
    }

    signing_in = {name for name in declared if name.startswith("infra/authelia") or name.endswith("-oidc")}
    assert bool(signing_in) is wanted
    assert not wanted or {"infra/authelia-users", "argocd/argocd-oidc", "utils/immich-oidc"} <= signing_in
