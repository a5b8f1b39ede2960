"""The fast tier: properties with few examples and no memory of earlier runs."""

from hypothesis import settings

settings.register_profile("unit", max_examples=50, deadline=None, database=None)
settings.load_profile("unit")
