"""Alertmanager's configuration in each of its values files, read by its own tool."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from slipway.lint.renders import DEFAULTS
from testing.monitoring import alerts_of, ask, config_files
from testing.rendering import Yard
from testing.workspaces import ROOT

pytestmark = pytest.mark.helm

CHART = ROOT / "charts" / "alertmanager"
SECRETS = "/etc/alertmanager-secrets/"
LABELS = [DEFAULTS, *(f"ci/{path.name}" for path in sorted(CHART.glob("ci/*-values.yaml")))]
WARNINGS = {"ci/mail-values.yaml": "interface"}
"""Where a warning goes, if not to the receiver that tells somebody."""
MATCHER = re.compile(r'(\w+) (=~|!=|=) "([^"]*)"')


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """This repository."""
    return Yard(folder=tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module", params=LABELS)
def label(request: pytest.FixtureRequest) -> str:
    """The chart's own values, and with each of its values files."""
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture(scope="module")
def configuration(yard: Yard, label: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration as the pod has it, with its templates."""
    made = tmp_path_factory.mktemp("alertmanager")
    for name, text in config_files(yard, "alertmanager", label).items():
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
        (("alertname=Watchdog", "severity=none"), "watchdog"),
    ],
)
def test_each_severity_reaches_its_receiver(
    configuration: Path, label: str, alert: tuple[str, ...], receiver: str
) -> None:
    wanted = receiver or WARNINGS.get(label, "notifications")

    done = ask("amtool", "config", "routes", "test", f"--config.file={configuration}", *alert)

    assert (done.code, done.stdout.split()) == (0, [wanted]), done.stderr


def test_credentials_are_files_of_the_secret_that_may_be_missing(yard: Yard, configuration: Path) -> None:
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
    (pod,) = (item for item in yard.rendered(yard.case("alertmanager", DEFAULTS)).objects if item.kind == "Deployment")
    volumes = pod.at("spec", "template", "spec", "volumes")
    assert isinstance(volumes, list)
    assert {"name": "credentials", "secret": {"secretName": "alertmanager", "optional": True}} in volumes


def test_alerts_that_silence_others_exist_and_so_do_those_that_they_silence(yard: Yard) -> None:
    texts = config_files(yard, "prometheus", DEFAULTS).values()
    alerts = alerts_of(text for text in texts if "groups" in yaml.safe_load(text))
    written = yaml.safe_load(config_files(yard, "alertmanager", DEFAULTS)["alertmanager.yml"])

    for rule in written["inhibit_rules"]:
        for side in ("source_matchers", "target_matchers"):
            chosen = [
                name for name, each in alerts.items() if chosen_by(rule[side], {**each["labels"], "alertname": name})
            ]
            assert chosen, rule[side]


def chosen_by(matchers: list[str], labels: Mapping[str, str]) -> bool:
    """Whether an alert with these labels is meant; a label that comes with its series may have any value."""
    found = [MATCHER.fullmatch(matcher) for matcher in matchers]
    assert all(found)
    tests: Mapping[str, Callable[[str, str], bool]] = {
        "=": str.__eq__,
        "!=": str.__ne__,
        "=~": lambda value, wanted: re.fullmatch(wanted, value) is not None,
    }
    return all(tests[each[2]](labels[each[1]], each[3]) for each in found if each and each[1] in labels)


def leaves(value: object, key: str = "") -> list[tuple[str, str]]:
    """(key, text) of every text in a document."""
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in leaves(each, str(name))]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each, key)]
    return [(key, str(value))]
