"""From a checkout and a cluster in any state to a running platform: steps, each with its state and the command that takes it alone.

Looking changes nothing; what a step does is a task of its own, which `slipway/cli/up.py` calls.
"""
