"""Page `edge/dns`: what the home network asks, and what it gets."""

from __future__ import annotations

from dashboards.model import Colour, Dashboard, Row, Threshold, bad_from, log, promql, series, stat

OURS = '{job="coredns"}'
HOME_DNS = Dashboard(
    uid="edge-dns",
    title="Home DNS",
    folder="edge",
    description="Questions of the home network, and the answers of coredns.",
    requires=("coredns",),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Questions",
                    f"sum(rate(coredns_dns_requests_total{OURS}[5m]))",
                    unit="reqps",
                    base=Colour.PLAIN,
                    description="Of all clients that ask it.",
                    width=8,
                ),
                stat(
                    "Failures",
                    'sum(rate(coredns_dns_responses_total{job="coredns", rcode="SERVFAIL"}[5m]))'
                    f" / sum(rate(coredns_dns_responses_total{OURS}[5m])) or vector(0)",
                    unit="percentunit",
                    thresholds=(Threshold(at=0.01, colour=Colour.WATCH), Threshold(at=0.1, colour=Colour.BAD)),
                    description="No upstream gave an answer.",
                    link="/d/alert-HomeDnsFailing",
                    width=8,
                ),
                stat(
                    "Panics, last day",
                    f"sum(increase(coredns_panics_total{OURS}[1d]))",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="A fault of the program; its log has the place.",
                    width=8,
                ),
            ),
        ),
        Row(
            title="Questions and answers",
            panels=(
                series(
                    "Questions by zone",
                    promql(f"sum by (zone) (rate(coredns_dns_requests_total{OURS}[$__rate_interval]))", "{{zone}}"),
                    unit="reqps",
                ),
                series(
                    "Answers by code",
                    promql(f"sum by (rcode) (rate(coredns_dns_responses_total{OURS}[$__rate_interval]))", "{{rcode}}"),
                    unit="reqps",
                    description="NXDOMAIN is a name that does not exist, or that the upstream filters.",
                ),
                series(
                    "Time to answer, 95 of 100",
                    promql(
                        "histogram_quantile(0.95, sum by (le, zone)"
                        f" (rate(coredns_dns_request_duration_seconds_bucket{OURS}[$__rate_interval])))",
                        "{{zone}}",
                    ),
                    unit="s",
                ),
                series(
                    "Answers from its memory",
                    promql(
                        f"sum(rate(coredns_cache_hits_total{OURS}[$__rate_interval]))"
                        f" / sum(rate(coredns_cache_requests_total{OURS}[$__rate_interval]))",
                        "hits",
                    ),
                    unit="percentunit",
                    maximum=1,
                ),
            ),
        ),
        Row(title="Logs", requires=("loki",), panels=(log("What coredns reports", '{app="coredns"}'),)),
    ),
)
