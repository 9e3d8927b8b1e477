"""Sets of patterns in a network: `ξ = P random patterns of {−1, +1} over units`.

Comes in: the `… patterns … over …` lines, with the populations known. Goes out: `PatternSet`s, with their dimensions in the network's solver. Entries
without a unit are numbers in SI of whatever dimension is asked of them, so one set can be shown to units of any kind.
"""

from __future__ import annotations

from collections.abc import Iterable

from plasticdsl.check.experiments.readings import undeclared_population
from plasticdsl.check.files import Arrays, Folders, read_data, width
from plasticdsl.check.networks.building import Building
from plasticdsl.check.terms.amounts import COUNT, SHARE, amount, constant
from plasticdsl.check.terms.context import Context
from plasticdsl.check.terms.distributions import distribution
from plasticdsl.check.terms.expressions import translate_number
from plasticdsl.check.terms.mismatch import require_same
from plasticdsl.check.terms.scope import Declared
from plasticdsl.check.terms.unification import PURE, Dim
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.model import Population
from plasticdsl.model.expr import Expr, Number
from plasticdsl.model.patterns import PatternFile, PatternSet, RandomPatterns, WrittenPatterns
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.display import counted


def check_patterns(statements: Iterable[tree.Patterns], building: Building, folders: Folders) -> None:
    """Adds every set to `building` and declares its name."""
    for statement in statements:
        name = statement.name
        building.names[name.name] = Declared(name.name, name.text, "a set of patterns", span=name.span)
        side = building.sides.get(statement.over.name)
        if side is None:
            undeclared_population(statement.over, building.context, building.symbols)
            continue
        building.context.report.means(statement.over, side.population.span, "a population")
        dim = building.context.solver.fresh()
        source = _source(statement, side.population, dim, building, folders)
        if source is not None:
            building.patterns[name.name] = PatternSet(name.name, name.text, side.population.name, source, statement.span)
            building.pattern_dims[name.name] = dim


def _source(
    statement: tree.Patterns, population: Population, dim: Dim, building: Building, folders: Folders
) -> RandomPatterns | WrittenPatterns | PatternFile | None:
    match statement.source:
        case tree.RandomPatterns() as source:
            return _random(source, population, dim, building)
        case tree.Listing() as source:
            return _written(source, population, dim, building)
        case tree.PatternFile() as source:
            return _from_file(source, statement.name, population, building, folders)


# --- drawn -----------------------------------------------------------------------------------------------------------


def _random(source: tree.RandomPatterns, population: Population, dim: Dim, building: Building) -> RandomPatterns:
    context = building.context
    count = amount(source.count, COUNT, "The number of patterns", context, building.constants)
    if isinstance(source.values, tree.Apply):
        _no_options(source, context)
        if (matrix := _covariance_of(source.values)) is not None:
            return _with_covariance(count, source.values, matrix, population, dim, building)
        drawn, found = distribution(source.values, context)
        if context.solver.resolve(found).known != PURE.known:
            context.solver.unify(dim, found)
        return RandomPatterns(count, distribution=(drawn.name, drawn.arguments))
    values = tuple(_entry(v, dim, context) for v in source.values.items)
    if len(values) < 2:
        context.report.error("not-a-set", "Random patterns choose among at least two values.", source.values.span)
    shares = ((source.probability, "The probability of patterns"), (source.active, "The active share of patterns"))
    probability, active = (None if e is None else amount(e, SHARE, what, context, building.constants) for e, what in shares)
    chosen = next((e for e in (source.active, source.probability) if e is not None), None)
    if chosen is not None and len(values) > 2:
        message = f"A {'share' if source.active is not None else 'probability'} says how often the second of two values comes; here are {len(values)}."
        context.report.error("unknown-option", message, chosen.span)
    if source.probability is not None and source.active is not None:
        message = "A set of patterns has a probability or a fixed active share, not both."
        hint = "‘p’: each entry by itself; ‘active’: exactly this share of the units of each pattern."
        context.report.error("unknown-option", message, source.active.span, hint, (Label(source.probability.span, "the probability"),))
    return RandomPatterns(count, values, probability, active)


def _no_options(source: tree.RandomPatterns, context: Context) -> None:
    for option in (source.probability, source.active):
        if option is not None:
            message = "This option belongs to patterns of two values; here entries are drawn from a distribution."
            context.report.error("unknown-option", message, option.span)


