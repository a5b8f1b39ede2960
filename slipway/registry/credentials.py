"""Who we are for a registry: the environment, then Helm's login file, then Docker's, as Helm itself looks.

Looked up only when a registry asks. The environment is a parameter; a credential helper is started through a Runner. No
error, repr or argument vector ever contains a password: errors name the source, never the content.

Source: helm v4.3.1 pkg/registry/client.go:108; oras-go v2.6.2 registry/remote/credentials.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slipway.config import HUB_NAMES, PASSWORD, USERNAME
from slipway.core.errors import BuildError, Problem, RegistryError
from slipway.registry.body import parsed
from slipway.tools.run import Command, Runner

TOKEN_USER = "<token>"  # noqa: S105 - Docker's mark for an identity token instead of a password
HELPER_TIMEOUT_S = 30.0
HUB = "https://index.docker.io/v1/"
"""Under this key Docker keeps the login of docker.io. Source: docker/cli cli/config."""
HUB_API = "registry-1.docker.io"
"""The registry of Docker Hub; its short name is a web site. Source: oras-go v2.6.2 registry/reference.go, Host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user and his password, or an identity token in its place."""

    username: str
    password: str = field(repr=False)
    source: str
    """The variable or file that they came from."""
    bearer: bool = False
    """The password is an access token that the registry takes as it is."""

    @property
    def is_token(self) -> bool:
        """The password is an OAuth2 refresh token."""
        return self.username == TOKEN_USER

    @property
    def basic(self) -> str:
        """Value of a Basic Authorization header."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


def api_host(host: str) -> str:
    """The host that answers for a registry."""
    return HUB_API if host in HUB_NAMES else host


def find(host: str, environ: Mapping[str, str], run: Runner) -> Credentials | None:
    """The first credentials for a host, or None: then we are anonymous.

    Raises:
        RegistryError: a login file is broken, or a credential helper fails.
    """
    found = from_environment(environ)
    for path in login_files(environ):
        found = found or from_file(path, host, run)
    return found


def from_environment(environ: Mapping[str, str]) -> Credentials | None:
    """SLIPWAY_REGISTRY_USERNAME and _PASSWORD; one without the other is refused with the settings."""
    username, password = environ.get(USERNAME, ""), environ.get(PASSWORD, "")
    return Credentials(username=username, password=password, source=USERNAME) if username and password else None


def login_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Helm's and Docker's files, in this order. Source: docker/cli cli/config, helm v4.3.1 pkg/cli/environment.go:111."""
    home = Path(environ["HOME"]) if environ.get("HOME") else None
    files: list[Path] = []
    below = Path("registry") / "config.json"
    if environ.get("HELM_REGISTRY_CONFIG"):
        files.append(Path(environ["HELM_REGISTRY_CONFIG"]))
    elif environ.get("HELM_CONFIG_HOME"):
        files.append(Path(environ["HELM_CONFIG_HOME"]) / below)
    elif environ.get("XDG_CONFIG_HOME"):
        files.append(Path(environ["XDG_CONFIG_HOME"]) / "helm" / below)
    elif home:
        files.extend(home / folder / "helm" / below for folder in (Path(".config"), Path("Library/Preferences")))
    if environ.get("DOCKER_CONFIG"):
        files.append(Path(environ["DOCKER_CONFIG"]) / "config.json")
    elif home:
        files.append(home / ".docker" / "config.json")
    return tuple(files)


def from_file(path: Path, host: str, run: Runner) -> Credentials | None:
    """Credentials of a host in a login file: its own helper, the common helper, then the file itself."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = parsed(text) if text.strip() else {}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not JSON"
        raise broken(path, f"cannot be read: {reason}") from None
    if not isinstance(data, dict):
        raise broken(path, "is not a login file: it must be a JSON object")
    helpers, auths = data.get("credHelpers") or {}, data.get("auths") or {}
    if not isinstance(helpers, dict) or not isinstance(auths, dict):
        raise broken(path, "is not a login file: auths and credHelpers must be JSON objects")
    helper = of_host(helpers, host) or data.get("credsStore")
    found = from_helper(str(helper), host, path, run) if helper else None
    return found or from_entry(path, host, of_host(auths, host))


def of_host(entries: Mapping[str, object], host: str) -> object:
    """The entry of a host: the one of its very name, or one whose key is a URL or another name of Docker Hub."""
    named = [host, HUB] if host in HUB_NAMES else [host]
    keys = [*named, *(key for key in entries if plain(key) == plain(host))]
    return next((entries[key] for key in keys if key in entries), None)


def plain(key: str) -> str:
    """The host of a login file's key, which may be a URL; the names of Docker Hub are one."""
    host = key.removeprefix("https://").removeprefix("http://").partition("/")[0]
    return "docker.io" if host in HUB_NAMES else host


def from_entry(path: Path, host: str, entry: object) -> Credentials | None:
    """One entry under `auths`."""
    if not isinstance(entry, dict):
        return None
    if token := entry.get("identitytoken"):
        return Credentials(username=TOKEN_USER, password=line_of(str(token), path, host), source=str(path))
    if token := entry.get("registrytoken"):
        return Credentials(username="", password=line_of(str(token), path, host), source=str(path), bearer=True)
    username, password = str(entry.get("username") or ""), str(entry.get("password") or "")
    if entry.get("auth"):
        try:
            written = "".join(str(entry["auth"]).split())
            pair = base64.b64decode(written, validate=True).decode("utf-8").rstrip("\0")
        except (binascii.Error, ValueError):
            pair = ""
        username, colon, password = pair.partition(":")
        if not colon:
            raise broken(path, f"the entry of {host} is not the base64 of user:password")
    if not username or not password:
        return None
    return Credentials(username=username, password=line_of(password, path, host), source=str(path))


def line_of(secret: str, path: Path, host: str) -> str:
    """A password of a login file.

    Raises:
        RegistryError: it has a line break or another control character, which no registry can have meant.
    """
    if secret.isprintable():
        return secret
    what = "ends in a line break" if secret.rstrip("\r\n").isprintable() else "has a control character"
    raise broken(path, f"the password of {host} {what}")


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
        answer = parsed(done.stdout)
        username, password = (
            (str(answer[key]) for key in ("Username", "Secret")) if isinstance(answer, dict) else ("", "")
        )
    except (ValueError, KeyError):
        answer = None
    if not isinstance(answer, dict):
        raise helper_failed(host, program, path, "its answer has no Username and Secret")
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
