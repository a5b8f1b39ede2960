"""Who we are for a registry: the environment, then Docker's login file, then Helm's.

Looked up only when a registry asks. The environment is a parameter; a credential helper is started through a Runner. No
error, repr or argument vector ever contains a password: errors name the source, never the content.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slipway.core.errors import BuildError, Problem, RegistryError
from slipway.tools.run import Command, Runner

USERNAME = "SLIPWAY_REGISTRY_USERNAME"
PASSWORD = "SLIPWAY_REGISTRY_PASSWORD"  # noqa: S105 - the name of the variable
TOKEN_USER = "<token>"  # noqa: S105 - Docker's mark for an identity token instead of a password
HELPER_TIMEOUT_S = 30.0
HUB = "https://index.docker.io/v1/"
"""Under this key Docker keeps the login of docker.io. Source: docker/cli cli/config."""
HUB_HOSTS = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user and his password, or an identity token in its place."""

    username: str
    password: str = field(repr=False)
    source: str
    """The variable or file that they came from."""

    @property
    def is_token(self) -> bool:
        """The password is an OAuth2 refresh token."""
        return self.username == TOKEN_USER

    @property
    def basic(self) -> str:
        """Value of a Basic Authorization header."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


def find(host: str, environ: Mapping[str, str], run: Runner) -> Credentials | None:
    """The first credentials for a host, or None: then we are anonymous.

    Raises:
        RegistryError: only one of the two variables is set, a login file is broken, or a credential helper fails.
    """
    found = from_environment(host, environ)
    for path in login_files(environ):
        found = found or from_file(path, host, run)
    return found


def from_environment(host: str, environ: Mapping[str, str]) -> Credentials | None:
    """SLIPWAY_REGISTRY_USERNAME and _PASSWORD."""
    username, password = environ.get(USERNAME, ""), environ.get(PASSWORD, "")
    if bool(username) != bool(password):
        there, missing = (USERNAME, PASSWORD) if username else (PASSWORD, USERNAME)
        raise RegistryError(
            Problem(where=host, fact=f"{there} is set, but {missing} is not", hint=f"set {missing} as well")
        )
    return Credentials(username=username, password=password, source=USERNAME) if username else None


def login_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Docker's and Helm's files, in this order. Source: docker/cli cli/config, helm v4.3.1 pkg/cli/environment.go:111."""
    home = Path(environ["HOME"]) if environ.get("HOME") else None
    files: list[Path] = []
    if environ.get("DOCKER_CONFIG"):
        files.append(Path(environ["DOCKER_CONFIG"]) / "config.json")
    elif home:
        files.append(home / ".docker" / "config.json")
    below = Path("registry") / "config.json"
    if environ.get("HELM_REGISTRY_CONFIG"):
        files.append(Path(environ["HELM_REGISTRY_CONFIG"]))
    elif environ.get("HELM_CONFIG_HOME"):
        files.append(Path(environ["HELM_CONFIG_HOME"]) / below)
    elif environ.get("XDG_CONFIG_HOME"):
        files.append(Path(environ["XDG_CONFIG_HOME"]) / "helm" / below)
    elif home:
        files.extend(home / folder / "helm" / below for folder in (Path(".config"), Path("Library/Preferences")))
    return tuple(files)


def from_file(path: Path, host: str, run: Runner) -> Credentials | None:
    """Credentials of a host in a login file: its own helper, the common helper, then the file itself."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not JSON"
        raise broken(path, f"cannot be read: {reason}") from None
    if not isinstance(data, dict):
        raise broken(path, "is not a login file: it must be a JSON object")
    helpers = data.get("credHelpers") or {}
    auths = data.get("auths") or {}
    if not isinstance(helpers, dict) or not isinstance(auths, dict):
        raise broken(path, "is not a login file: auths and credHelpers must be JSON objects")
    keys = {plain(str(key)): key for key in (*auths, *helpers)}
    key = keys.get(plain(host))
    helper = helpers.get(key) or data.get("credsStore")
    found = from_helper(str(helper), host, path, run) if helper else None
    return found or from_entry(path, host, auths.get(key))


def plain(key: str) -> str:
    """The host of a login file's key, which may be a URL; the names of Docker Hub are one."""
    host = key.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return "docker.io" if host in HUB_HOSTS else host


def from_entry(path: Path, host: str, entry: object) -> Credentials | None:
    """One entry under `auths`."""
    if not isinstance(entry, dict):
        return None
    if token := entry.get("identitytoken"):
        return Credentials(username=TOKEN_USER, password=str(token), source=str(path))
    if entry.get("auth"):
        try:
            pair = base64.b64decode(str(entry["auth"]), validate=True).decode("utf-8").rstrip("\0")
        except (binascii.Error, UnicodeDecodeError):
            pair = ""
        username, colon, password = pair.partition(":")
        if not colon:
            raise broken(path, f"the entry of {host} is not the base64 of user:password")
        return Credentials(username=username, password=password, source=str(path))
    if entry.get("username") and entry.get("password"):
        return Credentials(username=str(entry["username"]), password=str(entry["password"]), source=str(path))
    return None


def from_helper(helper: str, host: str, path: Path, run: Runner) -> Credentials | None:
    """Ask `docker-credential-HELPER`; the host goes in and the secret comes out through pipes.

    Source: docker/docker-credential-helpers, its `get` command.
    """
    program = f"docker-credential-{helper}"
    server = HUB if plain(host) == "docker.io" else host
    try:
        done = run(Command(argv=(program, "get"), stdin=server.encode(), ok_codes=None, timeout_s=HELPER_TIMEOUT_S))
    except BuildError as error:
        raise helper_failed(host, program, path, error.problems[0].fact) from None
    if done.code:
        output = (done.stdout.strip() or done.stderr.strip()).partition("\n")[0]
        if "credentials not found" in output:
            return None
        raise helper_failed(host, program, path, output or f"it ended with exit code {done.code}")
    try:
        answer = json.loads(done.stdout)
        username, password = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError):
        raise helper_failed(host, program, path, "its answer has no Username and Secret") from None
    return Credentials(username=username, password=password, source=program) if password else None


def helper_failed(host: str, program: str, path: Path, reason: str) -> RegistryError:
    """The error for a credential helper that failed."""
    return RegistryError(
        Problem(
            where=host,
            fact=f"the credential helper {program} of {path} failed",
            evidence=(reason,),
            hint=f"fix it with `docker login {host}`, or set {USERNAME} and {PASSWORD}",
        )
    )


def broken(path: Path, fact: str) -> RegistryError:
    """A login file that cannot be understood."""
    return RegistryError(Problem(where=str(path), fact=fact, hint=f"log in again, or set {USERNAME} and {PASSWORD}"))
