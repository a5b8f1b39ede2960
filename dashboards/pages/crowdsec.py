"""Page `edge/crowdsec`: blocked addresses, and whether log lines are parsed."""

from __future__ import annotations

from dashboards.model import Colour, Dashboard, Row, Threshold, bars, promql, rising, series, stat

KO, ALL = (f"sum(rate(cs_parser_hits_{name}[1h]))" for name in ("ko_total", "total"))
CROWDSEC = Dashboard(
    uid="edge-crowdsec",
    title="CrowdSec",
    folder="edge",
    description="Who is kept out and why, whether Traefik asks, and whether the access log is understood.",
    requires=("crowdsec",),
    time_from="now-24h",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Addresses that are kept out",
                    "sum(cs_active_decisions) or vector(0)",
                    base=Colour.PLAIN,
                    description="Of the community's list and of what was seen here.",
                    width=6,
                ),
                stat(
                    "Of these, seen here",
                    'sum(cs_active_decisions{origin!~"CAPI|lists"}) or vector(0)',
                    base=Colour.PLAIN,
                    description="What the scenarios found in our own log, or somebody entered.",
                    width=6,
                ),
                stat(
                    "Questions of the bouncer",
                    "sum(rate(cs_lapi_bouncer_requests_total[5m])) or vector(0)",
                    unit="reqps",
                    base=Colour.BAD,
                    thresholds=(Threshold(at=0.001, colour=Colour.GOOD),),
                    description="None: Traefik does not ask, and nobody is kept out.",
                    width=6,
                ),
                stat(
                    "Lines that are not understood",
                    f"{KO} / ({ALL} > 0)",
                    unit="percentunit",
                    thresholds=rising(0.2, 0.5),
                    description="Share of the last hour. Much: the format of the access log has changed.",
                    width=6,
                ),
            ),
        ),
        Row(
            title="Why",
            panels=(
                bars(
                    "Decisions by reason",
                    promql("topk(15, sum by (reason, origin) (cs_active_decisions))", "{{reason}} ({{origin}})"),
                ),
                bars(
                    "Alerts by scenario",
                    promql("topk(15, sum by (reason) (cs_alerts))", "{{reason}}"),
                    description="What was seen here, also when nobody was kept out for it.",
                ),
            ),
        ),
        Row(
            title="Whether it works",
            panels=(
                series(
                    "Lines",
                    promql("sum by (type) (rate(cs_parser_hits_ok_total[$__rate_interval]))", "{{type}} understood"),
                    promql(
                        "sum by (type) (rate(cs_parser_hits_ko_total[$__rate_interval]))", "{{type}} not understood"
                    ),
                    unit="ops",
                ),
                series(
                    "Questions",
                    promql("sum by (bouncer) (rate(cs_lapi_bouncer_requests_total[$__rate_interval]))", "{{bouncer}}"),
                    promql("sum by (machine) (rate(cs_lapi_machine_requests_total[$__rate_interval]))", "{{machine}}"),
                    unit="reqps",
                    description="Of bouncers, which keep out, and of machines, which read logs.",
                ),
            ),
        ),
    ),
)
