"""The pages that Grafana shows: what they ask, and how they show the answers."""
