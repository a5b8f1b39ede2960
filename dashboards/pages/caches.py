"""Page `platform/caches`: Redis and Valkey."""

from __future__ import annotations

from dashboards.model import Colour, Dashboard, Row, bad_from, promql, rising, series, stat

CACHES = Dashboard(
    uid="platform-caches",
    title="Caches",
    folder="platform",
    description="Redis and Valkey: memory, what is found, and what is thrown out.",
    requires=("redis",),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Caches that do not answer",
                    "count(redis_up == 0) or vector(0)",
                    thresholds=bad_from(1),
                    description="The server is down, or its exporter has another password.",
                    width=8,
                ),
                stat(
                    "Fullest cache",
                    "max(redis_memory_used_bytes / (redis_memory_max_bytes > 0))",
                    unit="percentunit",
                    thresholds=rising(0.95, 1),
                    base=Colour.PLAIN,
                    description="Full is normal for a cache that throws out; one that does not refuses to write.",
                    width=8,
                ),
                stat(
                    "Connections that were refused, last hour",
                    "sum(increase(redis_rejected_connections_total[1h]))",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="More clients than it may have.",
                    width=8,
                ),
            ),
        ),
        Row(
            title="Each cache",
            panels=(
                series("Memory", promql("sum by (service) (redis_memory_used_bytes)", "{{service}}"), unit="bytes"),
                series(
                    "Found",
                    promql(
                        "sum by (service) (rate(redis_keyspace_hits_total[$__rate_interval]))"
                        " / sum by (service) (rate(redis_keyspace_hits_total[$__rate_interval])"
                        " + rate(redis_keyspace_misses_total[$__rate_interval]))",
                        "{{service}}",
                    ),
                    unit="percentunit",
                    maximum=1,
                    description="Share of the questions whose answer was there.",
                ),
                series(
                    "Thrown out",
                    promql("sum by (service) (rate(redis_evicted_keys_total[$__rate_interval]))", "{{service}}"),
                    unit="ops",
                    description="Entries that had to go for others.",
                ),
                series("Clients", promql("sum by (service) (redis_connected_clients)", "{{service}}")),
            ),
        ),
    ),
)