def _entry(node: tree.Expr, dim: Dim, context: Context, of: str = "one set") -> Expr:
    """One value; written with a unit, it gives the set its dimension."""
    value = translate_number(node, context)
    if context.solver.resolve(value.dim).known != PURE.known:
        require_same(node, dim, node, value.dim, context, f"be entries of {of}")
    return value.expr


# --- whose units vary together ---------------------------------------------------------------------------------------


def _covariance_of(values: tree.Apply) -> tree.Expr | None:
    """The covariance that N is given, if it is."""
    named_n = isinstance(values.function, tree.Name) and values.function.name == "N" and not values.primes
    found = (a.value for a in values.arguments if a.keyword is not None and a.keyword.name == "covariance")
    return next(found, None) if named_n else None


def _with_covariance(
    count: Expr, values: tree.Apply, matrix: tree.Expr, population: Population, dim: Dim, building: Building
) -> RandomPatterns:
    """One row and one column for each unit, in the square of the unit of the entries. Whether the matrix is a covariance can be known only when its
    entries have numbers."""
    context, report = building.context, building.context.report
    others = [a for a in values.arguments if a.value is not matrix]
    if len(others) != 1 or (others[0].keyword is not None and others[0].keyword.name != "mean"):
        message = "‘N’ with a covariance takes two arguments: N(mean, covariance = [[…], […]])."
        report.error("wrong-number-of-arguments", message, values.span)
        return RandomPatterns(count, distribution=("N", (Number(0.0), Number(1.0))))
    mean = _entry(others[0].value, dim, context)
    rows = tuple(tuple(_entry(node, dim * dim, context, "one covariance") for node in _items(row)) for row in _items(matrix))
    if len({len(rows), *(len(row) for row in rows)}) != 1:
        report.error("sizes-differ", "A covariance has as many rows as columns.", matrix.span, "For example ‘[[2, 1], [1, 2]]’.")
    _check_width(len(rows), "row", "this covariance has", matrix.span, population, building)
    return RandomPatterns(count, distribution=("N", (mean, Number(1.0))), covariance=rows)


def _items(node: tree.Expr) -> tuple[tree.Expr, ...]:
    inner = node.inner if isinstance(node, tree.Group) else node
    return inner.items if isinstance(inner, tree.Listing) else (inner,)


# --- written ---------------------------------------------------------------------------------------------------------


def _written(source: tree.Listing, population: Population, dim: Dim, building: Building) -> WrittenPatterns:
    context = building.context
    rows: list[tuple[Expr, ...]] = []
    for node in source.items:
        items = node.items if isinstance(node, tree.Listing) else (node,)
        hint = "Each pattern stands in brackets: ‘patterns [(1, 0), (0, 1)]’." if not isinstance(node, tree.Listing) else ""
        if not _check_width(len(items), "value", "this pattern has", node.span, population, building, hint):
            break
        rows.append(tuple(_entry(item, dim, context) for item in items))
    return WrittenPatterns(tuple(rows))


def _check_width(found: int, what: str, who_has: str, span: Span, population: Population, building: Building, hint: str = "") -> bool:
    """Whether there is one for each unit."""
    size = constant(population.size, building.constants)
    if size is None or found == size:
        return True
    message = f"‘{population.symbol}’ has {counted(size, 'unit')}, and {who_has} {counted(found, what)}."
    building.context.report.error("sizes-differ", message, span, hint, (Label(population.span, f"‘{population.symbol}’"),))
    return False


# --- read from a file ------------------------------------------------------------------------------------------------


def _from_file(
    source: tree.PatternFile, name: tree.Name, population: Population, building: Building, folders: Folders
) -> PatternFile | None:
    report = building.context.report
    read = read_data(source.path, source.place, folders, report)
    if read is None:
        return None
    path, arrays = read
    found = _columns(arrays, name)
    if found is None:
        names = ", ".join(a for a, _ in arrays)
        hint = f"Name the set like one of its arrays: {names}."
        report.error("unknown-name", f"‘{source.path}’ has no array ‘{name.text}’.", source.place, hint)
    else:
        _check_width(found, "value", f"the patterns in ‘{source.path}’ have", source.place, population, building)
    return PatternFile(str(path))


def _columns(arrays: Arrays, name: tree.Name) -> int | None:
    """How many values each pattern has: of the array of that name, or the only one, or of the columns of a table."""
    named = next((shape for a, shape in arrays if a in (name.text, name.name)), None)
    if named is None and len(arrays) == 1:
        named = arrays[0][1]
    if named is not None:
        return named[0] if len(named) == 1 else width(named)
    return len(arrays) if all(len(shape) == 1 for _, shape in arrays) else None
