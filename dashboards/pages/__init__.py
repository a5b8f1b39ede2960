"""The dashboards: one module for each page, with its panels and queries."""
