"""Commitment: which layers of a network stand for a region, and what benchmarks see of them.

views.py: what a benchmark sees of a network. settling.py: who names the layers, or what is to choose them.
choosing.py: the best of several by their scores. register.py: what came out for one network, and all that it
will be asked, so that it is shown each stimulus set once.
"""
