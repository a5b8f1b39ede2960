"""`configure`: what only a person knows about a home, as answers to a table of questions, and the files that follow from them.

In: the workspace, the settings of pyproject.toml, what the machine shows (`found`), and answers.
Out: a `Plan`, the new texts of `values/<env>/*.yaml` and pyproject.toml; `write` puts them on disk together.
Fails with: `ProblemsFound` for answers that are wrong or missing, each with its hint; nothing is written then.
Answers are judged by the rules of `slipway.lint`, on the files that they would make.
"""
