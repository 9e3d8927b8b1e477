"""`w_ij = w_ji`: the connections of a population with itself are alike in both directions, and stay so.

Comes in: what a projection gives, and later the finished network. Goes out: the names that are meant, and findings: where there is no other direction,
connections that cannot be alike, and changes that would not keep it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from plasticdsl.check.report import Reporter
from plasticdsl.diagnostics.diagnostic import Label
from plasticdsl.diagnostics.suggest import did_you_mean
from plasticdsl.model import Block, Connectivity, Network, Presence, Projection, Role
from plasticdsl.model.expr import Expr, Negate, Ref, rebuild
from plasticdsl.model.owners import Whose
from plasticdsl.model.pretty import pretty
from plasticdsl.syntax import tree

Statement = tree.Define | tree.Draw | tree.Initial

_DRAWN = ("in-degree", "out-degree")


def taken_out(values: Sequence[Statement]) -> tuple[tuple[tree.Name, ...], tuple[Statement, ...]]:
    """The names that are said to be alike in both directions (with the place of the equation), and all other values."""
    named = [(statement, _symmetric_name(statement)) for statement in values]
    return tuple(name for _, name in named if name is not None), tuple(statement for statement, name in named if name is None)


def _symmetric_name(statement: Statement) -> tree.Name | None:
    """w of `w_ij = w_ji`."""
    if not isinstance(statement, tree.Define):
        return None
    left, right = _indexed(statement.target), _indexed(statement.rhs)
    if left is None or right is None or left[0].name != right[0].name or {left[1], right[1]} != {"ij", "ji"}:
        return None
    return replace(left[0], span=statement.span)


def _indexed(node: tree.Expr) -> tuple[tree.Name, str] | None:
    match node:
        case tree.Name(name=name, text=text) if name.endswith(("_ij", "_ji")):
            return replace(node, name=name[:-3], text=re.sub(r"_?\{?(?:ij|ji|ᵢⱼ|ⱼᵢ)\}?$", "", text)), name[-2:]
        case tree.Indexed(base=tree.Name() as base, indices=(tree.Name(name=i), tree.Name(name=j))):
            return base, f"{i}{j}"
        case _:
            return None


def symmetric(names: Sequence[tree.Name], block: Block, pre: str, post: str, connected: Connectivity, report: Reporter) -> tuple[str, ...]:
    """The variables meant by `names`, for a projection from `pre` to `post`; reports what cannot be alike in both directions."""
    found: list[str] = []
    for name in names:
        variable = block.variable(name.name)
        if variable is None:
            message = f"Nothing in this projection is called ‘{name.text}’."
            report.error("unknown-parameter", message, name.span, did_you_mean(name.text, [v.symbol for v in block.variables]))
        elif variable.role not in (Role.STATE, Role.PARAMETER, Role.GIVEN):
            message = f"‘{variable.symbol}’ follows from other quantities, so it cannot be told to be alike in both directions."
            report.error("not-a-parameter", message, name.span, "Say it of what it follows from.")
        elif pre != post:
            equation = f"‘{name.text}_ij = {name.text}_ji’"
            message = f"{equation} is about both directions between units of one population; this goes from ‘{pre}’ to ‘{post}’."
            report.error("not-symmetric", message, name.span)
        elif block.presence is not Presence.FIXED:
            message = "Connections that come and go do so each for itself, so that one need not have one in the other direction."
            report.error("not-symmetric", message, name.span, "Leave the equation out, or the lines ‘prune …’ and ‘grow …’ of the rule.")
        elif connected.kind in _DRAWN or connected.repeats:
            message = "With a degree each unit draws its partners by itself, so that a connection need not have one in the other direction."
            report.error(
                "not-symmetric", message, connected.span, "Draw pairs with a probability, ‘p = 0.1’; each pair is then drawn once."
            )
        else:
            found.append(variable.name)
    return tuple(dict.fromkeys(found))


# --- what changes them -----------------------------------------------------------------------------------------------


def with_symmetry(network: Network, report: Reporter) -> Network:
    """The network with what its symmetric variables depend on; reports changes that do not keep them alike."""
    if not any(p.symmetric for p in network.projections):
        return network
    return replace(network, projections=tuple(_checked(p, network, report) if p.symmetric else p for p in network.projections))


def _checked(projection: Projection, network: Network, report: Reporter) -> Projection:
    from plasticdsl.derive.symmetry import Lasting, examined

    found = examined(projection)
    if isinstance(found, Lasting):
        return replace(projection, alike=found.parameters, partners=found.states)
    symbol = next(v.symbol for v in projection.connection.variables if v.name == found.variable)
    said = next(v.symbol for v in projection.connection.variables if v.name == projection.symmetric[0])
    who = f"‘{found.source}’" if found.source else "it"
    if found.term is None or found.opposite is None:
        message = f"‘{said}_ij = {said}_ji’ would not last: {f'in {who}, ' if found.source else ''}{found.why}."
    else:
        one, two = (_shown(e, projection, network) for e in (found.term, found.opposite))
        message = f"‘{said}_ij = {said}_ji’ would not last: {who} changes {symbol}_ij by ‘{one}’ and {symbol}_ji by ‘{two}’."
    hint = "A rule keeps it if nothing changes when pre and post change places, as ‘x y’; else leave the equation out."
    report.error("not-symmetric", message, found.span, hint, (Label(projection.span, "in this projection"),))
    return projection


def _shown(expr: Expr, projection: Projection, network: Network) -> str:
    """In terms of i and j."""
    units = next(p.block for p in network.populations if p.name == projection.pre)
    own = {v.name: v for v in projection.connection.variables}
    letters = {Whose.PRE: "j", Whose.POST: "i"}

    def read(node: Expr) -> Expr:
        match node:
            case Ref(Whose.PRE | Whose.POST as side, name, limit):
                variable = units.variable(name)
                return Ref(Whose.OWN, f"{name if variable is None else variable.symbol}_{letters[side]}", limit)
            case Ref(Whose.OWN, name, limit) if name in own:
                return Ref(Whose.OWN, f"{own[name].symbol}_ij" if own[name].role is Role.STATE else own[name].symbol, limit)
            case _:
                return rebuild(node, read)

    plain = read(expr)
    sign, body = ("−", plain.operand) if isinstance(plain, Negate) else ("", plain)
    return sign + pretty(body).replace(" * ", " ").replace("-", "−")
