"""Secrets: sealed for git with the public key of a cluster, and the list of every Secret with its producer."""
