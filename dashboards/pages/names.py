"""Page `edge/names`: whether the hosts of the platform are in DNS."""

from __future__ import annotations

from dashboards.model import Colour, Dashboard, Row, bad_from, log, promql, rising, series, stat

NAMES = Dashboard(
    uid="edge-names",
    title="Names",
    folder="edge",
    description="Whether the names of the platform's hosts are at the DNS provider, as external-dns writes them.",
    requires=("external-dns",),
    time_from="now-24h",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Last good round",
                    "time() - max(external_dns_controller_last_sync_timestamp_seconds)",
                    unit="s",
                    thresholds=rising(600, 3600),
                    description="Time since names and provider were the same. Much more than the interval of its rounds: the provider refuses, or is not reached.",
                    width=6,
                ),
                stat(
                    "Names that are not there yet",
                    "sum(external_dns_source_endpoints_total) - sum(external_dns_registry_endpoints_total)",
                    base=Colour.PLAIN,
                    description="What routes ask for, less what the provider has. Below zero: records of others, which it leaves alone.",
                    width=6,
                ),
                stat(
                    "Errors of the provider, last hour",
                    "sum(increase(external_dns_registry_errors_total[1h]))",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="A token without the right to change the zone, or its limit of requests.",
                    width=6,
                ),
                stat(
                    "Errors of the source, last hour",
                    "sum(increase(external_dns_source_errors_total[1h]))",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="Objects that it may not read, or that say something that is no name.",
                    width=6,
                ),
            ),
        ),
        Row(
            title="Over time",
            panels=(
                series(
                    "Names",
                    promql("sum(external_dns_source_endpoints_total)", "asked for"),
                    promql("sum(external_dns_registry_endpoints_total)", "at the provider"),
                ),
                series(
                    "Errors",
                    promql("sum(increase(external_dns_registry_errors_total[$__rate_interval]))", "provider"),
                    promql("sum(increase(external_dns_source_errors_total[$__rate_interval]))", "source"),
                ),
            ),
        ),
        Row(title="Logs", requires=("loki",), panels=(log("What external-dns says", '{app="external-dns"}'),)),
    ),
)
