r"""Letters and signs that keyboards lack, by a name behind a backslash: `\tau` → τ, `\_+` → ₊, `\^2` → ², `\le` → ≤. The names are those of TeX."""

from __future__ import annotations

from collections.abc import Mapping

from plasticdsl.names import GREEK

_GREEK = dict(zip(GREEK, "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
_CAPITALS = dict(zip((g.capitalize() for g in GREEK), "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", strict=True))
_OTHER_LETTERS = {"varepsilon": "ε", "vartheta": "ϑ", "varphi": "ϕ", "ell": "ℓ", "micro": "µ", "ohm": "Ω"}
_LOWERED = {
    **dict(zip((f"_{c}" for c in "0123456789aehijklmnoprstuvx+-"), "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₊₋", strict=True)),
    **dict(zip(("_beta", "_gamma", "_rho", "_phi", "_chi"), "ᵦᵧᵨᵩᵪ", strict=True)),
}
_RAISED = dict(zip((f"^{c}" for c in "0123456789+-T"), "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀ", strict=True))
_ACCENTS = {"bar": "\u0304", "hat": "\u0302", "tilde": "\u0303", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7"}
_SIGNS = {
    "partial": "∂", "sum": "Σ", "sqrt": "√", "infty": "∞", "to": "→", "rightarrow": "→", "rightleftharpoons": "⇌", "leftrightarrow": "⇌",
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "approx": "≈", "pm": "±", "in": "∈", "cdot": "·", "times": "×",
    "langle": "⟨", "rangle": "⟩", "top": "ᵀ", "emptyset": "∅", "minus": "−", "half": "½", "third": "⅓", "quarter": "¼",
    "->": "→", "<->": "⇌", "<=": "≤", ">=": "≥", "!=": "≠", "~=": "≈", "+-": "±", "...": "…",
}  # fmt: skip

#: What stands for what. Accents go on the letter before them.
SIGNS: Mapping[str, str] = {**_GREEK, **_CAPITALS, **_OTHER_LETTERS, **_LOWERED, **_RAISED, **_ACCENTS, **_SIGNS}
