"""Alertmanager's configuration in each of its values files, read by its own tool."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from slipway.build.cases import DEFAULTS
from testing.monitoring import alerts_of, ask, config_files
from testing.rendering import Repository
from testing.workspaces import ROOT

pytestmark = pytest.mark.helm

CHART = ROOT / "charts" / "alertmanager"
SECRETS = "/etc/alertmanager-secrets/"
LABELS = [DEFAULTS, *(f"ci/{path.name}" for path in sorted(CHART.glob("ci/*-values.yaml")))]
WARNINGS = {"ci/mail-values.yaml": "interface"}
"""Where a warning goes, if not to the receiver that tells somebody."""
ALERTNAME = re.compile(r'alertname !?=~? "([^"]*)"')


@pytest.fixture(scope="module", params=LABELS)
def label(request: pytest.FixtureRequest) -> str:
    """The chart's own values, and with each of its values files."""
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture(scope="module")
def configuration(repository: Repository, label: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration as the pod has it, with its templates."""
    made = tmp_path_factory.mktemp("alertmanager")
    for name, text in config_files(repository, "alertmanager", label).items():
        (made / name).write_text(text.replace("/etc/alertmanager-templates/", f"{made}/"), encoding="utf-8")
    return made / "alertmanager.yml"


def test_alertmanager_takes_it_with_its_templates(configuration: Path) -> None:
    done = ask("amtool", "check-config", str(configuration))

    assert done.code == 0, done.stdout + done.stderr
    assert "1 templates" in done.stdout


@pytest.mark.parametrize(
    ("alert", "receiver"),
    [
        (("alertname=NodeDown", "severity=critical"), "notifications"),
        (("alertname=JobFailed", "severity=warning"), ""),
        (("alertname=ApplicationSynced", "severity=info"), ""),
        (("alertname=Watchdog", "severity=none"), "watchdog"),
    ],
)
def test_each_severity_reaches_its_receiver(
    configuration: Path, label: str, alert: tuple[str, ...], receiver: str
) -> None:
    wanted = receiver or WARNINGS.get(label, "notifications")

    done = ask("amtool", "config", "routes", "test", f"--config.file={configuration}", *alert)

    assert (done.code, done.stdout.split()) == (0, [wanted]), done.stderr


def test_credentials_are_files_of_the_secret_that_may_be_missing(repository: Repository, configuration: Path) -> None:
    written = yaml.safe_load(configuration.read_text(encoding="utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    named = {path for key, path in leaves(written) if key.endswith("_file")}

    assert {path.removeprefix(SECRETS) for path in named} <= set(values["secrets"]["alertmanager"]["keys"])
    assert all(path.startswith(SECRETS) for path in named)
    assert not {key for key, _ in leaves(written)} & {
        "url",
        "webhook_url",
        "bot_token",
        "smtp_auth_password",
        "password",
    }
    (pod,) = (
        item
        for item in repository.rendered(repository.case("alertmanager", DEFAULTS)).objects
        if item.kind == "Deployment"
    )
    volumes = pod.at("spec", "template", "spec", "volumes")
    assert isinstance(volumes, list)
    assert {"name": "credentials", "secret": {"secretName": "alertmanager", "optional": True}} in volumes


NODE_DOWN = {"alertname": "NodeDown", "severity": "critical", "node": "n"}
DISK_FULL = {"alertname": "NodeDiskFull", "severity": "critical", "node": "n", "mountpoint": "/"}
DISK_FILLS = {"alertname": "NodeDiskFillsUp", "severity": "warning", "node": "n", "mountpoint": "/"}
UNREACHABLE = {"alertname": "ClusterUnreachable", "severity": "critical", "namespace": "argocd", "server": "s"}
NOT_SYNCED = {"alertname": "ApplicationNotSynced", "severity": "warning", "name": "htpc"}
INGRESS_DOWN = {"alertname": "IngressDown", "severity": "critical"}
ROUTE_DOWN = {"alertname": "RouteDown", "severity": "critical", "namespace": "htpc", "service": "sonarr"}
LOUD = {"alertname": "BackupOverdue", "severity": "critical", "namespace": "utils", "cronjob": "db-backup"}


@pytest.mark.parametrize(
    ("firing", "held_back"),
    [
        ([NODE_DOWN, DISK_FULL, LOUD], [DISK_FULL]),
        ([NODE_DOWN, {**DISK_FULL, "node": "other"}, LOUD], []),
        ([NODE_DOWN, {**NODE_DOWN, "node": "other"}], []),
        ([DISK_FULL, DISK_FILLS], [DISK_FILLS]),
        ([DISK_FULL, {**DISK_FILLS, "mountpoint": "/data"}], []),
        ([UNREACHABLE, NOT_SYNCED, LOUD], [NOT_SYNCED]),
        ([INGRESS_DOWN, ROUTE_DOWN, LOUD], [ROUTE_DOWN]),
        ([ROUTE_DOWN, LOUD], []),
        ([LOUD, {**LOUD, "severity": "warning"}], [{**LOUD, "severity": "warning"}]),
        ([LOUD, {**LOUD, "severity": "warning", "namespace": "htpc"}, NOT_SYNCED, DISK_FILLS], []),
    ],
)
def test_what_a_worse_alert_explains_is_held_back_and_nothing_else(
    repository: Repository, tmp_path: Path, firing: list[Mapping[str, str]], held_back: list[Mapping[str, str]]
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(config_files(repository, "alertmanager", DEFAULTS)[file.name], encoding="utf-8")

    done = ask("inhibited", str(file), stdin=json.dumps(firing).encode())

    assert done.code == 0, done.stderr
    assert done.stdout.split() == [json.dumps(alert in held_back) for alert in firing]


def test_every_alert_that_the_configuration_names_exists(repository: Repository) -> None:
    texts = [
        text for text in config_files(repository, "prometheus", DEFAULTS).values() if "groups" in yaml.safe_load(text)
    ]
    matchers = [
        text
        for key, text in leaves(yaml.safe_load(config_files(repository, "alertmanager", DEFAULTS)["alertmanager.yml"]))
        if key.endswith("matchers")
    ]
    named = {name for matcher in matchers for name in ALERTNAME.findall(matcher)}

    assert named
    for name in named:
        assert any(re.fullmatch(name, alert) for alert in alerts_of(texts)), name


def leaves(value: object, key: str = "") -> list[tuple[str, str]]:
    """(key, text) of every text in a document."""
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in leaves(each, str(name))]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each, key)]
    return [(key, str(value))]
