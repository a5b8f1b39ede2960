"""Where credentials come from, in which order, and what is said when a place is broken."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from slipway.core.errors import Problem, RegistryError, ToolMissing
from slipway.registry.credentials import find, login_files
from slipway.tools.run import Command, Completed

HOST = "registry.example.org"


def entry(user: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:secret-of-{user}".encode()).decode()}


def put(path: Path, data: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")


def no_helper(command: Command) -> Completed:
    raise AssertionError(f"{command} must not be started")


def helper(stdout: str, code: int = 0, seen: list[Command] | None = None):
    def run(command: Command) -> Completed:
        if seen is not None:
            seen.append(command)
        return Completed(argv=command.argv, code=code, stdout=stdout, stderr="", seconds=0)

    return run


def user(environ: Mapping[str, str], host: str = HOST, run=no_helper) -> str | None:
    found = find(host, environ, run)
    return f"{found.username}:{found.password}" if found else None


def problem(environ: Mapping[str, str], run=no_helper) -> str:
    with pytest.raises(RegistryError) as caught:
        find(HOST, environ, run)
    return str(caught.value)


def test_the_environment_wins_over_helm_and_helm_over_docker(tmp_path: Path) -> None:
    docker, helm = tmp_path / ".docker/config.json", tmp_path / ".config/helm/registry/config.json"
    environ = {"HOME": str(tmp_path)}

    put(docker, {"auths": {HOST: entry("docker")}})
    from_docker = user(environ)
    put(helm, {"auths": {HOST: entry("helm")}})
    from_helm = user(environ)
    from_environment = user({**environ, "SLIPWAY_REGISTRY_USERNAME": "me", "SLIPWAY_REGISTRY_PASSWORD": "pw"})

    assert from_docker == "docker:secret-of-docker"
    assert from_helm == "helm:secret-of-helm"
    assert from_environment == "me:pw"


def test_nobody_knows_a_host_then_we_are_anonymous(tmp_path: Path) -> None:
    put(tmp_path / ".docker/config.json", {"auths": {"elsewhere.example.org": entry("docker")}})

    assert user({"HOME": str(tmp_path)}) is None
    assert user({}) is None


def test_the_places_of_login_files_can_be_moved() -> None:
    moved = {"DOCKER_CONFIG": "/d", "HELM_REGISTRY_CONFIG": "/h/login.json", "HOME": "/home/me"}

    assert login_files(moved) == (Path("/h/login.json"), Path("/d/config.json"))
    assert login_files({"HELM_CONFIG_HOME": "/c"}) == (Path("/c/registry/config.json"),)
    assert login_files({"XDG_CONFIG_HOME": "/x"}) == (Path("/x/helm/registry/config.json"),)
    assert login_files({"HOME": "/home/me"}) == (
        Path("/home/me/.config/helm/registry/config.json"),
        Path("/home/me/Library/Preferences/helm/registry/config.json"),
        Path("/home/me/.docker/config.json"),
    )


@pytest.mark.parametrize("key", [HOST, f"https://{HOST}", f"https://{HOST}/v1/"])
def test_a_key_may_be_a_url(tmp_path: Path, key: str) -> None:
    put(tmp_path / "config.json", {"auths": {key: entry("docker")}})

    assert user({"DOCKER_CONFIG": str(tmp_path)}) == "docker:secret-of-docker"


@pytest.mark.parametrize("host", ["docker.io", "index.docker.io", "registry-1.docker.io"])
@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"])
def test_docker_hub_has_many_names(tmp_path: Path, host: str, key: str) -> None:
    put(tmp_path / "config.json", {"auths": {key: entry("hub")}})

    assert user({"DOCKER_CONFIG": str(tmp_path)}, host=host) == "hub:secret-of-hub"


def test_the_entry_of_the_very_name_wins_over_one_whose_key_is_a_url(tmp_path: Path) -> None:
    auths = {f"https://{HOST}/v1/": entry("url"), HOST: entry("name"), f"http://{HOST}": entry("other")}
    put(tmp_path / "config.json", {"auths": auths})

    assert user({"DOCKER_CONFIG": str(tmp_path)}) == "name:secret-of-name"


def test_a_helper_of_the_name_is_found_beside_an_entry_whose_key_is_a_url(tmp_path: Path) -> None:
    put(tmp_path / "config.json", {"auths": {f"https://{HOST}/v1/": {}}, "credHelpers": {HOST: "vault"}})

    found = user({"DOCKER_CONFIG": str(tmp_path)}, run=helper('{"ServerURL":"x","Username":"me","Secret":"hush"}'))

    assert found == "me:hush"


def test_an_empty_login_file_has_no_login(tmp_path: Path) -> None:
    put(tmp_path / "config.json", " \n")

    assert user({"DOCKER_CONFIG": str(tmp_path)}) is None


def test_an_access_token_of_a_login_file_is_sent_as_it_is(tmp_path: Path) -> None:
    put(tmp_path / "config.json", {"auths": {HOST: {"registrytoken": "token-1"}}})

    found = find(HOST, {"DOCKER_CONFIG": str(tmp_path)}, no_helper)

    assert found is not None
    assert (found.bearer, found.password) == (True, "token-1")
    assert "token-1" not in repr(found)


@pytest.mark.parametrize(
    ("password", "what"),
    [("hush\n", "ends in a line break"), ("hush\r\n", "ends in a line break"), ("hu\0sh", "has a control character")],
)
def test_a_password_with_a_line_break_is_named_before_it_is_sent(tmp_path: Path, password: str, what: str) -> None:
    pair = base64.b64encode(f"me:{password}".encode()).decode()
    put(tmp_path / "config.json", {"auths": {HOST: {"auth": pair}}})

    text = problem({"DOCKER_CONFIG": str(tmp_path)})

    assert f"config.json: the password of {HOST} {what}\n" in text
    assert "hush" not in text


def test_a_port_belongs_to_the_host(tmp_path: Path) -> None:
    put(tmp_path / "config.json", {"auths": {f"{HOST}:5000": entry("docker")}})

    assert user({"DOCKER_CONFIG": str(tmp_path)}) is None
    assert user({"DOCKER_CONFIG": str(tmp_path)}, host=f"{HOST}:5000") == "docker:secret-of-docker"


def test_the_file_may_contain_user_and_password_in_plain_text(tmp_path: Path) -> None:
    put(tmp_path / "config.json", {"auths": {HOST: {"username": "me", "password": "a:b"}}})

    assert user({"DOCKER_CONFIG": str(tmp_path)}) == "me:a:b"


@pytest.mark.parametrize("setting", [{"credsStore": "vault"}, {"credHelpers": {HOST: "vault"}, "credsStore": "other"}])
def test_a_credential_helper_is_asked_through_pipes(tmp_path: Path, setting: dict[str, object]) -> None:
    put(tmp_path / "config.json", {**setting, "auths": {HOST: {}}})
    seen: list[Command] = []

    found = user(
        {"DOCKER_CONFIG": str(tmp_path)},
        run=helper('{"ServerURL":"x","Username":"me","Secret":"hush"}', seen=seen),
    )

    assert found == "me:hush"
    assert [(command.argv, command.stdin) for command in seen] == [(("docker-credential-vault", "get"), HOST.encode())]


def test_a_helper_that_knows_nothing_leaves_the_file_and_helm(tmp_path: Path) -> None:
    put(tmp_path / "config.json", {"credsStore": "vault", "auths": {HOST: entry("file")}})

    found = user({"DOCKER_CONFIG": str(tmp_path)}, run=helper("credentials not found in native keychain\n", 1))

    assert found == "file:secret-of-file"


def test_the_output_of_a_failed_helper_is_shown(tmp_path: Path) -> None:
    put(tmp_path / "config.json", {"credsStore": "vault"})

    assert problem({"DOCKER_CONFIG": str(tmp_path)}, run=helper("vault is locked\n", 1)) == (
        f"registry.example.org: the credential helper docker-credential-vault of {tmp_path}/config.json failed\n"
        "    vault is locked\n"
        "    hint: fix it with `docker login registry.example.org`, or set SLIPWAY_REGISTRY_USERNAME and "
        "SLIPWAY_REGISTRY_PASSWORD"
    )


def test_a_helper_that_is_not_installed_is_named(tmp_path: Path) -> None:
    put(tmp_path / "config.json", {"credsStore": "vault"})

    def missing(command: Command) -> Completed:
        raise ToolMissing(Problem(where=command.argv[0], fact="cannot be started"))

    assert problem({"DOCKER_CONFIG": str(tmp_path)}, run=missing).splitlines()[:2] == [
        f"registry.example.org: the credential helper docker-credential-vault of {tmp_path}/config.json failed",
        "    cannot be started",
    ]


def test_a_helper_that_answers_garbage_is_not_quoted(tmp_path: Path) -> None:
    put(tmp_path / "config.json", {"credsStore": "vault"})

    text = problem({"DOCKER_CONFIG": str(tmp_path)}, run=helper("hush hush"))

    assert "its answer has no Username and Secret" in text
    assert "hush" not in text


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        ("{hush", "cannot be read: is not JSON"),
        ('{"auths":' + "[" * 100_000, "cannot be read: is not JSON"),
        ("[]", "is not a login file: it must be a JSON object"),
        ('{"auths": []}', ""),
        ('{"auths": ["hush"]}', "is not a login file: auths and credHelpers must be JSON objects"),
        (
            '{"auths": {"registry.example.org": {"auth": "hush!"}}}',
            "the entry of registry.example.org is not the base64 of user:password",
        ),
    ],
)
def test_a_broken_login_file_is_named_and_not_quoted(tmp_path: Path, content: str, fact: str) -> None:
    put(tmp_path / "config.json", content)
    environ = {"DOCKER_CONFIG": str(tmp_path)}
    if not fact:
        assert user(environ) is None
        return

    assert problem(environ) == (
        f"{tmp_path}/config.json: {fact}\n"
        "    hint: log in again, or set SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD"
    )
