"""What the names say that nobody declares: functions, distributions, statistics, sources, constants. A name comes in, a sentence goes out."""

from __future__ import annotations

from collections.abc import Mapping

#: Functions of values, as they are applied.
FUNCTIONS: Mapping[str, tuple[str, str]] = {
    "exp": ("exp(x)", "The exponential function, eˣ."),
    "log": ("log(x)", "The natural logarithm."),
    "ln": ("ln(x)", "The natural logarithm."),
    "log10": ("log10(x)", "The logarithm to the base 10."),
    "sqrt": ("sqrt(x)", "The square root, √x."),
    "sin": ("sin(x)", "The sine of an angle in radians."),
    "cos": ("cos(x)", "The cosine of an angle in radians."),
    "tan": ("tan(x)", "The tangent of an angle in radians."),
    "arcsin": ("arcsin(x)", "The angle (radians) whose sine is x."),
    "arccos": ("arccos(x)", "The angle (radians) whose cosine is x."),
    "arctan": ("arctan(x)", "The angle (radians) whose tangent is x."),
    "sinh": ("sinh(x)", "The hyperbolic sine."),
    "cosh": ("cosh(x)", "The hyperbolic cosine."),
    "tanh": ("tanh(x)", "The hyperbolic tangent."),
    "expm1": ("expm1(x)", "exp(x) − 1, exact near 0."),
    "log1p": ("log1p(x)", "log(1 + x), exact near 0."),
    "erf": ("erf(x)", "The error function."),
    "abs": ("abs(x)", "The absolute value, |x|."),
    "sign": ("sign(x)", "−1, 0 or 1."),
    "step": ("step(x)", "The Heaviside function Θ: 1 where x > 0, else 0."),
    "Θ": ("Θ(x)", "The Heaviside function: 1 where x > 0, else 0."),
    "floor": ("floor(x)", "The largest whole number that is not above x."),
    "ceil": ("ceil(x)", "The smallest whole number that is not below x."),
    "round": ("round(x)", "The nearest whole number."),
    "min": ("min(a, b, …)", "The least of several values; in an experiment also of all units."),
    "max": ("max(a, b, …)", "The largest of several values; in an experiment also of all units."),
    "mod": ("mod(x, y)", "The remainder of x divided by y."),
    "clip": ("clip(x, low, high)", "x, held between low and high."),
    "x_over_expm1": ("x_over_expm1(x)", "x/(exp(x) − 1), and 1 at 0."),
    "expm1_over_x": ("expm1_over_x(x)", "(exp(x) − 1)/x, and 1 at 0."),
    "before": ("before(r)", "r just before the event, r⁻."),
    "after": ("after(r)", "r just after the event, r⁺."),
    "chance": ("chance(p)", "True with probability p, drawn at each event."),
    "one_hot": ("one_hot(k, n)", "n values, 1 for class k (from 0) and 0 for the others."),
    "cylinder": ("cylinder(diameter 1 µm, length 300 µm, 300 segments)", "A section of cable."),
    "sphere": ("sphere(diameter 20 µm)", "A section that is one segment without a length."),
    "morphology": ('morphology("cell.swc", length 20 µm)', "Sections from a file; the length is that of the longest segment."),
    "hold": ("hold(y)", "y, taken to be constant in gradients."),
    "axial": ("axial(V, R_i)", "The current along the cable from neighbouring segments, for each area."),
    "diffusion": ("diffusion(Ca, D)", "The rate by diffusion from neighbouring segments."),
}

DISTRIBUTIONS: Mapping[str, tuple[str, str]] = {
    "N": ("N(mean, sd)", "A normal distribution."),
    "U": ("U(low, high)", "A uniform distribution."),
    "Gamma": ("Gamma(shape, scale)", "A gamma distribution."),
    "LogN": ("LogN(mean, sd)", "A log-normal distribution with this mean and standard deviation of its own."),
    "Exp": ("Exp(mean)", "An exponential distribution."),
    "Bernoulli": ("Bernoulli(p)", "1 with probability p, else 0."),
    "Binomial": ("Binomial(n, p)", "How many of n chances of p come true."),
    "Poisson": ("Poisson(mean)", "A whole number of this mean, by chance."),
}

SOURCES: Mapping[str, tuple[str, str]] = {
    "Poisson": ("Poisson(rate = 10 Hz)", "Units that spike by chance at this rate."),
    "Regular": ("Regular(rate = 10 Hz, start = 0 ms, count = 5)", "Units that spike in a rhythm."),
    "SpikeTimes": ("SpikeTimes([10, 20] ms)", "Units that spike at given times."),
    "Source": ("Source", "Units whose output ‘x’ is set by phases, patterns or data."),
}

