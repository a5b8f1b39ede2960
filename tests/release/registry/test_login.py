"""The real registry with a password file and TLS from a private certificate authority."""

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from slipway.config import RegistryConfig
from slipway.core.errors import RegistryError
from slipway.core.model import Archive
from slipway.registry.client import Registry
from slipway.registry.embedded import Daemon, temporary
from slipway.registry.publish import manifest_of, publish
from slipway.tools.run import Command, Completed, run_process

pytestmark = [pytest.mark.helm, pytest.mark.registry]

Make = Callable[..., Archive]

USER, PASSWORD = "publisher", "correct-horse"
HTPASSWD = f"{USER}:$2b$04$S.abDZyMN.hswK/L/GrEtuawIoEZ9kEGkrsf74zgJSnopEFLST6q6\n"
"""The registry reads bcrypt only, which the standard library cannot make: this is the password above."""
LOGGED_IN = {"SLIPWAY_REGISTRY_USERNAME": USER, "SLIPWAY_REGISTRY_PASSWORD": PASSWORD}


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """A private authority, and the certificate and key of 127.0.0.1 that it signed."""
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    server.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    server.private_key_pem.write_to_path(str(folder / "server.key"))
    return folder / "ca.pem", folder / "server.pem", folder / "server.key"


@pytest.fixture
def closed(tmp_path: Path, registry_binary: Path) -> Iterator[Daemon]:
    """A registry that wants a login, over TLS."""
    _, certificate, key = certificates(tmp_path)
    htpasswd = tmp_path / "htpasswd"
    htpasswd.write_text(HTPASSWD, encoding="utf-8")
    with temporary(
        tmp_path / "registry", registry_binary, htpasswd=htpasswd, certificate=certificate, key=key
    ) as daemon:
        yield daemon


@pytest.fixture
def config(closed: Daemon, tmp_path: Path) -> RegistryConfig:
    """The same registry as an operator configures a foreign one."""
    return replace(closed.config, ca_file=tmp_path / "ca.pem", embedded=False, attempts=2)


def login_file(host: str) -> str:
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return json.dumps({"auths": {host: {"auth": auth}}})


def refused(config: RegistryConfig, archive: Archive, environ: dict[str, str]) -> str:
    registry = Registry.open(config, environ, sleep=lambda _: None)
    with pytest.raises(RegistryError) as caught:
        publish(registry, archive)
    registry.close()
    return str(caught.value).replace(config.host, "HOST")


def assert_empty(daemon: Daemon) -> None:
    """Nothing was written, not even half."""
    assert not [path for path in (daemon.folder / "data").rglob("*") if path.is_file()]


@pytest.mark.parametrize("place", ["environment", "docker", "helm"])
def test_credentials_from_each_place_publish_over_tls(
    config: RegistryConfig, make: Make, tmp_path: Path, place: str
) -> None:
    environ = {
        "environment": LOGGED_IN,
        "docker": {"DOCKER_CONFIG": str(tmp_path / "login")},
        "helm": {"HELM_REGISTRY_CONFIG": str(tmp_path / "login/config.json")},
    }[place]
    (tmp_path / "login").mkdir()
    (tmp_path / "login/config.json").write_text(login_file(config.host), encoding="utf-8")
    registry = Registry.open(config, environ)
    archive = make()

    published = publish(registry, archive)

    assert published.manifest == manifest_of(archive)[1]
    assert registry.contents() == (published,)
    registry.close()


def test_the_file_that_helm_login_writes_is_understood(
    config: RegistryConfig, helm_binary: Path, make: Make, tmp_path: Path
) -> None:
    run_process(
        Command(
            argv=(
                *(str(helm_binary), "registry", "login", config.host, "--username", USER, "--password-stdin"),
                *("--ca-file", str(config.ca_file)),
            ),
            stdin=PASSWORD.encode(),
            env={"HELM_REGISTRY_CONFIG": os.environ["HELM_REGISTRY_CONFIG"]},
        )
    )
    registry = Registry.open(config, dict(os.environ))

    assert publish(registry, make()).version == "1.0.0"
    assert "registry.json" in str(registry.session.identity)
    registry.close()


def test_a_credential_helper_publishes_without_the_secret_on_a_command_line(
    config: RegistryConfig, make: Make, tmp_path: Path
) -> None:
    helper = tmp_path / "bin/docker-credential-test"
    helper.parent.mkdir()
    helper.write_text(
        f'#!/bin/sh\nread host\n[ "$1 $host" = "get {config.host}" ] || exit 1\n'
        f'printf \'{{"Username":"{USER}","Secret":"{PASSWORD}"}}\'\n',
        encoding="utf-8",
    )
    helper.chmod(0o755)
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "test"}), encoding="utf-8")
    started: list[Command] = []

    def run(command: Command) -> Completed:
        started.append(command)
        return run_process(replace(command, env={"PATH": f"{helper.parent}:{os.environ['PATH']}"}))

    registry = Registry.open(config, {"DOCKER_CONFIG": str(tmp_path)}, run=run)

    publish(registry, make())

    assert [command.argv for command in started] == [("docker-credential-test", "get")]
    assert registry.session.identity == "docker-credential-test"
    registry.close()


