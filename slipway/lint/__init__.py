"""The checks. Each takes values and returns problems; none stops at its first finding, and none changes a file.

`run.check` runs them all; `rules.RULES` says what each rule demands.
"""
