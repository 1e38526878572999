"""Workers of pytest-xdist: who runs what, and what a crash costs."""
