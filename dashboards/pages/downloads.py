"""Page `media/downloads`: announcements, the client and its VPN, and Jellyfin's load."""

from __future__ import annotations

from dashboards.model import Colour, Dashboard, Row, Threshold, bad_from, log, promql, rising, series, stat

UP = ((1, "yes", Colour.GOOD), (0, "no", Colour.BAD))

POD = 'namespace="htpc", pod=~"%s-.*"'
DOWNLOADS = Dashboard(
    uid="media-downloads",
    title="Downloads",
    folder="media",
    description="Announcements, the client, its VPN, and the server that shows the result.",
    requires=("autobrr", "qbittorrent", "jellyfin"),
    time_from="now-24h",
    rows=(
        Row(
            title="Announcements",
            panels=(
                stat(
                    "IRC networks that are ill",
                    "sum(autobrr_irc_enabled_total) - sum(autobrr_irc_healthy_total)",
                    thresholds=bad_from(1),
                    description="Not connected, or not in every channel: nothing is announced there.",
                    width=6,
                ),
                stat(
                    "Feeds that are late",
                    "count(time() - autobrr_feed_last_run_timestamp_seconds > 6 * 3600) or vector(0)",
                    thresholds=(Threshold(at=1, colour=Colour.WATCH),),
                    description="Feeds that were not read for six hours.",
                    width=6,
                ),
                stat(
                    "Grabbed, last day",
                    "sum(increase(autobrr_release_push_approved_total[1d]))",
                    base=Colour.PLAIN,
                    decimals=0,
                    description="Releases that a client or an application took.",
                    width=6,
                ),
                stat(
                    "Failed, last day",
                    "sum(increase(autobrr_release_push_error_total[1d]))",
                    thresholds=bad_from(1),
                    decimals=0,
                    description="The client or the application did not answer.",
                    width=6,
                ),
                series(
                    "Releases",
                    promql("sum(increase(autobrr_release_filtered_total[1h]))", "wanted by a filter"),
                    promql("sum(increase(autobrr_release_push_approved_total[1h]))", "taken"),
                    promql("sum(increase(autobrr_release_push_rejected_total[1h]))", "not wanted there"),
                    promql("sum(increase(autobrr_release_push_error_total[1h]))", "failed"),
                    description="In an hour.",
                    width=24,
                ),
            ),
        ),
        Row(
            title="qBittorrent behind its VPN",
            panels=(
                stat(
                    "Ready",
                    'min(kube_pod_status_ready{condition="true", namespace="htpc", pod=~"qbittorrent-.*"})',
                    mappings=UP,
                    description="No: the VPN is not up, and the client waits for it; the lines of gluetun say why.",
                    link="/d/platform-workloads?var-namespace=htpc",
                    width=6,
                ),
                stat(
                    "Restarts of the VPN, last day",
                    'sum(increase(kube_pod_container_status_restarts_total{namespace="htpc", container="gluetun"}[1d]))',
                    thresholds=rising(1, 3),
                    decimals=0,
                    description="Each ends every connection of the client.",
                    width=6,
                ),
                series(
                    "Network of the pod",
                    promql(
                        f"sum(rate(container_network_receive_bytes_total{{{POD % 'qbittorrent'}}}[$__rate_interval]))",
                        "in",
                    ),
                    promql(
                        f"sum(rate(container_network_transmit_bytes_total{{{POD % 'qbittorrent'}}}[$__rate_interval]))",
                        "out",
                    ),
                    unit="Bps",
                    description="All of it goes through the tunnel; nothing at all while torrents run means that the tunnel is dead.",
                ),
                series(
                    "Memory",
                    promql(
                        f'sum by (container) (container_memory_working_set_bytes{{container!="", {POD % "qbittorrent"}}})',
                        "{{container}}",
                    ),
                    unit="bytes",
                    description="The library maps files into memory; what is over the limit of the cache is taken back by the kernel.",
                ),
                series(
                    "Disk",
                    promql(
                        f'sum(rate(container_fs_reads_bytes_total{{container!="", {POD % "qbittorrent"}}}[$__rate_interval]))',
                        "read",
                    ),
                    promql(
                        f'sum(rate(container_fs_writes_bytes_total{{container!="", {POD % "qbittorrent"}}}[$__rate_interval]))',
                        "written",
                    ),
                    unit="Bps",
                ),
            ),
        ),
        Row(
            title="Jellyfin",
            panels=(
                series(
                    "Processors",
                    promql(
                        f'sum(rate(container_cpu_usage_seconds_total{{container!="", {POD % "jellyfin"}}}[$__rate_interval]))',
                        "busy",
                    ),
                    unit="cores",
                    width=8,
                    description="A film that is converted without a graphics card takes all of them.",
                ),
                series(
                    "Memory",
                    promql(f'sum(container_memory_working_set_bytes{{container!="", {POD % "jellyfin"}}})', "used"),
                    unit="bytes",
                    width=8,
                ),
                series(
                    "Network out",
                    promql(
                        f"sum(rate(container_network_transmit_bytes_total{{{POD % 'jellyfin'}}}[$__rate_interval]))",
                        "sent",
                    ),
                    unit="Bps",
                    width=8,
                ),
            ),
        ),
        Row(
            title="FlareSolverr",
            requires=("flaresolverr",),
            panels=(
                series(
                    "Pages by result",
                    promql("sum by (result) (increase(flaresolverr_request_total[1h]))", "{{result}}"),
                    description="In an hour. Errors of one indexer alone mean that its pages cannot be solved; of all, that the browser does not start.",
                ),
                series(
                    "Time for a page",
                    promql(
                        "sum by (domain) (rate(flaresolverr_request_duration_sum[1h]))"
                        " / sum by (domain) (rate(flaresolverr_request_duration_count[1h]) > 0)",
                        "{{domain}}",
                    ),
                    unit="s",
                ),
            ),
        ),
        Row(
            title="Logs of the VPN",
            requires=("loki",),
            panels=(log("gluetun", '{namespace="htpc", container="gluetun"}'),),
        ),
    ),
)
