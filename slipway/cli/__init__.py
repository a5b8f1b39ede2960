"""The tasks: flags in, text or JSON and an exit code out; one module a verb.

In: the flags of tasks.py.
Out: what a person or a program reads.
Fails with: any `BuildError`, shown as its text and exit code.
"""
