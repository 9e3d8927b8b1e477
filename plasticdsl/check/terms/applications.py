"""Applications `f(x)`: built-in functions, user functions (inlined), and their derivatives `f'(x)`.

Comes in: `tree.Apply` with the translation of expressions. Goes out: a `Typed` in which no user function is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import reduce

from plasticdsl.check.experiments.statistics import statistic
from plasticdsl.check.terms.context import Context, Typed
from plasticdsl.check.terms.mismatch import describe, require_dimension, require_same
from plasticdsl.check.terms.products import with_products
from plasticdsl.check.terms.scope import DISTRIBUTIONS, RENAMED, SAME_DIMENSION, Declared, Scope, UserFunction, known_functions
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim
from plasticdsl.diagnostics.diagnostic import Hint, Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model.expr import COUPLINGS, FUNCTIONS, Call, Expr, Ref, children, substitute
from plasticdsl.model.owners import StandIn
from plasticdsl.source import Span
from plasticdsl.syntax import tree
from plasticdsl.units.dimension import VOLTAGE
from plasticdsl.units.display import counted
from plasticdsl.units.table import CURRENT, LENGTH, is_unit

_AT_EVENTS = (
    "It can stand under ‘on pre:’, ‘on post:’, ‘spike when …:’, ‘every T:’, and in changes at every step. "
    "Noise of a flow is ‘ξ(t)’, spikes at random are ‘spike at rate r’."
)

Translate = Callable[[tree.Expr, Context], Typed]

#: User functions may be inlined this deep and this often in one block, and what one becomes may have this many parts.
DEEPEST = 40
MOST = 5_000
LARGEST = 20_000


_SIGMOID = "the formula, or a function of your own at the left margin: ‘function σ(a) = 1/(1 + exp(−a))’"
_BY_CASES = "a value by cases, ‘1 if V > θ’ and on the next line ‘0 otherwise’"
_OF_UNITS = "in the network one value for all units, ‘V(0) = 0’, a list, ‘[1, 2, 3]’, or a formula of their number, ‘0.1·(i − 1)’"
_FAMILIAR = {
    "relu": "‘[x]₊’ or ‘pos(x)’", "sigmoid": _SIGMOID, "logistic": _SIGMOID, "expit": _SIGMOID, "pow": "‘x^n’", "power": "‘x^n’",
    "sum": "‘post.h = Σ w x’ in a synapse, which neurons read as their input ‘h’",
    "int": _BY_CASES, "float": _BY_CASES,
    "zeros": _OF_UNITS, "ones": _OF_UNITS, "linspace": _OF_UNITS, "arange": _OF_UNITS,
    "softmax": "‘output y = exp(a)/z’, with ‘post.z = Σ exp(pre.a)’ in a synapse of the population with itself",
}  # fmt: skip


#: What units of a network that only spike are called; they are no functions.
_SOURCES = ("Poisson", "Regular", "SpikeTimes")

#: What other languages call a random number.
_RANDOM = ("rand", "random", "randn", "uniform", "rnd")


def apply(node: tree.Apply, context: Context, value: Translate, limited: Callable[[tree.Expr, str, Context], Typed]) -> Typed:
    """The value of an application; `value` translates numbers, `limited` variables on one side of an event (`before(r)` is `r⁻`)."""
    if isinstance(node.function, tree.Member):
        return not_a_function(node, node.function, context)
    declared = context.scope.find(node.function)
    if declared is not None:
        context.report.means(node.function, declared.span, declared.what)
    if declared is not None and declared.function is not None:
        return _inline(node, declared.function, context, value)
    if declared is not None:
        if is_of_time(node) and node.primes == 0 and declared.expr is not None and declared.dim is not None:
            return Typed(declared.expr, declared.dim)  # it is a function of time anyway
        return not_a_function(node, node.function, context)
    if node.function.name in ("before", "after"):
        arguments = _values(node, 1, context)
        return context.unknown if arguments is None else limited(arguments[0], node.function.name, context)
    name = RENAMED.get(node.function.name, node.function.name)
    if name in FUNCTIONS or name in ("clip",):
        return _built_in(name, node, context, value)
    if name in COUPLINGS:
        return _coupling(name, node, context, value)
    return _unknown(node, node.function, context)


def _coupling(name: str, node: tree.Apply, context: Context, value: Translate) -> Typed:
    """`axial(V, R_i)`: a current for each area; `diffusion(Ca, D)`: a rate."""
    if len(node.arguments) == 1 and node.arguments[0].keyword is None:
        second = "R_i)’, with the resistivity of the cytoplasm, about 100 Ω·cm" if name == "axial" else "D)’, with a diffusion coefficient"
        hint = f"For example ‘{name}({'V' if name == 'axial' else 'Ca'}, {second}."
        return context.refuse("wrong-number-of-arguments", f"‘{name}’ takes 2 arguments, not 1.", node.span, hint)
    nodes = _values(node, 2, context)
    if nodes is None:
        return context.unknown
    what, by = (value(n, context) for n in nodes)
    if not isinstance(what.expr, Ref):
        return context.refuse("bad-section", f"What flows along a cable is a variable: ‘{name}(V, …)’.", nodes[0].span)
    if name == "axial":
        if not _is_resistivity(nodes[1], what, by, context):
            return context.unknown
        return Typed(Call(name, (what.expr, by.expr)), what.dim / (by.dim * Dim(LENGTH)))
    require_dimension(nodes[1], by.dim, Dim(LENGTH) ** 2 / SECONDS, "A diffusion coefficient", context)
    return Typed(Call(name, (what.expr, by.expr)), what.dim / SECONDS)


#: Ω, and Ω·m.
_RESISTANCE = Dim(VOLTAGE / CURRENT)
_RESISTIVITY = Dim(VOLTAGE / CURRENT * LENGTH)


def _is_resistivity(node: tree.Expr, what: Typed, by: Typed, context: Context) -> bool:
    """Whether the second argument of `axial(V, R_i)` can be one: where V has no unit, nothing is said. A resistance may lack its length."""
    known, moving = context.solver.resolve(by.dim).known, context.solver.resolve(what.dim).known
    if known is None or known == _RESISTIVITY.known or (moving is not None and moving.is_one):
        return True
    hint = Hint("A resistivity is a resistance times a length, about ‘100 Ω·cm’.")
    if known == _RESISTANCE.known and isinstance(node, tree.Number) and len(node.unit) == 1:
        text = f"{node.text} {node.unit[0][0]}·cm"
        hint = Hint(f"A resistivity is a resistance times a length: ‘{text}’.", (text,))
    message = f"The second argument of axial(…) is a resistivity, but this is {describe(node, by.dim, context)}."
    context.report.error("inconsistent-units", message, node.span, hint)
    return False


def is_of_time(node: tree.Apply) -> bool:
    """Whether `t` is the one argument."""
    only = node.arguments[0].value if len(node.arguments) == 1 else None
    return isinstance(only, tree.Name) and only.name == "t"


def not_a_function(node: tree.Apply, function: tree.Name | tree.Member, context: Context) -> Typed:
    """`g(V − E)` where g is a value: the error that shows both readings."""
    text = function.text if isinstance(function, tree.Name) else function.attribute.text
    name = Span(function.span.end - len(text), function.span.end, function.span.path)
    if len(node.arguments) == 1 and isinstance(node.arguments[0].value, tree.Number) and node.arguments[0].value.text == "0":
        hint = Hint(f"The initial value of ‘{text}’ is given on a line of its own and cannot be read.")
    elif is_unit(text):  # ‘2 g (x)’ would be two grams
        words = (
            f"For the product write ‘{text} (…)’ with a blank before the bracket; after a number, where ‘{text}’ is a unit, ‘({text})·(…)’."
        )
        hint = Hint(words, (f"({text})·",), name)
    else:
        hint = Hint(f"For the product write ‘{text} (…)’ with a blank before the bracket, or ‘{text}·(…)’.", (f"{text} ", f"{text}·"), name)
    message = f"‘{text}(…)’ applies a function, but ‘{text}’ is not one."
    return context.refuse("not-a-function", message, node.span, hint)


def _unknown(node: tree.Apply, function: tree.Name, context: Context) -> Typed:
    if function.name == "chance":  # where it has a meaning, the block's own notation comes first
        return context.refuse("chance-outside", "‘chance(p)’ is drawn at an event, and there is none here.", node.span, _AT_EVENTS)
    users = {d.symbol for d in context.scope.all_names(function.span.path).values() if d.function is not None}
    hint = did_you_mean(function.text, sorted(users | known_functions()), "")
    if function.name in _FAMILIAR:
        hint = Hint(f"For example {_FAMILIAR[function.name]}.")
    elif function.name in _RANDOM:
        hint = Hint(
            "Something happens with a probability by ‘if chance(0.5)’; a number is drawn by a line of its own, ‘u ~ U(0, 1)’: below a trigger at "
            "each event, elsewhere once, before the run."
        )
    elif function.name in DISTRIBUTIONS or function.name in _SOURCES:
        drawn = f"What is drawn stands after ‘~’: ‘w ~ {function.text}(…)’." if function.name in DISTRIBUTIONS else ""
        spiking = f"How many units spike stands before: ‘S = 100 {function.text}(…)’." if function.name in _SOURCES else ""
        hint = Hint(f"{spiking} {drawn}".strip())
    elif statistic(function.text, len(node.arguments)) is not None:
        words = f"‘{function.text}’ is a statistic, for ‘record’, ‘plot’ and ‘expect’. Formulas have sums, for example ‘Σ_i y_i / N’."
        hint = Hint(words)
    elif context.scope.takes_any:
        words = f"{hint.words} For a product write ‘{function.text} (…)’ with a blank before the bracket.".lstrip()
        hint = Hint(words, (*hint.texts, f"{function.text} "))
    return context.refuse("unknown-function", f"There is no function ‘{function.text}’.", function.span, hint)


# --- built-in functions ----------------------------------------------------------------------------------------------


def _built_in(name: str, node: tree.Apply, context: Context, value: Translate) -> Typed:
    counts = {"min": 0, "max": 0, "clip": 3}
    nodes = _values(node, counts.get(name, FUNCTIONS.get(name, 1)), context)
    if nodes is None:
        return context.unknown
    values = [value(n, context) for n in nodes]
    if node.primes and (len(values) != 1 or name not in FUNCTIONS):
        return context.refuse("wrong-number-of-arguments", f"‘{name}’ has no derivative by one argument.", node.span)
    for i in range(1, len(values)):
        require_same(nodes[i - 1], values[i - 1].dim, nodes[i], values[i].dim, context, f"stand together in {name}(…)")
    if name not in SAME_DIMENSION and name not in ("sqrt", "sign", "step"):
        for n, v in zip(nodes, values, strict=True):
            require_dimension(n, v.dim, PURE, f"The argument of {name}(…)", context)
    return _at(values, node.primes, lambda arguments: _called(name, arguments))


def _called(name: str, values: list[Typed]) -> Typed:
    first = values[0]
    expressions: list[Expr] = [v.expr for v in values]
    if name == "clip":
        return Typed(Call("min", (Call("max", (expressions[0], expressions[1])), expressions[2])), first.dim)
    if name in ("min", "max"):
        return Typed(reduce(lambda left, right: Call(name, (left, right)), expressions), first.dim)  # max(a, b, c) is max(max(a, b), c)
    dim = first.dim if name in SAME_DIMENSION else first.dim ** Fraction(1, 2) if name == "sqrt" else PURE
    return Typed(Call(name, tuple(expressions)), dim)


def _values(node: tree.Apply, count: int, context: Context) -> list[tree.Expr] | None:
    """The argument expressions, or None after reporting a wrong number (0: at least two) or a keyword."""
    given = len(node.arguments)
    text = node.function.text if isinstance(node.function, tree.Name) else node.function.attribute.text
    keyword = next((a.keyword for a in node.arguments if a.keyword is not None), None)
    if keyword is not None:
        message = f"‘{text}’ takes its arguments in order, without ‘{keyword.text} =’."
        context.report.error("wrong-number-of-arguments", message, keyword.span)
        return None
    if (count and given != count) or (not count and given < 2):
        wanted = counted(count, "argument") if count else "at least 2 arguments"
        context.report.error("wrong-number-of-arguments", f"‘{text}’ takes {wanted}, not {given}.", node.span)
        return None
    return [a.value for a in node.arguments]


# --- user functions --------------------------------------------------------------------------------------------------


def _inline(node: tree.Apply, function: UserFunction, context: Context, value: Translate) -> Typed:
    nodes = _values(node, len(function.arguments), context)
    if nodes is None:
        return context.unknown
    if function in context.calls or len(context.calls) >= DEEPEST:
        circle = " → ".join(f.name.name for f in (*context.calls, function))
        return context.refuse("definition-cycle", f"The function ‘{function.name.text}’ is defined by itself: {circle}.", node.span)
    if next(context.written_out) > MOST:
        return _too_large(function, node, context)
    values = [value(n, context) for n in nodes]
    if node.primes and len(values) != 1:
        message = f"‘{function.name.text}'’ is a derivative by one argument, but ‘{function.name.text}’ has {len(values)}."
        return context.refuse("wrong-number-of-arguments", message, node.span, labels=(Label(function.span, "declared here"),))
    result = _at(values, node.primes, lambda arguments: _body(function, arguments, context, value))
    return result if _size(result.expr) <= LARGEST else _too_large(function, node, context)


def _too_large(function: UserFunction, node: tree.Apply, context: Context) -> Typed:
    message = f"‘{function.name.text}(…)’ becomes too large when the functions it uses are written out (more than {LARGEST} parts)."
    return context.refuse("expression-too-large", message, node.span, "Give an intermediate result a name of its own.")


def _body(function: UserFunction, values: list[Typed], context: Context, value: Translate) -> Typed:
    """The function's body with the argument values in place of the arguments."""
    names = {
        name.name: Declared(name.name, name.text, "an argument", v.expr, v.dim, span=name.span)
        for name, v in zip(function.arguments, values, strict=True)
    }
    scope = (function.scope or context.scope).child(names)
    return value(function.body, context.called(function, scope))


