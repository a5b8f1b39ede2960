"""Answers and the files that follow from them; what is wrong is refused with its hint."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace

import pytest

from slipway.configure.model import Found, words_of
from slipway.configure.plan import plan_of
from slipway.configure.questions import ENVIRONMENTS, questions_of
from slipway.core.errors import ProblemsFound
from slipway.core.model import Workspace
from slipway.util import yaml
from testing.configuring import ANSWERS, LAN, answered, home_of
from testing.product import MEMBERS, product
from testing.product import SETTINGS as PYPROJECT


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return product()


def texts(workspace: Workspace, given: Mapping[str, object], **found: object) -> dict[str, bytes | None]:
    home, answers, problems = answered(home_of(workspace, found=Found(**found)), given)  # type: ignore[arg-type]
    assert problems == []
    return dict(plan_of(home, answers, PYPROJECT).texts)


def data(text: bytes | None) -> Mapping[str, object]:
    assert text is not None
    return yaml.parse(text, "x").mapping


def test_one_environment_takes_the_place_of_those_that_the_platform_comes_with(workspace: Workspace) -> None:
    made = texts(workspace, ANSWERS)

    settings = made.pop("pyproject.toml")
    assert settings is not None
    table = tomllib.loads(settings.decode())["tool"]["slipway"]
    assert (table["environments"], table["registry"]) == (["home"], "oci://registry.example.net/charts")
    assert data(made.pop("values/home/platform.yaml")) == {
        "environment": "home",
        "domain": "casa.example.net",
        "timezone": "America/Lima",
        "storage": {"class": "local-path-{{ .Release.Namespace }}"},
        "tls": {"issuer": "letsencrypt-staging"},
        "lan": {"cidr": "10.7.0.0/16"},
        "addressPool": "10.7.9.0/28",
        "ingressAddress": "10.7.9.3",
    }
    shipped = {
        file.path
        for environment in workspace.environments.values()
        for file in (environment.platform, *environment.namespaces.values())
    }
    assert {path for path, text in made.items() if text is None} == shipped == set(made)


def test_comments_and_other_values_of_an_environment_stay(workspace: Workspace) -> None:
    given = {**ANSWERS, "environments": ["staging", "production"], "services.utils": ["homepage", "nextcloud"]}
    made = texts(workspace, given)

    before = workspace.environments["staging"].platform.text.decode()
    after = (made["values/staging/platform.yaml"] or b"").decode()
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in after.splitlines() if line.startswith("#") and "yaml-language-server" not in line
    ]
    assert after.startswith("# yaml-language-server: $schema=../../build/schemas/platform.json\n")
    utils = data(made["values/staging/utils.yaml"])
    off = {key for key, value in utils.items() if isinstance(value, dict) and value.get("enabled") is False}
    assert off == {"immich", "immich-postgres", "immich-valkey", "tandoor", "tandoor-postgres"}
    assert utils["immich"]["persistence"]["library"] == {"size": "10Gi"}  # type: ignore[index]
    assert not [path for path in made if path.startswith("values/production/")]


def test_the_same_answers_again_change_nothing_and_one_answer_changes_one_value(workspace: Workspace) -> None:
    given = {
        **ANSWERS,
        "environments": ["staging", "production"],
        "email": "me@example.net",
        "storage.folder": "/srv/volumes",
    }
    made = texts(workspace, given)
    settings = (made.pop("pyproject.toml") or b"").decode()
    environment = workspace.environments["staging"]
    namespaces = dict(environment.namespaces)
    for path, text in made.items():
        assert text is not None
        name = path.rpartition("/")[2].removesuffix(".yaml")
        namespaces[name] = replace(environment.platform, path=path, text=text)
    changed = replace(environment, platform=namespaces.pop("platform"), namespaces=namespaces)
    after = replace(workspace, environments={**workspace.environments, "staging": changed})
    home = replace(home_of(after), settings={**home_of(after).settings, **tomllib.loads(settings)["tool"]["slipway"]})

    for answers, expected in (
        (given, set()),
        ({}, set()),
        ({"timezone": "Europe/Vienna"}, {"values/staging/platform.yaml"}),
    ):
        named, complete, problems = answered(home, answers)
        assert problems == []
        assert set(plan_of(named, complete, settings).texts) == expected


def test_what_equals_a_default_is_not_written_and_goes_where_it_was(workspace: Workspace) -> None:
    given = {**ANSWERS, "environments": ["production", "staging"], "backup.enabled": "no", "graphics": "no"}
    made = texts(workspace, given)

    assert "backup" not in data(made["values/production/platform.yaml"])
    assert b"gpu" not in (made["values/production/htpc.yaml"] or b"")
    assert b"gpu" not in (made["values/production/utils.yaml"] or b"")


def test_mail_and_the_folder_of_volumes_are_values_of_their_services(workspace: Workspace) -> None:
    mail = {"mail.server": "mail.example.net:587", "mail.from": "alerts@example.net", "mail.to": "me@example.net"}
    infra = data(texts(workspace, {**ANSWERS, **mail, "storage.folder": "/srv/volumes"})["values/home/infra.yaml"])

    alerts = infra["alertmanager"]["config"]["settings"]["files"]["alertmanager.yml"]  # type: ignore[index]
    assert alerts["global"]["smtp_smarthost"] == "mail.example.net:587"
    assert alerts["receivers"][1] == {"name": "notifications", "email_configs": [{"to": "me@example.net"}]}
    folders = infra["local-path-provisioner"]["config"]["local-path-provisioner"]["files"]["config.json"]  # type: ignore[index]
    assert '"/srv/volumes/htpc"' in folders
    assert "/opt/homelab" not in folders


def test_nothing_waits_for_the_secret_of_a_service_that_is_off(workspace: Workspace) -> None:
    some, every = ["jellyfin", "prowlarr", "scraparr"], [*MEMBERS["htpc"]]
    made = data(texts(workspace, {**ANSWERS, "services.htpc": some})["values/home/htpc.yaml"])

    env = made["scraparr"]["controllers"]["scraparr"]["containers"]["app"]["env"]  # type: ignore[index]
    assert env == {"SONARR_URL": None, "SONARR_API_KEY": None, "RADARR_URL": None, "RADARR_API_KEY": None}
    assert made["sonarr"] == {"enabled": False}
    again = [name for name in every if name not in {"baseline", "media"}]
    assert "values/home/htpc.yaml" not in texts(workspace, {**ANSWERS, "services.htpc": again})


@pytest.mark.parametrize("key", sorted(ANSWERS.keys() - {"environments"}))
def test_an_answer_that_is_missing_is_named_with_an_example(workspace: Workspace, key: str) -> None:
    given = {name: value for name, value in ANSWERS.items() if name != key}

    _, _, problems = answered(home_of(workspace), given)

    (found,) = [problem for problem in problems if problem.fact == f"the answer `{key}` is missing"]
    assert found.hint.startswith(f"write {key}: ")


WRONG = [
    ("environments", "Home Lab!", "is not a list of DNS labels", "use at most 63 lower case letters"),
    ("repository-url", "https://me:secret@git.example.net/x.git", "with a user or password", "remove them"),
    ("registry", "ftp://x", "is not a registry", "use oci://HOST"),
    ("kube-version", "latest", "is not a version of Kubernetes", "use MAJOR.MINOR.PATCH"),
    ("domain", "casa_example", "does not match", "such as home.example.com"),
    ("domain", "staging.home.example.org", "is the example that the platform comes with", "enter a domain of yours"),
    ("tls.issuer", "letsencrypt-prod", "there is no issuer", "did you mean 'letsencrypt-production'?"),
    ("zone", "example.org", "is not in the zone", "such as example.net"),
    ("email", "me", "is not a mail address", "use NAME@DOMAIN"),
    ("timezone", "Europe/Berlinn", "there is no time zone", "did you mean 'Europe/Berlin'?"),
    ("lan.cidr", "10.7.1.0/16", "has host bits set; did you mean 10.7.0.0/16?", "such as"),
    ("lan.cidr", "10.42.0.0/16", "overlaps pods.cidr", "such as"),
    ("dhcp", "from 10 to 20", "is no range of addresses", "use FIRST-LAST"),
    ("addressPool", "192.168.1.240/28", "is not inside lan.cidr 10.7.0.0/16", "choose addresses of the home network"),
    ("ingressAddress", "10.7.9.16", "is not in the address pool 10.7.9.0/28", "choose an address of 10.7.9.0/28"),
    ("ingressAddress", "traefik", "is not in the address pool", "choose an address"),
    ("storage.class", "Fast_Disk", "cannot be the name of a StorageClass", "use lower-case letters"),
    ("storage.folder", "volumes", "is not an absolute path", "/opt/homelab"),
    ("backup.enabled", "perhaps", "is neither yes nor no", "answer yes or no"),
    ("mail.server", "mail.example.net", "is not HOST:PORT", "use HOST:PORT"),
    ("mail.server", "mail.example.net:25", "network policy of alertmanager has no port 25", "use one of 443, 587"),
    ("services.htpc", "sonar", "htpc has no service 'sonar'", "did you mean 'sonarr'?"),
]


@pytest.mark.parametrize(
    ("key", "answer", "fact", "hint"), WRONG, ids=[f"{key}-{answer}" for key, answer, _, _ in WRONG]
)
def test_a_wrong_answer_is_refused_with_its_hint(
    workspace: Workspace, key: str, answer: str, fact: str, hint: str
) -> None:
    shipped = {**ANSWERS, "environments": ["staging", "production"]}

    _, _, problems = answered(home_of(workspace), {**shipped, key: answer})

    found = [problem for problem in problems if problem.where == key]
    assert [problem for problem in found if fact in problem.fact and hint in problem.hint], problems
    assert "secret" not in "".join(map(str, problems))


def test_the_pool_is_neither_given_out_by_dhcp_nor_that_of_another_cluster(workspace: Workspace) -> None:
    _, _, problems = answered(home_of(workspace), {**ANSWERS, "dhcp": "10.7.9.10-10.7.9.200"})
    assert [problem.fact for problem in problems] == [
        "addressPool: 10.7.9.0/28 overlaps the DHCP range 10.7.9.10-10.7.9.200"
    ]

    taken = replace(
        workspace.environments["production"].platform, text=b"domain: a.example.net\naddressPool: 10.7.9.8/29\n"
    )
    other = replace(workspace.environments["production"], platform=taken)
    two = replace(workspace, environments={**workspace.environments, "production": other})
    given = {**ANSWERS, "environments": ["staging", "production"], "domain": "a.example.net"}
    _, _, problems = answered(home_of(two), given)
    assert [problem.fact for problem in problems] == [
        "domain: 'a.example.net' is the domain of production",
        "addressPool: 10.7.9.0/28 overlaps 10.7.9.8/29, the pool of production",
    ]


def test_an_environment_that_is_in_use_is_not_removed(workspace: Workspace) -> None:
    home = home_of(workspace, found=Found(in_use={"production": "deploy/production says that it is released"}))

    _, _, problems = answered(home, ANSWERS)

    (found,) = problems
    assert found.fact == "environments: production is left out, and deploy/production says that it is released"


def test_an_environment_that_is_not_among_the_answered_ones_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ProblemsFound, match="'staging' is not among the environments home"):
        answered(home_of(workspace), ANSWERS, env="staging")


def test_what_the_machine_shows_is_offered_for_a_new_home(workspace: Workspace) -> None:
    shows = Found(
        network=LAN, time_zone="America/Lima", remote="git@github.com:Me/homelab.git", logins=("registry.example.net",)
    )
    home = home_of(workspace, found=shows)
    given: dict[str, object] = {"domain": "casa.example.net"}
    offered = {}
    for question in (ENVIRONMENTS, *questions_of(home)):
        if question.key not in given:
            given[question.key] = question.present(home, given)  # type: ignore[arg-type]
        offered[question.key] = words_of(given[question.key])  # type: ignore[arg-type]

    assert {key: offered[key] for key in ANSWERS if key != "environments"} == {
        "repository-url": "git@github.com:Me/homelab.git",
        "registry": "oci://ghcr.io/me/charts",
        "domain": "casa.example.net",
        "timezone": "America/Lima",
        "lan.cidr": "10.7.0.0/16",
        "addressPool": "10.7.255.224/28",
        "ingressAddress": "10.7.255.229",
    }
    assert answered(home, given)[2] == []