STATISTICS: Mapping[str, tuple[str, str]] = {
    "spikes": ("spikes(E)", "The spikes of a population, to record."),
    "raster": ("raster(E)", "The spikes of populations as dots, to plot."),
    "isi_histogram": ("isi_histogram(E)", "How the intervals between spikes are distributed, to plot."),
    "rate": ("rate(E)", "Spikes for each unit and second; ‘rate(E, 5 s)’ of the last 5 s."),
    "psth": ("psth(E, 5 ms, phase)", "Spikes for each unit and second, in bins behind a phase or another rhythm."),
    "correlogram": ("correlogram(E, I, 1 ms, 50 ms)", "Pairs of spikes of different units by their lag."),
    "autocorrelogram": ("autocorrelogram(E, 1 ms, 50 ms)", "Pairs of spikes of each unit with itself by their lag."),
    "intervals": ("intervals(E, 5 ms, 200 ms)", "How many intervals between spikes of a unit there are, in bins."),
    "spectrum": ("spectrum(E.V, 1 s)", "The power spectral density."),
    "synchrony": ("synchrony(E.V)", "How far units move together, from 0 to 1."),
    "spike_count": ("spike_count(E)", "The number of spikes of all units."),
    "cv": ("cv(E)", "The coefficient of variation of intervals between spikes, mean over units."),
    "cv2": ("cv2(E)", "How much intervals differ from the next, mean over units."),
    "lv": ("lv(E)", "The local variation of intervals, mean over units."),
    "fano": ("fano(E, 100 ms)", "The variance of counts in windows over their mean."),
    "count_correlation": ("count_correlation(E, 100 ms)", "How counts of two units are correlated, mean over pairs."),
    "spike_time": ("spike_time(E, 1)", "When the first (second, last: −1) spike was."),
    "isi": ("isi(E, 1)", "The time from this spike to the next."),
    "mean": ("mean(E.V)", "The mean over units or connections."),
    "sd": ("sd(E.V)", "The standard deviation over units or connections."),
    "std": ("std(E.V)", "The standard deviation over units or connections."),
    "min": ("min(E.V)", "The least value of all units or connections."),
    "max": ("max(E.V)", "The largest value of all units or connections."),
    "median": ("median(E.V)", "The median over units or connections."),
    "sum": ("sum(E.V)", "The sum over units or connections."),
    "norm": ("norm(ex.w)", "The square root of the sum of squares."),
    "argmax": ("argmax(E.y)", "The number (from 0) of the unit with the largest value."),
    "fraction": ("fraction(ex.w > 0.5)", "The share of units or connections for which a condition holds."),
    "count": ("count(ex.w > 0.5)", "The number of units or connections for which a condition holds."),
    "correlation": ("correlation(E.x, E.y)", "Pearson’s coefficient of two values."),
    "histogram": ("histogram(ex.w, 20)", "How values are distributed, in so many bins."),
    "contours": ("contours(cell.V)", "Contour lines over a plane, to plot."),
}

CONSTANTS: Mapping[str, tuple[str, str]] = {
    "pi": ("π", "3.14159…"),
    "π": ("π", "3.14159…"),
    "faraday": ("faraday", "Faraday’s constant, 96485.33 C/mol."),
    "gas_constant": ("gas_constant", "The gas constant, 8.314463 J/(mol·K)."),
    "elementary_charge": ("elementary_charge", "1.602177e-19 C."),
    "boltzmann": ("boltzmann", "Boltzmann’s constant, 1.380649e-23 J/K."),
    "avogadro": ("avogadro", "Avogadro’s constant, 6.022141e23 /mol."),
    "t": ("t", "The time since the run began."),
    "dt": ("dt", "The length of a step."),
}

#: What synapses and rules know of the two units.
OF_CONNECTIONS: Mapping[str, tuple[str, str]] = {
    "pre": ("pre.V", "The presynaptic unit."),
    "post": ("post.V", "The postsynaptic unit."),
    "S_pre": ("S_pre", "The spike train of the presynaptic unit."),
    "S_post": ("S_post", "The spike train of the postsynaptic unit."),
    "t_pre": ("t_pre", "The time of the presynaptic spike of a pair."),
    "t_post": ("t_post", "The time of the postsynaptic spike of a pair."),
    "N_pre": ("N_pre", "How many units there are on the presynaptic side."),
    "N_post": ("N_post", "How many units there are on the postsynaptic side."),
}


def meaning(name: str, rule: str) -> tuple[str, str] | None:
    """How a built-in name is written, and what it is, in statements that `rule` reads; None for any other name."""
    tables = {
        "procedure": (STATISTICS, FUNCTIONS, CONSTANTS),
        "row": (STATISTICS, FUNCTIONS, CONSTANTS),
        "network": (FUNCTIONS, SOURCES, DISTRIBUTIONS, STATISTICS, CONSTANTS),
        "unit_value": (FUNCTIONS, DISTRIBUTIONS, CONSTANTS),
    }
    places = tables.get(rule, (FUNCTIONS, DISTRIBUTIONS, CONSTANTS, OF_CONNECTIONS, STATISTICS))
    return next((table[name] for table in places if name in table), None)
