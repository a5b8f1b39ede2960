"""YAML that every reader understands alike: text that could be taken for anything else is in quotes. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import yaml

from slipway.util.yaml_scalars import needs_quotes

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
Node = Any
"""A node of PyYAML; its types are not public."""

TEXT = "tag:yaml.org,2002:str"
WIDTH = 2**20
"""Characters of a line: none is broken."""


class NotWritable(TypeError):
    """Data that YAML cannot carry to Helm unchanged; a bug of the caller."""


class Dumper(_Dumper):  # type: ignore[misc, valid-type]
    """Plain data only, and no aliases."""

    def ignore_aliases(self, _data: object) -> bool:
        """Equal data is written twice."""
        return True


class BlockDumper(Dumper):
    """Text of several lines as a block, for people."""


def represent_text(dumper: Any, value: str) -> Node:
    """Text, in quotes where it needs them."""
    return dumper.represent_scalar(TEXT, value, style=style_of(value))


def represent_block(dumper: Any, value: str) -> Node:
    """Text of several lines as a literal block."""
    return dumper.represent_scalar(TEXT, value, style="|" if "\n" in value else style_of(value))


def style_of(value: str) -> str | None:
    """The quotes of a text; None leaves them to the emitter, which knows YAML's syntax."""
    return "'" if needs_quotes(value) else None


def represent_float(dumper: Any, value: float) -> Node:
    """A number with a point, so that no reader takes it for text."""
    if not math.isfinite(value):
        raise NotWritable(f"{value!r} is not a number of JSON")
    mantissa, mark, exponent = repr(value).partition("e")
    text = mantissa if "." in mantissa else f"{mantissa}.0"
    return dumper.represent_scalar("tag:yaml.org,2002:float", f"{text}{mark}{exponent}")


def represent_mapping(dumper: Any, value: dict[object, object]) -> Node:
    """A mapping with text as keys."""
    if other := [key for key in value if not isinstance(key, str)]:
        raise NotWritable(f"the key {other[0]!r} is not text")
    return dumper.represent_dict(value)


def represent_other(_dumper: Any, value: object) -> Node:
    """Anything else, such as a date."""
    raise NotWritable(f"{type(value).__name__} {value!r} cannot be written as YAML")


REPRESENTERS: dict[type | None, Callable[[Any, Any], Node]] = {
    type(None): _Dumper.represent_none,
    bool: _Dumper.represent_bool,
    int: _Dumper.represent_int,
    float: represent_float,
    str: represent_text,
    list: _Dumper.represent_list,
    tuple: _Dumper.represent_list,
    dict: represent_mapping,
    None: represent_other,
}
Dumper.yaml_representers = REPRESENTERS
BlockDumper.yaml_representers = REPRESENTERS | {str: represent_block}


def dump(data: object) -> bytes:
    """YAML with sorted keys and block style: the same data gives the same bytes.

    Raises:
        NotWritable: it has anything but text, numbers, booleans, nulls, lists and mappings with text as keys.
    """
    return written(data, Dumper).encode("utf-8")


def text_of(data: object) -> str:
    """The same for people: text of several lines as a block.

    Raises:
        NotWritable: see `dump`.
    """
    return written(data, BlockDumper)


def written(data: object, dumper: type[Dumper]) -> str:
    """The text of a dumper."""
    made = yaml.dump(data, Dumper=dumper, sort_keys=True, default_flow_style=False, allow_unicode=True, width=WIDTH)
    return str(made)
