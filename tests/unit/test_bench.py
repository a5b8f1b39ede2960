"""What the benchmark measured, as people read it."""

from slipway.cli import bench
from slipway.util.terminal import shown


def test_the_loop_is_compared_where_it_was_measured() -> None:
    this = {"name": "this repository", "charts": 39, "no_change": 0.5, "one_change": 4.0, "cold": 20.0, "loop": 45.0}
    lines = shown(bench.text([this, {**this, "name": "300 services", "loop": 0.0}])).splitlines()

    assert lines[1].split()[-4:] == ["90", "x", "2.2", "x"]
    assert lines[2].split()[-3:] == ["-", "-", "-"]
    assert lines[3] == "targets:"