def test_without_credentials_nothing_is_written(config: RegistryConfig, closed: Daemon, make: Make) -> None:
    assert refused(config, make(), {}) == (
        "HOST/charts/sonarr: authentication required (401)\n"
        "    GET /v2/charts/sonarr/manifests/1.0.0 (1 attempt)\n"
        "    UNAUTHORIZED: authentication required\n"
        "    hint: `docker login HOST`, `helm registry login HOST`, "
        "or set SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD"
    )
    assert_empty(closed)


def test_a_wrong_password_is_named_not_shown_and_nothing_is_written(
    config: RegistryConfig, closed: Daemon, make: Make
) -> None:
    text = refused(config, make(), {**LOGGED_IN, "SLIPWAY_REGISTRY_PASSWORD": "wrong-horse"})

    assert text == (
        "HOST/charts/sonarr: credentials from SLIPWAY_REGISTRY_USERNAME were rejected (401)\n"
        "    GET /v2/charts/sonarr/manifests/1.0.0 (1 attempt)\n"
        "    UNAUTHORIZED: authentication required\n"
        "    hint: `docker login HOST`, `helm registry login HOST`, "
        "or set SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD; they may be wrong or expired"
    )
    assert "wrong-horse" not in closed.log.read_text(encoding="utf-8")
    assert_empty(closed)


def test_an_authority_that_is_not_trusted_is_not_tried_again(
    config: RegistryConfig, closed: Daemon, make: Make
) -> None:
    text = refused(replace(config, ca_file=None), make(), LOGGED_IN)

    assert text == (
        "HOST/charts/sonarr: has a certificate that is not trusted\n"
        "    GET /v2/charts/sonarr/manifests/1.0.0 (1 attempt)\n"
        "    unable to get local issuer certificate\n"
        "    hint: set the file of its certificate authority: SLIPWAY_REGISTRY_CA_FILE, or ca-file in pyproject.toml"
    )
    assert_empty(closed)


def test_a_certificate_of_another_host_is_not_trusted(config: RegistryConfig, make: Make) -> None:
    port = config.host.rpartition(":")[2]

    text = refused(replace(config, host=f"localhost:{port}"), make(), LOGGED_IN)

    assert text.splitlines()[0] == "HOST/charts/sonarr: has a certificate that is not trusted"
    assert "localhost" in text.splitlines()[2]


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file or directory"), ("no certificate", "it contains no certificate")]
)
def test_an_authority_file_that_cannot_be_used_is_named(
    config: RegistryConfig, make: Make, tmp_path: Path, content: str | None, reason: str
) -> None:
    path = tmp_path / "other.pem"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    assert refused(replace(config, ca_file=path), make(), LOGGED_IN) == (
        f"HOST: the certificate authority file {path} cannot be used\n"
        f"    {reason}\n"
        "    hint: correct SLIPWAY_REGISTRY_CA_FILE, or ca-file in pyproject.toml"
    )


def test_plain_http_to_a_tls_registry_says_which_setting_to_change(config: RegistryConfig, make: Make) -> None:
    assert refused(replace(config, plain_http=True), make(), LOGGED_IN) == (
        "HOST/charts/sonarr: speaks TLS, but plain HTTP is set\n"
        "    GET /v2/charts/sonarr/manifests/1.0.0 (1 attempt)\n"
        "    Client sent an HTTP request to an HTTPS server.\n"
        "    hint: set SLIPWAY_REGISTRY_PLAIN_HTTP=false, or plain-http = false in pyproject.toml"
    )


def test_helm_pulls_from_there_what_we_published(
    config: RegistryConfig, helm_binary: Path, make: Make, tmp_path: Path
) -> None:
    registry = Registry.open(config, LOGGED_IN)
    archive = make()
    published = publish(registry, archive)
    registry.close()
    login = Path(os.environ["HELM_REGISTRY_CONFIG"])
    login.parent.mkdir(parents=True, exist_ok=True)
    login.write_text(login_file(config.host), encoding="utf-8")

    (tmp_path / "pulled").mkdir()
    reference = f"oci://{config.host}/charts/sonarr@{published.manifest}"
    run_process(
        Command(
            argv=(
                str(helm_binary),
                "pull",
                reference,
                "--ca-file",
                str(config.ca_file),
                "-d",
                str(tmp_path / "pulled"),
            ),
            env={"HELM_REGISTRY_CONFIG": os.environ["HELM_REGISTRY_CONFIG"]},
        )
    )

    assert [path.read_bytes() for path in (tmp_path / "pulled").iterdir()] == [archive.path.read_bytes()]
