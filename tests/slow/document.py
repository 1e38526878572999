"""Document: a table that a command writes between marks of a page that people write."""

from __future__ import annotations

from pathlib import Path


def between(document: Path, mark: str, text: str) -> None:
    """Put text between ``<!-- mark -->`` and ``<!-- end of mark -->``; ValueError where one is missing."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->\n"
    whole = document.read_text(encoding="utf-8")
    before, found, rest = whole.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{document}: there is no {begin.strip()} with {end.strip()} after it")
    document.write_text(f"{before}{begin}{text}\n\n{end}{after}", encoding="utf-8")
