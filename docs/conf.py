"""The documentation as a site: ``python -m sphinx -W --keep-going -b html docs docs/_build``.

Pages are plain Markdown, so that a code host shows them too. Nothing is fetched:
formulas become MathML, fonts are the reader's own.
"""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sphinx.application import Sphinx

project = "pytest-brainscore"
author = "the authors of pytest-brainscore"
version = release = version_of(project)
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"{project} {version}"
html_copy_source = False
html_math_renderer = "mathml"
highlight_language = "text"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
autodoc_typehints = "none"
autodoc_member_order = "bysource"

_PAGE = re.compile(r"(?<![\w/\[`])(?<!\]\()docs/(\w+)\.md\b(?!`)")


def setup(app: Sphinx) -> None:
    """Hook in what follows."""
    app.add_html_math_renderer("mathml", (_inline, None), (_displayed, None))
    app.connect("source-read", _list_pages)
    app.connect("source-read", _link_pages)
    app.connect("autodoc-process-docstring", _tell_fields)


def _inline(writer: Any, node: nodes.math) -> None:
    _write(writer, node, as_block=False)


def _displayed(writer: Any, node: nodes.math_block) -> None:
    _write(writer, node, as_block=True)


def _write(writer: Any, node: nodes.math | nodes.math_block, *, as_block: bool) -> None:
    writer.body.append(tex2mathml(node.astext(), as_block=as_block))
    raise nodes.SkipNode


def _list_pages(app: Sphinx, page: str, source: list[str]) -> None:
    """Leave pages out of the index that are not written yet; one that it lacks is a warning all the same."""
    if page == "index":
        there = app.env.found_docs
        source[0] = re.sub(
            r"^(\w+)\n", lambda line: line[0] if line[1] in there else "", source[0], flags=re.M
        )


def _link_pages(app: Sphinx, page: str, source: list[str]) -> None:
    """Make links of pages that the prose names as ``docs/zoo.md``; code is left alone."""
    parts = re.split(r"(^ *```.*?^ *```$)", source[0], flags=re.DOTALL | re.MULTILINE)
    source[0] = "".join(p if i % 2 else _PAGE.sub(_link(app), p) for i, p in enumerate(parts))


def _link(app: Sphinx) -> Any:
    there = app.env.found_docs
    return lambda found: f"[{found[0]}]({found[1]}.md)" if found[1] in there else found[0]


def _tell_fields(app: Sphinx, what: str, _: str, thing: Any, options: Any, lines: list[str]) -> None:
    """List the keys of a spec below its docstring: what pydantic keeps of them is in no docstring."""
    if what == "class" and issubclass(thing, BaseModel):
        whole = thing.model_json_schema()  # a shorthand stands beside the keys, or the class refers to itself
        forms = [whole, *whole.get("anyOf", ()), whole.get("$defs", {}).get(thing.__name__, {})]
        schema = next(form["properties"] for form in forms if "properties" in form)
        lines += ["", *(_told(name, field, schema[name]) for name, field in thing.model_fields.items()), ""]


def _told(name: str, field: FieldInfo, schema: dict[str, Any]) -> str:
    given = field.get_default(call_default_factory=True) if not field.is_required() else None
    plain = isinstance(given, bool | int | float | str | tuple) and given not in ("", ())
    default = f" (default: ``{given}``)" if plain else ""
    said = _description(schema).replace("`", "``")
    return f"- **{name}**{': ' if said else ''}{said}{default}"


def _description(schema: dict[str, Any]) -> str:
    """What a key is for, wherever in its alternatives that is said."""
    inner = (_description(one) for one in schema.get("anyOf", ()))
    return str(schema.get("description") or next(filter(None, inner), ""))
