"""The page a scientist reads: one benchmark, recordings and a model's activations make one score.

1. `target` (targets.py) prepares what models are compared with: the region's responses averaged over
   repetitions, without neuroids that are constant or not a number (responses.py); the splits over stimuli
   (splitting.py); the ceiling (ceilings.py).
2. `score` (comparison.py) compares one model's activations with it: the metric per split and neuroid, then
   the median over neuroids (the mean over subjects) and the mean over splits, then raw and ceiling make the
   ceiled score. Where subjects are fitted apart (subjects.py), or responses kept over time, every subject and
   every time bin has the three numbers for itself, and the score is their mean (parts.py).

Choices (choices/) go the same way: trials, and what the readout is fitted on, are the target; the model's
choices are read from its activations and compared, halving by halving, or subject by subject.
"""

from .choices import ChoiceTarget
from .comparison import score
from .direct import direct_score, direct_target
from .splitting import draw
from .targets import AnyTarget, Target, target

__all__ = [
    "AnyTarget",
    "ChoiceTarget",
    "Target",
    "direct_score",
    "direct_target",
    "draw",
    "score",
    "target",
]
