"""What an update may do that is hard to undo: objects before and after → dangers, each with a name.

In: the rendered objects of two states of an umbrella.
Out: `Danger` values, and which of them a person has accepted.
Nothing fails but a name that does not exist.
"""
