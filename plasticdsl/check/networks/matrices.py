"""Matrices among the values of a projection, `w = [[2, 4], [1, 3]] nS`: a row for each postsynaptic and a column for each presynaptic unit, as w_ij has.

Comes in: an expression as written. Goes out: `Call("entry", (i, j, columns, first, second, …))`, the entries row by row. A plain list is refused, since
nothing tells on which side its units are.
"""

from __future__ import annotations

from plasticdsl.check.networks.building import Side
from plasticdsl.check.networks.lists import in_unit, listed_items, with_unit
from plasticdsl.check.terms.amounts import Values, constant
from plasticdsl.check.terms.context import Context, Extension, Typed
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.diagnostics.diagnostic import Hint
from plasticdsl.model.expr import Call, Number, Special, of_a_pair
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.display import counted

#: A list is shown as a matrix where this has so many entries at most.
_MOST_SHOWN = 12


def matrices_of_pairs(pre: Side, post: Side, constants: Values) -> Extension:
    """The extension that reads matrices; `constants`: what is known of the sizes of both populations."""
    sizes = tuple(constant(side.population.size, constants) for side in (post, pre))

    def read(node: tree.Expr, context: Context) -> Typed | None:
        rows = _rows(node, context)
        if rows is not None:
            return _matrix(node.span, rows, context)
        if listed_items(node, context.scope) is None:
            return None
        message = "A list does not say on which side of the projection the units are that its values belong to."
        return context.refuse("not-here", message, node.span, _instead(node, context))

    def _matrix(span: Span, rows: tuple[tuple[tree.Expr, ...], ...], context: Context) -> Typed:
        lengths = (len(rows), len(rows[0]))
        if any(len(row) != lengths[1] for row in rows):
            return context.refuse("sizes-differ", "The rows of this matrix are not of one length.", span)
        if any(size is not None and size != length for size, length in zip(sizes, lengths, strict=True)):
            needed = (
                f"{'its' if size is None else f'{size:g}'} units of ‘{side.population.symbol}’"
                for side, size in zip((post, pre), sizes, strict=True)
            )
            turned = "; it is the other way round" if lengths == sizes[::-1] else ""
            message = f"This matrix has {counted(lengths[0], 'row')} of {counted(lengths[1], 'value')}; it needs a row for each of the "
            message += f"{next(needed)} (post) and a column for each of the {next(needed)} (pre){turned}."
            context.report.error("sizes-differ", message, span)
        items = [item for row in rows for item in row]
        entries = [translate_number(item, context) for item in items]
        for before, value, item in zip(entries, entries[1:], items[1:], strict=False):
            require_same(items[0], before.dim, item, value.dim, context, "stand in one matrix")
        for item, value in zip(items, entries, strict=True):
            if of_a_pair(value.expr):
                return context.refuse("not-a-constant", "An entry of a matrix is one number.", item.span)
        place = (Special("i"), Special("j"), Number(float(lengths[1])))
        return Typed(Call("entry", (*place, *(value.expr for value in entries))), entries[0].dim)

    def _instead(node: tree.Expr, context: Context) -> Hint:
        """How the same is said; as matrices of which each is a fix, where these are small."""
        whole = "Write a matrix, with a row for each postsynaptic and a column for each presynaptic unit"
        by_unit = "or let the units have the values, ‘A = 2 LIF, g = [2, 4] nS’, and read ‘pre.g’ or ‘post.g’ here."
        listing, _ = with_unit(node, context.scope)
        items = listing.items if isinstance(listing, tree.Listing) else (listing.inner,) if isinstance(listing, tree.Group) else ()
        texts = [written for item in items if (written := _written(item)) is not None]
        n_post, n_pre = sizes
        shown: dict[str, None] = {}
        if n_post is not None and n_pre is not None and n_post * n_pre <= _MOST_SHOWN and len(texts) == len(items):
            if len(items) == n_pre:
                shown[_text([texts] * int(n_post))] = None
            if len(items) == n_post:
                shown[_text([[text] * int(n_pre) for text in texts])] = None
        if not shown:
            return Hint(f"{whole}: ‘[[…, …], […, …]]’, {by_unit}")
        return Hint(f"{whole}: {' or '.join(f'‘{text}’' for text in shown)}, {by_unit}", tuple(shown), listing.span)

    return read


def _rows(node: tree.Expr, context: Context) -> tuple[tuple[tree.Expr, ...], ...] | None:
    """The entries row by row, each in the unit behind the matrix and behind its row; None for what is no list of lists."""
    listing, unit = with_unit(node, context.scope)
    found = [(with_unit(row, context.scope)) for row in _items(listing)]
    if not found or not all(_items(inner) for inner, _ in found):
        return None
    return tuple(tuple(in_unit(item, (*own, *unit)) for item in _items(inner)) for inner, own in found)


def _items(node: tree.Expr) -> tuple[tree.Expr, ...]:
    """What stands in square brackets, one thing or several; nothing for anything else."""
    match node:
        case tree.Listing(items=items):
            return items
        case tree.Group(inner=inner, square=True):
            return (inner,)
        case _:
            return ()


def _written(node: tree.Expr) -> str | None:
    """A number or name as it was written, with its sign; None for anything that would have to be put together."""
    match node:
        case tree.Number(text=text, unit=()) | tree.Name(text=text):
            return text
        case tree.Number(text=text, unit=((word, power),)) if power == 1:
            return f"{text} {word}"
        case tree.Unary(operator="-", operand=operand):
            inner = _written(operand)
            return None if inner is None else f"−{inner}"
        case _:
            return None


def _text(rows: list[list[str]]) -> str:
    return f"[{', '.join('[' + ', '.join(row) + ']' for row in rows)}]"
