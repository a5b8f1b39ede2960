"""What is asked before a promotion: whether the environment before runs it healthily, for how long, and the rehearsal."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from slipway.cluster.applications import application_of
from slipway.core.errors import WorkspaceError
from slipway.core.model import ChartName, Digest, Pin
from slipway.release.dangers.kinds import OF_PROMOTION
from slipway.release.promotion import Answer, State, answers, duration_of, spelled

HTPC = ChartName("htpc")
OLD, NEW = (
    Pin(
        name=HTPC, version=version, manifest=Digest(f"sha256:{digit * 64}"), input_digest=Digest(f"sha256:{digit * 64}")
    )
    for version, digit in (("1.0.0", "1"), ("1.1.0", "2"))
)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HEALTHY = State(revision=str(NEW.manifest), sync="Synced", health="Healthy", since=NOW - timedelta(days=2))


def asked(
    state: State | None, *, held: Pin | None = OLD, rehearsed: bool = True, ask: bool = True
) -> tuple[Answer, ...]:
    return answers(
        {} if held is None else {HTPC: held},
        {HTPC: NEW},
        ({} if state is None else {HTPC: state}) if ask else None,
        lambda _name, _before, _after: rehearsed,
        source="staging",
        now=NOW,
        healthy_for=timedelta(days=1),
    )


def doubts(state: State | None, *, rehearsed: bool = True, ask: bool = True) -> list[str]:
    (answer,) = asked(state, rehearsed=rehearsed, ask=ask)
    return [str(danger) for danger in answer.doubts]


def test_a_version_that_is_healthy_for_long_and_was_rehearsed_raises_no_doubt() -> None:
    (answer,) = asked(HEALTHY)

    assert (answer.doubts, answer.healthy_for) == ((), timedelta(days=2))


@pytest.mark.parametrize("revision", [NEW.manifest, f"1.1.0@{NEW.manifest}", "1.1.0"])
def test_a_revision_is_known_by_version_or_digest(revision: str) -> None:
    assert doubts(replace(HEALTHY, revision=revision)) == []


def test_an_umbrella_whose_pin_stays_is_not_asked_about() -> None:
    assert asked(None, held=NEW) == ()


def test_a_first_promotion_is_asked_about() -> None:
    (answer,) = asked(HEALTHY, held=None)

    assert answer.before is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, "not-healthy: Application htpc does not exist in staging"),
        (
            replace(HEALTHY, revision=str(OLD.manifest)),
            f"not-healthy: Application htpc has {OLD.manifest} in staging, not 1.1.0",
        ),
        (replace(HEALTHY, health="Degraded"), "not-healthy: Application htpc is Synced and Degraded in staging"),
        (replace(HEALTHY, sync="OutOfSync"), "not-healthy: Application htpc is OutOfSync and Healthy in staging"),
        (
            replace(HEALTHY, since=NOW - timedelta(hours=23, minutes=59)),
            "not-proven: Application htpc is healthy in staging for 23h59m, not for 1d",
        ),
        (
            replace(HEALTHY, since=None),
            "not-proven: Application htpc is healthy in staging for an unknown time, not for 1d",
        ),
    ],
)
def test_a_doubt_says_what_was_seen(state: State | None, expected: str) -> None:
    assert doubts(state) == [expected]


def test_what_nobody_asked_and_nobody_rehearsed_is_two_doubts() -> None:
    assert doubts(None, ask=False, rehearsed=False) == [
        "unknown-state: Application htpc was not looked at in staging",
        "not-rehearsed: Application htpc was not rehearsed here",
    ]


def test_these_are_all_the_doubts_that_a_promotion_can_have() -> None:
    unhealthy, fresh = replace(HEALTHY, health="Degraded"), replace(HEALTHY, since=NOW)
    found = [*doubts(None, ask=False, rehearsed=False), *doubts(unhealthy), *doubts(fresh)]

    assert {doubt.partition(":")[0] for doubt in found} == OF_PROMOTION


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0", timedelta()),
        ("90m", timedelta(minutes=90)),
        ("1d12h", timedelta(days=1, hours=12)),
        (" 45s ", timedelta(seconds=45)),
    ],
)
def test_a_duration_is_written_as_in_prometheus(text: str, span: timedelta) -> None:
    assert duration_of(text, "--proven-for") == span


@pytest.mark.parametrize("text", ["", "1", "-1h", "1.5h", "12h1d", "1w", "1h ago", "9" * 30 + "h"])
def test_another_text_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(WorkspaceError, match="--proven-for: is not a duration"):
        duration_of(text, "--proven-for")


def test_a_duration_is_shown_by_its_two_largest_units() -> None:
    assert [spelled(timedelta(seconds=seconds)) for seconds in (-5, 0, 59, 3661, 90061)] == [
        "0s",
        "0s",
        "59s",
        "1h1m",
        "1d1h",
    ]


@pytest.mark.parametrize(
    ("health", "deployed", "since"),
    [
        ("2026-11-30T10:00:00Z", "2026-11-30T09:00:00Z", "2026-11-30T10:00:00Z"),
        # A new revision that never was unhealthy has been healthy only since it was deployed.
        ("2026-11-01T10:00:00Z", "2026-11-30T09:00:00Z", "2026-11-30T09:00:00Z"),
        ("", "", ""),
    ],
)
def test_health_counts_from_the_last_deployment(health: str, deployed: str, since: str) -> None:
    history = [{"deployedAt": "2026-12-01T00:00:00Z"}, {"deployedAt": deployed}] if deployed else []
    status = {"health": {"status": "Healthy", "lastTransitionTime": health}, "history": history}

    assert application_of({"metadata": {"name": "htpc"}, "status": status}).since == since
