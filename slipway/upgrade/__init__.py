"""A newer release of the platform in a fork: what each side owns, what both write, and what is new.

In: three versions of a file; two versions of the charts.
Out: the file as both sides want it, or nothing when they disagree; what changed by service.
"""
