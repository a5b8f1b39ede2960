"""A running API server: apply rendered objects as Argo CD does, compare them with live objects, rehearse updates."""
