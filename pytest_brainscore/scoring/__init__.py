"""The page a scientist reads: one benchmark, recordings and a model's activations make one score.

1. `target` (targets.py) prepares what models are compared with: the region's responses averaged over
   repetitions, without neuroids that are constant or not a number; the splits over stimuli
   (splitting.py); the ceiling.
2. `score` (comparison.py) compares one model's activations with it: the metric per split and neuroid, then
   the median over neuroids (the mean over subjects) and the mean over splits, then raw and ceiling make the
   ceiled score.
"""

from .comparison import score
from .splitting import draw
from .targets import Target, target

__all__ = ["Target", "draw", "score", "target"]
