"""Grafana's dashboards as data: what they ask and show in `platform`, `edge` and so on, how it becomes JSON in `write`."""