def _at(values: list[Typed], primes: int, function: Callable[[list[Typed]], Typed]) -> Typed:
    """The function at the values; with `primes`, its derivative by its one argument, so many times."""
    from plasticdsl.symbolic.derivative import differentiate

    if not primes:
        return function(values)
    at, argument = values[0], Ref(StandIn.ARGUMENT, "")
    body = function([Typed(argument, at.dim)])
    expr = body.expr
    for _ in range(primes):
        expr = differentiate(expr, argument)
    return Typed(substitute(expr, {argument: at.expr}), body.dim / at.dim**primes)


def _size(expr: Expr) -> int:
    """The number of parts of an expression as a tree; shared parts are counted wherever they stand but visited once."""
    sizes: dict[int, int] = {}
    waiting = [expr]
    while waiting:
        current = waiting[-1]
        below = [c for c in children(current) if id(c) not in sizes]
        if below:
            waiting.extend(below)
            continue
        sizes[id(current)] = 1 + sum(sizes[id(c)] for c in children(current))
        waiting.pop()
    return sizes[id(expr)]


def file_scope(functions: Mapping[str, Iterable[tree.Function]], outside: Scope) -> Scope:
    """The scope of `function` definitions, inside `outside` (the constants). `functions`: those in sight in each file, by its path."""
    files: dict[str, dict[str, Declared]] = {}
    scope = Scope({}, outside, files=files)
    for path, known in functions.items():
        written = [with_products(f, frozenset()) for f in known]
        users = [UserFunction(f.name, f.arguments, f.body, scope, f.span) for f in written]
        files[path] = {user.name.name: user.declared for user in users}
    return scope
