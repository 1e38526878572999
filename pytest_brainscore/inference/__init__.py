"""Inference: how far scores would move with other stimuli and other neuroids or subjects.

What is estimated: the score that is expected out of sample, over new stimuli (and new neuroids or subjects),
of a mapping that is fitted at this training size. Replicates say how the score moves from sample to sample:
from the values of one fit (`stored`), of new fits (`resplit`), and of metrics that fit nothing (`left_out`,
`bootstrap`). `variance` makes a standard error of them, `interval` and `paired` a statement. `permutation`
has the score of stimuli that are shuffled. docs/statistics.md has the formulas.
"""
