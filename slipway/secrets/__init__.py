"""Secrets that can lie in git: sealed for one name and namespace with a public key, opened by the cluster alone."""
