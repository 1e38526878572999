"""Inferred: what a score says beyond itself: its intervals, the null, and the replicates behind them.

`plan.py` is what is asked. `anew.py` measures again, on some of the stimuli or on shuffled ones. `ways.py`
takes the way that is valid for a metric: from the values of the one fit, from RDMs and Gram matrices that are
made once (`kernels.py`), or by new fits. `choices.py` is of choices. None of it changes a score.
"""

from .anew import Again, Anew
from .plan import Plan
from .telling import inferred, inferred_score
from .ways import Basis

__all__ = ["Again", "Anew", "Basis", "Plan", "inferred", "inferred_score"]
