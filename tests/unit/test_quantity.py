"""Kubernetes quantities: every suffix and exponent, exactly, and a ValueError for anything else."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.util import quantity

POWERS = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "E": Decimal(10**18),
    "Ei": Decimal(2**60),
}


@given(number=st.integers(0, 7), suffix=st.sampled_from(sorted(POWERS)))
def test_a_number_counts_as_many_times_as_its_suffix_says(number: int, suffix: str) -> None:
    assert quantity.parse(f"{number}{suffix}") == number * POWERS[suffix]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1048576Ki", 2**30),
        ("0.5", "0.5"),
        (0.5, "0.5"),
        (".5Gi", 2**29),
        ("5.", 5),
        ("1.5Gi", 3 * 2**29),
        ("+1k", 1000),
        ("-250m", "-0.25"),
        ("1e3", 1000),
        ("1E3", 1000),
        ("12e-1", "1.2"),
        ("1e+2", 100),
        ("1E", 10**18),
        ("1Ei", 2**60),
        (2, 2),
        ("010", 10),
        ("0.1n", "0.000000001"),
        ("0.0000000001", "0.000000001"),
        ("1e-999999999", "0.000000001"),
        ("0e999999999", 0),
        ("-0.1n", "-0.000000001"),
        ("8Ei", 2**63 - 1),
        ("1e999999999", 2**63 - 1),
        ("-100E", -(2**63) + 1),
    ],
)
def test_a_quantity_is_read_as_the_api_server_reads_it(written: object, value: object) -> None:
    assert quantity.parse(written) == Decimal(str(value))


@pytest.mark.parametrize(
    "written",
    ["", " ", "Gi", "5GB", "5gi", "5K", "5ki", "5 Gi", "5Gi ", "1e", "1e1.5", "1e3Ki", "1.2.3", "--1", "1_000", "٣", "0x10", "nan",
     "inf", "1,5", "5Mi\n", None, True, False, [], {}],
)  # fmt: skip
def test_what_is_not_a_quantity_is_refused_and_named(written: object) -> None:
    with pytest.raises(ValueError, match="is not a quantity") as refused:
        quantity.parse(written)

    assert repr(written) in str(refused.value)


@given(number=st.integers(1, 5000), suffix=st.sampled_from(sorted(POWERS)))
def test_the_canonical_form_is_the_same_amount_and_stays_as_it_is(number: int, suffix: str) -> None:
    written = quantity.canonical(f"{number}{suffix}")

    assert quantity.parse(written) == quantity.parse(f"{number}{suffix}")
    assert quantity.canonical(written) == written
