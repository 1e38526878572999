"""Data-driven networks: trained on the recordings of a benchmark, and scored by what they predict.

For each split, and on its training stimuli alone: some are held out (lessons.py), each setting of the search
is trained on the others until it predicts the held-out ones no better (search.py, training.py), and the best
of all predicts the test stimuli (predicting.py). What was reached is kept after each epoch (keeping.py).
"""

from .predicting import Trainer

__all__ = ["Trainer"]
