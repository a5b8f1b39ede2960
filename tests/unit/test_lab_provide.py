"""What a lab has that nobody brings: secrets with random values, and storage classes."""

import base64

import pytest

from slipway.lab.provide import class_names, is_left, random_secret
from slipway.secrets.inventory import SecretEntry
from slipway.util.mapping import dig


def entry(producer: str, *missing: str) -> SecretEntry:
    """A Secret with a key `password`."""
    return SecretEntry(
        namespace="one",
        name="login",
        keys=("password",),
        readers=(),
        charts=(),
        optional=False,
        producer=producer,
        purpose="",
        missing=missing,
    )


@pytest.mark.parametrize(
    ("found", "played", "real"),
    [
        (entry("", "password"), True, True),
        (entry("SealedSecret"), True, True),
        (entry("SealedSecret", "password"), True, True),
        (entry("hand"), True, True),
        (entry("Deployment metallb-controller"), True, False),
        (entry("Cluster records"), False, False),
        (entry("Certificate wildcard"), False, False),
        (entry("Secret argocd-secret"), False, False),
    ],
    ids=lambda value: value.producer or "nobody" if isinstance(value, SecretEntry) else None,
)
def test_a_secret_is_left_that_no_program_of_the_lab_makes(found: SecretEntry, played: bool, real: bool) -> None:
    assert is_left(found, programs_run=False) == played
    assert is_left(found, programs_run=True) == real


def test_a_secret_has_every_key_with_a_value_of_its_own() -> None:
    one, other = (dig(random_secret("one", "login", ["password"]), "data") for _ in range(2))

    assert one.keys() == {"password"}
    assert len(base64.b64decode(str(one["password"]))) == 32
    assert one != other


def test_a_key_that_a_server_of_the_lab_knows_has_the_value_that_it_takes() -> None:
    made = dig(random_secret("one", "token", ["api-token", "other"], {"api-token": "known"}), "data")

    assert base64.b64decode(str(made["api-token"])) == b"known"
    assert base64.b64decode(str(made["other"])) != b"known"


def test_claims_and_databases_name_storage_classes() -> None:
    assert set(class_names({"spec": [{"storageClassName": "a"}, {"storage": {"storageClass": "b"}}]})) == {"a", "b"}
