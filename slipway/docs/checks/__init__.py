"""Checks of the written pages: what they reference exists, and their console blocks can be run and compared.

In: the text of pages, the tasks, and a predicate for paths.
Out: problems, console blocks grouped into sessions, the first difference between shown and actual output.
Fails: never; every finding is a Problem. Pure.
"""
