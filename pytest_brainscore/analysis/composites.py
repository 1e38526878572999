"""Composites: one figure of a model from its scores on many benchmarks, and what it lacks."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..specs.composites import Composite, FirstOf, Node, Part, is_pattern, matching
from ..specs.results import Composed, Row
from .outcomes import Outcome, Outcomes

Species = Mapping[str, str | None]


@dataclass(frozen=True)
class _Leaf:
    """A benchmark by its full name. fault: why it cannot be scored at all; instead: which was due."""

    name: str
    fault: str | None = None
    instead: str | None = None


@dataclass(frozen=True)
class _Tree:
    """A mean, once patterns and alternatives are benchmarks."""

    id: str
    parts: tuple[_Leaf | _Tree, ...]

    @property
    def leaves(self) -> Iterator[_Leaf]:
        for part in self.parts:
            yield from part.leaves if isinstance(part, _Tree) else (part,)


def compose(
    composites: Iterable[Composite], rows: Sequence[Row], species: Callable[[], Species]
) -> list[Composed]:
    """Every composite that the rows have a part of, for each model with a score on one of its parts.

    A part without a score is missing, with its reason, and never counts as zero unless the composite says so.
    The error is the standard error of the mean as if those of the parts were independent, and None where one
    of them is not known. species: full names of all benchmarks there are, with the species of their data;
    asked for only where a composite has a part in the rows.
    """
    scores = Outcomes(rows)
    touched = [one for one in composites if any(matching(name, scores.measured) for name in one.names)]
    if not touched:
        return []
    known = {**species(), **{row.benchmark: row.species for row in rows if row.species}}
    return [found for one in touched for found in _of(one, known, scores)]


def _of(composite: Composite, known: Species, scores: Outcomes) -> Iterator[Composed]:
    whole = _Tree(
        composite.id,
        tuple(_resolved(composite.mean, {**dict.fromkeys(scores.benchmarks), **known}, scores.measured)),
    )
    for tree in _by_species(whole, known) if composite.per else [whole]:
        names = {leaf.name for leaf in tree.leaves}
        for model in scores.models:
            if any((model, name) in scores.pairs for name in names):
                yield _composed(composite, tree, model, scores)


def _composed(composite: Composite, tree: _Tree, model: str, scores: Outcomes) -> Composed:
    leaves = {
        leaf.name: Outcome(None, why=leaf.fault) if leaf.fault else scores.of(model, leaf.name, composite.of)
        for leaf in tree.leaves
    }
    means: dict[str, Outcome] = {}
    total = _mean(tree, leaves, composite.missing, means)
    return Composed(
        composite=tree.id,
        title=composite.title,
        model=model,
        of=composite.of,
        value=total.value,
        error=total.error,
        parts=len(leaves),
        missing={name: score.why for name, score in leaves.items() if score.why is not None},
        missing_as=composite.missing,
        means={id: score.value for id, score in means.items()},
        stand_ins={leaf.instead: leaf.name for leaf in tree.leaves if leaf.instead},
    )


def _mean(
    tree: _Tree, leaves: Mapping[str, Outcome], missing: str | None, means: dict[str, Outcome]
) -> Outcome:
    """The mean of a tree's parts; those of the trees in it go into `means`."""
    found = []
    for part in tree.parts:
        if isinstance(part, _Tree):
            score = means[part.id] = _mean(part, leaves, missing, means)
        else:
            score = leaves[part.name]
        found.append(Outcome(0.0, 0.0) if score.value is None and missing == "zero" else score)
    there = found if missing != "skip" else [score for score in found if score.value is not None]
    values, errors = [score.value for score in there], [score.error for score in there]
    if not values or None in values:
        return Outcome(None)
    error = None if None in errors else math.hypot(*(e for e in errors if e is not None)) / len(errors)
    return Outcome(math.fsum(v for v in values if v is not None) / len(values), error)


def _resolved(
    parts: Sequence[Part], known: Collection[str], measured: Collection[str]
) -> Iterator[_Leaf | _Tree]:
    """The parts with benchmarks for patterns and alternatives, each benchmark of a mean once."""
    seen = set()
    for part in parts:
        if isinstance(part, Node):
            yield _Tree(part.id, tuple(_resolved(part.mean, known, measured)))
            continue
        for leaf in _leaves(part, known, measured):
            if leaf.name not in seen:
                yield leaf
            seen.add(leaf.name)


def _leaves(part: str | FirstOf, known: Collection[str], measured: Collection[str]) -> Iterator[_Leaf]:
    if isinstance(part, FirstOf):
        due = part.first[0]
        chosen = next((name for name in part.first if name in measured), due)
        yield _Leaf(chosen, _fault(chosen, known), due if chosen != due else None)
    elif is_pattern(part):
        names = matching(part, known)
        yield from (_Leaf(name) for name in names)
        if not names:
            yield _Leaf(part, "no benchmark has such a name")
    else:
        yield _Leaf(part, _fault(part, known))


def _fault(name: str, known: Collection[str]) -> str | None:
    return None if name in known else "there is no such benchmark here"


def _by_species(tree: _Tree, known: Species) -> Iterator[_Tree]:
    """A tree per species, of the parts on its data; what is of no known species is missing in each."""
    every = dict.fromkeys(known.get(leaf.name) for leaf in tree.leaves)
    named = [one for one in every if one is not None]
    for one in named:
        yield _Tree(f"{tree.id}.{one}", _kept(tree, one, known))
    if not named:
        yield _Tree(tree.id, _kept(tree, "", known))


def _kept(tree: _Tree, species: str, known: Species) -> tuple[_Leaf | _Tree, ...]:
    kept: list[_Leaf | _Tree] = []
    for part in tree.parts:
        if isinstance(part, _Tree):
            inner = _kept(part, species, known)
            kept += [_Tree(part.id, inner)] if inner else []
        elif (of := known.get(part.name)) == species:
            kept.append(part)
        elif of is None:
            kept.append(_Leaf(part.name, part.fault or "its data set says no species", part.instead))
    return tuple(kept)
