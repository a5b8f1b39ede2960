"""A Kubernetes API server as a judge: what it makes of rendered objects, and what it refuses."""
