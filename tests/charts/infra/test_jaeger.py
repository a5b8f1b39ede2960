"""Jaeger's configuration against a closed schema of the keys that its version reads, and what its parts say of each other."""

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from slipway.build.cases import DEFAULTS
from slipway.build.render import Object
from testing.monitoring import config_files
from testing.rendering import Repository

pytestmark = pytest.mark.helm

Config = dict[str, Any]


@pytest.fixture
def config(repository: Repository) -> Config:
    """The file as the pod has it."""
    return read(repository, DEFAULTS)


def read(repository: Repository, values: str) -> Config:
    """The configuration of a render."""
    made = yaml.safe_load(config_files(repository, "jaeger", values)["config.yaml"])
    assert isinstance(made, dict)
    return made


def problems(config: Config) -> list[str]:
    """What a collector would refuse: keys that nobody knows, and names of parts that are not there or not used."""
    schema = json.loads((Path(__file__).parent / "jaeger.schema.json").read_text(encoding="utf-8"))
    found = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message}"
        for error in jsonschema.Draft7Validator(schema).iter_errors(config)
    ]
    if found:
        return found
    service = config["service"]
    for kind, used in {"extensions": service["extensions"], **service["pipelines"]["traces"]}.items():
        here = set(config.get(kind, {}))
        found += [f"{kind}: {name} is used and not there" for name in used if name not in here]
        found += [f"{kind}: {name} is there and not used" for name in sorted(here - set(used))]
    backends = set(config["extensions"]["jaeger_storage"]["backends"])
    for name in (
        config["extensions"]["jaeger_query"]["storage"]["traces"],
        config["exporters"]["jaeger_storage_exporter"]["trace_storage"],
    ):
        if name not in backends:
            found.append(f"jaeger_storage: there is no backend {name}")
    return found


@pytest.mark.parametrize("values", [DEFAULTS, "ci/short-values.yaml"])
def test_jaeger_would_take_its_configuration(repository: Repository, values: str) -> None:
    assert problems(read(repository, values)) == []


def misspell(config: Config) -> None:
    badger = config["extensions"]["jaeger_storage"]["backends"]["main"]["badger"]
    badger["tll"] = badger.pop("ttl")


def forget(config: Config) -> None:
    config["extensions"]["jaeger_storage"]["backends"]["main"]["badger"].pop("ephemeral")


def listen_to_itself(config: Config) -> None:
    config["receivers"]["otlp"]["protocols"]["grpc"] = {"endpoint": "localhost:4317"}


def name_another_store(config: Config) -> None:
    config["exporters"]["jaeger_storage_exporter"]["trace_storage"] = "other"


def leave_out(config: Config) -> None:
    config["service"]["extensions"].remove("healthcheckv2")


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (misspell, "'tll' was unexpected"),
        (forget, "'ephemeral' is a required property"),
        (listen_to_itself, "does not match"),
        (name_another_store, "there is no backend other"),
        (leave_out, "healthcheckv2 is there and not used"),
    ],
)
def test_a_mistake_is_told(config: Config, mistake: Callable[[Config], None], message: str) -> None:
    broken = copy.deepcopy(config)
    mistake(broken)
    assert message in "\n".join(problems(broken))


def one(repository: Repository, kind: str) -> Object:
    """The only object of a kind."""
    (found,) = [item for item in repository.rendered(repository.case("jaeger", DEFAULTS)).objects if item.kind == kind]
    return found


def test_what_listens_is_what_the_pod_and_the_service_say(repository: Repository, config: Config) -> None:
    protocols = config["receivers"]["otlp"]["protocols"]
    (reader,) = config["service"]["telemetry"]["metrics"]["readers"]
    said = {name: int(part["endpoint"].rpartition(":")[2]) for name, part in protocols.items()}

    ports = one(repository, "Service").at("spec", "ports")
    assert isinstance(ports, list)
    assert {port["name"]: port["port"] for port in ports} == {
        "http": 16686,
        "otlp-grpc": said["grpc"],
        "otlp-http": said["http"],
        "metrics": reader["pull"]["exporter"]["prometheus"]["port"],
    }
    health = int(config["extensions"]["healthcheckv2"]["http"]["endpoint"].rpartition(":")[2])
    assert {"name": "health", "containerPort": health, "protocol": "TCP"} in container(repository)["ports"]


def test_traces_are_kept_on_the_claim(repository: Repository, config: Config) -> None:
    folders = config["extensions"]["jaeger_storage"]["backends"]["main"]["badger"]["directories"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container(repository)["volumeMounts"]}
    assert all(folder.startswith(f"{mounts['data']}/") for folder in folders.values())
    assert len(set(folders.values())) == len(folders)


def container(repository: Repository) -> Mapping[str, Any]:
    """The pod's only container."""
    containers = one(repository, "Deployment").at("spec", "template", "spec", "containers")
    assert isinstance(containers, list)
    (found,) = containers
    assert isinstance(found, dict)
    return found
