"""Changes as a page: one file in the look of the report, without scripts."""

from __future__ import annotations

from importlib.util import find_spec

from ... import __version__
from ...analysis.changes import Changes
from ...errors import ResultsError
from .text import counted, listings, notes


def page_of(changes: Changes, names: tuple[str, str], every: bool = False) -> str:
    """The page as HTML. names: what the two sides are called.

    Raises ResultsError where the library that fills in the template is missing.
    """
    if find_spec("jinja2") is None:
        raise ResultsError('--html needs jinja2: pip install "pytest-brainscore[report]"')
    from markupsafe import Markup

    from ..page.rendering import environment, source

    return (
        environment()
        .get_template("changes.html")
        .render(
            old=names[0],
            new=names[1],
            counted=counted(changes),
            listings=listings(changes, every),
            notes=notes(changes),
            style=Markup(source("page.css")),
            version=__version__,
        )
    )
