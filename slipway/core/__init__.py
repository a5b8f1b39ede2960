"""The data model of every package: charts, pins, problems, errors.

In: plain values.
Out: frozen dataclasses and the exceptions with their exit codes.
Fails with: nothing.
"""
