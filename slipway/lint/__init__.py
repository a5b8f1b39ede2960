"""The lint of charts, values and packages.

A new check is one function in a module of this package, with its rules declared beside it:

    NOTES = Rule("chart.notes", "notes.md has the sections Gotchas and Upgrades.")

    @chart_check(NOTES)
    def notes(context: LintContext, chart: Chart) -> Iterator[Problem]:
        yield NOTES.problem(where=…, fact=…, hint=…)

`checks` finds it, `rules.RULES` and the site's page of rules show it, `run.lint` runs it. A check returns all of its
problems and changes no file.
"""
