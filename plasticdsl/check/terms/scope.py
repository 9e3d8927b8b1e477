"""Names and what they mean: `Declared` entries in nested `Scope`s, and what every expression may use without declaring it.

A scope is a mapping with a parent and, where a block may use names it does not declare (synapses, rules), a function that makes an entry for
an undeclared name. `ex.w` is a name `ex` whose entry has a scope of its own as `members`. Undeclared are constants of nature, time, and the names of
built-in functions and distributions. Values: CODATA 2018 (exact since the SI of 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plasticdsl.check.report import Reporter
from plasticdsl.check.terms.unification import PURE, SECONDS, Dim, Solver
from plasticdsl.model import NamedEvent, Role, Variable
from plasticdsl.model.expr import FUNCTIONS, Expr, Number, Ref, Special
from plasticdsl.model.owners import Owner
from plasticdsl.model.presence import PRESENT
from plasticdsl.source import NOWHERE, Span
from plasticdsl.syntax import tree
from plasticdsl.syntax.words import RESERVED, reserved_message
from plasticdsl.units.dimension import dimension
from plasticdsl.units.table import AMOUNT, CHARGE, ENERGY

#: What kind of thing `refractory` is where no name of the author's is called so: 1 or 0, or a condition.
REFRACTORY = "whether the unit is refractory"
#: The same of `present`.
PRESENCE = "whether the connection is there"
#: The same of the name of a section: whether the segment belongs to it.
IN_SECTION = "a section"
TRUTHS = frozenset((REFRACTORY, PRESENCE, IN_SECTION))
#: What happens to units beside spikes.
EVENT = "an event"
#: The name on the left of the line that is read.
GETS_VALUE = "what gets its value here"
#: A file of arrays; where it holds one, its name stands for that.
SET_OF_DATA = "a set of data"
#: What kind of thing it is that a block does not declare itself.
OUTSIDE = "a value from outside"

_TIME: Mapping[str, str] = {"t": "the time", "dt": "the time step"}
_IN_BLOCKS: Mapping[str, str] = {**_TIME, "pre": "the presynaptic unit", "post": "the postsynaptic unit"}


@dataclass(frozen=True, slots=True)
class UserFunction:
    """`function σ(a) = …` or a local `F(Δt) = …`: inlined where it is applied. `scope` is the one it was written in (None: the caller's)."""

    name: tree.Name
    arguments: tuple[tree.Name, ...]
    body: tree.Expr
    scope: Scope | None
    span: Span

    @property
    def declared(self) -> Declared:
        """What its name stands for."""
        return Declared(self.name.name, self.name.text, "a function", function=self, span=self.name.span)


@dataclass(frozen=True, slots=True)
class Declared:
    """One name: what a reference to it becomes (`expr`) and its dimension, or its members, or its function; a block or a data set has none of these.

    `what` names its kind to the reader ("a parameter", "a population"); `hint` says what else to write where it has no value.
    """

    name: str
    symbol: str
    what: str
    expr: Expr | None = None
    dim: Dim | None = None
    members: Scope | None = None
    function: UserFunction | None = None
    span: Span = NOWHERE
    hint: str = ""

    @property
    def has_no_value(self) -> bool:
        """Whether nothing could be multiplied by it: a function, an event, or what only has members that have values. A set of data may be a number."""
        if self.expr is not None:
            return False
        return self.function is not None or self.what in (EVENT, GETS_VALUE) or (self.members is not None and self.what != SET_OF_DATA)


_ROLES: Mapping[Role, str] = {
    Role.PARAMETER: "a parameter",
    Role.GIVEN: "a parameter",
    Role.STATE: "a state",
    Role.DEFINITION: "a definition",
    Role.INPUT: "an input",
    Role.CLAMPED: "a value that phases set",
    Role.REFRACTORY: REFRACTORY,
}


def entries(variables: Iterable[Variable], dims: Mapping[str, Dim], owner: Owner) -> dict[str, Declared]:
    """Those of the variables that have a dimension; references to them have this owner."""
    known = [v for v in variables if v.name in dims]
    found = {v.name: Declared(v.name, v.symbol, _ROLES[v.role], Ref(owner, v.name), dims[v.name], span=v.span) for v in known}
    if PRESENT in found and any(v.name == PRESENT and v.role is Role.STATE and v.values == (0.0, 1.0) for v in known):
        found[PRESENT] = replace(found[PRESENT], what=PRESENCE)
    return found


def seen(variables: Sequence[Variable], owner: Owner, solver: Solver) -> dict[str, Declared]:
    """Variables of a checked network; where it is free of units they have whatever dimension is asked of them."""
    return entries(variables, {v.name: solver.of(v.dimension) for v in variables}, owner)


def seen_events(events: Iterable[NamedEvent], owner: Owner) -> dict[str, Declared]:
    """Events of units, which have no value: what waits for them or counts them takes their reference."""
    return {e.name: Declared(e.name, e.symbol, EVENT, Ref(owner, e.name), span=e.when.span) for e in events}


Missing = Callable[[tree.Name], "Declared | None"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Names in sight. `missing` is asked when neither this scope nor its parents know a name; it may report or declare. `files`: names that are in
    sight of what is written in the file of that path, and of nothing else."""

    names: Mapping[str, Declared] = field(default_factory=dict)
    parent: Scope | None = None
    missing: Missing | None = None
    files: Mapping[str, Mapping[str, Declared]] = field(default_factory=dict)

    def find(self, name: tree.Name | str) -> Declared | None:
        """The entry of a name as it is written, or of a canonical name wherever it may be written, without asking `missing`."""
        canonical, path = (name, "") if isinstance(name, str) else (name.name, name.span.path)
        scope: Scope | None = self
        while scope is not None:
            if canonical in scope.names:
                return scope.names[canonical]
            if canonical in scope.files.get(path, ()):
                return scope.files[path][canonical]
            scope = scope.parent
        return None

    def lookup(self, name: tree.Name) -> Declared | None:
        """The entry of a written name; the innermost `missing` that knows it decides on undeclared ones."""
        found = self.find(name)
        scope: Scope | None = self
        while found is None and scope is not None:
            found = scope.missing(name) if scope.missing is not None else None
            scope = scope.parent
        return found

    @property
    def takes_any(self) -> bool:
        """Whether a name that nothing declares here may be declared by another block."""
        return self.missing is not None or (self.parent is not None and self.parent.takes_any)

    def child(self, names: Mapping[str, Declared], missing: Missing | None = None) -> Scope:
        """A scope inside this one."""
        return Scope(names, self, missing)

    def all_names(self, path: str) -> dict[str, Declared]:
        """Everything in sight of what is written in the file `path`, inner names over outer ones."""
        outer = self.parent.all_names(path) if self.parent is not None else {}
        return {**outer, **self.files.get(path, {}), **self.names}


def check_declarable(name: tree.Name, report: Reporter, *, in_block: bool = False) -> None:
    """Reports a name that nothing can have; `in_block`: of a neuron, synapse or rule."""
    meaning = (_IN_BLOCKS if in_block else _TIME).get(name.name)
    if meaning is not None:
        report.error("reserved-word", f"‘{name.text}’ is {meaning} and cannot be another name.", name.span)
    elif name.text in RESERVED:
        report.error("reserved-word", reserved_message(name.text), name.span, "Choose another name.")


def check_different(names: Iterable[tree.Name], message: str, report: Reporter) -> None:
    """Reports each name that stands there already; `message` with `{}` for it."""
    first: dict[str, tree.Name] = {}
    for name in names:
        known = first.setdefault(name.name, name)
        if known is not name:
            report.twice(message.format(name.text), name.span, known.span)


# --- what need not be declared ---------------------------------------------------------------------------------------


#: Other spellings of built-in functions.
RENAMED = {
    "Theta": "step", "heaviside": "step", "ln": "log", "sgn": "sign", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
}  # fmt: skip

#: Functions whose value has the dimension of their arguments; all others take and give pure numbers (but `sqrt`, `sign`, `step`).
SAME_DIMENSION = frozenset(("abs", "min", "max", "mod", "clip"))

#: Distributions: name → arguments.
DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "N": ("mean", "sd"), "U": ("low", "high"), "Gamma": ("shape", "scale"), "LogN": ("mean", "sd"), "Exp": ("mean",),
    "Bernoulli": ("p",), "Binomial": ("n", "p"), "Poisson": ("mean",),
}  # fmt: skip

_KELVIN = dimension(k=1)

_CONSTANTS: tuple[tuple[str, str, Expr, Dim, str], ...] = (
    ("pi", "π", Number(3.141592653589793), PURE, "a constant"),
    ("faraday", "faraday", Number(96485.33212331001), Dim(CHARGE / AMOUNT), "a constant"),
    ("gas_constant", "gas_constant", Number(8.31446261815324), Dim(ENERGY / AMOUNT / _KELVIN), "a constant"),
    ("elementary_charge", "elementary_charge", Number(1.602176634e-19), Dim(CHARGE), "a constant"),
    ("boltzmann", "boltzmann", Number(1.380649e-23), Dim(ENERGY / _KELVIN), "a constant"),
    ("avogadro", "avogadro", Number(6.02214076e23), Dim(dimension(mol=-1)), "a constant"),
    ("t", "t", Special("t"), SECONDS, "the time"),
    ("dt", "dt", Special("dt"), SECONDS, "the time step"),
)


def constants() -> Scope:
    """The outermost scope: π, faraday, gas_constant, elementary_charge, boltzmann, avogadro, the time t and the step dt."""
    return Scope({name: Declared(name, symbol, what, expr, dim) for name, symbol, expr, dim, what in _CONSTANTS})


def known_functions() -> frozenset[str]:
    """Every name that is a built-in function."""
    return frozenset(FUNCTIONS) | {"Θ", "ln", "clip", "before", "after", "chance"}
