"""Kubernetes quantities such as `250m`, `1.5Gi` and `1e3`: their exact value, and how the API server writes them. Pure.

Source: k8s.io/apimachinery pkg/api/resource/quantity.go and suffix.go, ParseQuantity and CanonicalizeBytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

DECIMAL = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")
"""Decimal suffixes, each 1000 times the one before."""
BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
"""Binary suffixes, each 1024 times the one before."""
MULTIPLIER: Mapping[str, Fraction] = {
    **{suffix: Fraction(1000) ** power for power, suffix in enumerate(DECIMAL, start=-3)},
    **{suffix: Fraction(1024) ** power for power, suffix in enumerate(BINARY)},
}
"""Suffix → what a number is multiplied with."""
FORM = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:(?P<suffix>[A-Za-z]*)|[eE](?P<exponent>[+-]?[0-9]+))"
)
MAXIMUM = 2**63 - 1
"""Larger magnitudes are capped by the API server."""
NANO = 10**9
"""Parts of 1: what is finer is rounded up, away from zero."""


def parse(quantity: object) -> Decimal:
    """The exact value of a quantity: bytes of memory and storage, cores of CPU.

    Raises:
        ValueError: it is not a quantity.
    """
    number, suffix, exponent = parts(quantity)
    digits = number.lstrip("+-")
    whole, _, fraction = digits.partition(".")
    value = Fraction(int(whole + fraction or "0"), 10 ** len(fraction)) * MULTIPLIER[suffix]
    # Beyond these exponents the value is capped, or rounded to the finest part, whatever its digits are.
    limit = len(digits) + len(str(MAXIMUM * NANO))
    value *= Fraction(10) ** max(-limit, min(limit, exponent))
    nanos = min(math.ceil(value * NANO), MAXIMUM * NANO)
    return Decimal(-nanos if number.startswith("-") else nanos).scaleb(-9)


def parts(quantity: object) -> tuple[str, str, int]:
    """The signed number, the suffix, and the decimal exponent (0 for a quantity with a suffix).

    Raises:
        ValueError: it is not a quantity.
    """
    match = None if isinstance(quantity, bool) else FORM.fullmatch(str(quantity))
    if match is None or (match["suffix"] or "") not in MULTIPLIER:
        raise ValueError(f"{quantity!r} is not a quantity")
    return match["number"], match["suffix"] or "", int(match["exponent"] or 0)


def canonical(quantity: object) -> str:
    """How the API server writes a whole number with a suffix: the largest suffix that keeps it whole.

    Empty for anything else: a fraction, a signed number, an exponent, and what is not a quantity.
    """
    try:
        text, suffix, exponent = parts(quantity)
    except ValueError:
        return ""
    if not text.isdigit() or exponent:
        return ""
    number = int(text)
    chain, step = (BINARY, 1024) if suffix.endswith("i") else (DECIMAL, 1000)
    place = chain.index(suffix)
    while number and number % step == 0 and place + 1 < len(chain):
        number, place = number // step, place + 1
    return f"{number}{chain[place]}" if number else "0"
