"""How `./inv test` starts pytest."""

import pytest

from slipway.cli.test import pytest_args


@pytest.mark.parametrize(
    ("update", "alone", "parallel"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_golden_files_are_rewritten_by_one_process(update: bool, alone: bool, parallel: bool) -> None:
    arguments = pytest_args(["tests/umbrella"], "", update=update, alone=alone)

    assert ("-n" in arguments, "--update" in arguments) == (parallel, update)
