"""Page `edge/addresses`: MetalLB's pools and announcements."""

from __future__ import annotations

from dashboards.model import Colour, Column, Dashboard, Row, Threshold, bad_from, falling, promql, series, stat, table

ADDRESSES = Dashboard(
    uid="edge-addresses",
    title="Addresses",
    folder="edge",
    description="MetalLB: addresses of the pool, who announces them, and whether its configuration is taken.",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    "Addresses left",
                    "min(metallb_allocator_addresses_total - metallb_allocator_addresses_in_use_total)",
                    base=Colour.BAD,
                    thresholds=falling(1, 2),
                    description="Of the fullest pool. A Service without an address stays pending.",
                    width=6,
                ),
                stat(
                    "Old configuration",
                    "max(metallb_k8s_client_config_stale_bool)",
                    mappings=((0, "no", Colour.GOOD), (1, "yes", Colour.BAD)),
                    description="A change of the pool was refused; the one before it is still used.",
                    width=6,
                ),
                stat(
                    "Addresses that are announced",
                    "count(count by (ip) (metallb_speaker_announced == 1)) or vector(0)",
                    base=Colour.BAD,
                    thresholds=(Threshold(at=1, colour=Colour.GOOD),),
                    description="Each by one node, which answers for it on the home network.",
                    width=6,
                ),
                stat(
                    "Updates that failed",
                    "sum(increase(metallb_k8s_client_update_errors_total[1h]))",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="In the last hour.",
                    width=6,
                ),
            ),
        ),
        Row(
            title="Pools and announcements",
            panels=(
                table(
                    "Pools",
                    promql("max by (pool) (metallb_allocator_addresses_total)"),
                    promql("max by (pool) (metallb_allocator_addresses_in_use_total)"),
                    columns=(
                        Column(field="pool", title="Pool"),
                        Column(field="Value #A", title="Addresses"),
                        Column(field="Value #B", title="In use"),
                    ),
                ),
                table(
                    "Who announces what",
                    promql("max by (service, ip, node, protocol) (metallb_speaker_announced)"),
                    columns=(
                        Column(field="service", title="Service"),
                        Column(field="ip", title="Address"),
                        Column(field="node", title="Node", link="/d/platform-nodes?var-node=${__value.raw}"),
                        Column(field="protocol", title="By"),
                        Column(
                            field="Value", title="Announced", mappings=((1, "yes", Colour.GOOD), (0, "no", Colour.BAD))
                        ),
                    ),
                ),
                series(
                    "Questions and answers on the home network",
                    promql("sum by (ip) (rate(metallb_layer2_requests_received[$__rate_interval]))", "{{ip}} asked"),
                    promql("sum by (ip) (rate(metallb_layer2_responses_sent[$__rate_interval]))", "{{ip}} answered"),
                    promql(
                        "sum by (ip) (rate(metallb_layer2_gratuitous_sent[$__rate_interval]))", "{{ip}} told unasked"
                    ),
                    unit="pps",
                    description="Asked and not answered: no speaker holds the address. Told unasked: it has moved to another node.",
                    width=24,
                ),
            ),
        ),
    ),
)
