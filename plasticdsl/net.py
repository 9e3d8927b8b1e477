"""`Net`: a network that a Python program runs bit by bit, looks into and changes.

Arrays that it hands out (`net["cell"].V`) behave like the state itself between runs: what is written into them is what the network goes on with, and after
each run they hold the new values. All values in SI; units are counted from 0, as in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from plasticdsl.bars import shown
from plasticdsl.diagnostics.diagnostic import Diagnostic, PlasError
from plasticdsl.loans import WRITABLE, Loans
from plasticdsl.model import Network, Variable
from plasticdsl.model.changing import obstacles
from plasticdsl.model.experiments import Experiment
from plasticdsl.model.expr import Ref
from plasticdsl.model.owners import OfProjection, Whose
from plasticdsl.model.parts import Emitted, NamedPart
from plasticdsl.model.right_sides import PARAMETERS
from plasticdsl.names import canonical
from plasticdsl.net_parts import Part, like, parameter_of, part_named, plastic, read_only, written_projections
from plasticdsl.net_views import Form, connections_of, html_of, line_of
from plasticdsl.plotting import figure_now
from plasticdsl.runtime.engine import state_file as store
from plasticdsl.runtime.engine.engine import Engine
from plasticdsl.runtime.instance import settings
from plasticdsl.runtime.instance.settings import Given, Settings
from plasticdsl.runtime.instance.sources import FIRST_STEPS, complete_until, extend_spikes, lay_down
from plasticdsl.runtime.numbers.evaluate import units_of
from plasticdsl.runtime.play.experiment import Workshop
from plasticdsl.runtime.play.guard import Guard, NotFinite
from plasticdsl.runtime.play.progress import Interruption, Pace, Progress
from plasticdsl.runtime.play.schedule import run_rounded
from plasticdsl.runtime.watch.observer import Observer
from plasticdsl.runtime.watch.spikes import SpikeHistory, Spikes, called, event_of, logged, of_units
from plasticdsl.support.arrays import Floats, Integers
from plasticdsl.support.steps import Durations, to_steps
from plasticdsl.support.values import not_allowed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: After so many runs of one step everything is looked at, and not states alone.
_ONE_STEP_RUNS_PER_LOOK = 100


class Net:
    """One network with its state. `net["cell"]` is a population, `net["ex"]` or `net["inputs -> cell"]` a projection.

    Made by `Model.build`.
    """

    def __init__(
        self,
        workshop: Workshop,
        wishes: Settings,
        seed: int,
        dt: float,
        in_steps: bool,
        log: Iterable[str] | None,
        explained: Callable[[], AbstractContextManager[None]],
        line_on: Callable[[float | None, int, str], Experiment],
    ) -> None:
        self._workshop, self._wishes, self._in_steps, self._explained, self._line_on = workshop, wishes, in_steps, explained, line_on
        self._asked = Durations(dt)
        self._base = workshop.instantiate(dt, seed, wishes)
        self._changed: dict[Ref, Given] = {}
        self._observer = Observer(workshop.network, workshop.engine(self._base, wishes), in_steps)
        self._spikes = SpikeHistory(self._engine, logged(workshop.network, log))
        self._loans = Loans(self._observer, self._write)
        self._guard = Guard(self._observer, in_steps, lambda step: self._engine.advance(step - self.step))
        self._parts: dict[str, Part] = {}
        self._one_step_runs, self._complete = 0, complete_until(self._base)

    # --- running ---

    def run(self, duration: str | float | None = None, *, steps: int | None = None, progress: Progress | bool | None = None) -> None:
        """Goes on for a duration (`"10 s"`, `"200 steps"`, or seconds), or for so many steps. `progress` as in `Model.build`.

        Durations are put on the grid once for all runs together: at dt = 0.1 ms a hundred runs of 0.25 ms last 25 ms. Raises ValueError for a
        duration that is none or shorter than a step, `PlasError` where something has no finite value any more; the network then stands where
        everything still had one, but after a single step. Ctrl-C stops after a whole step, from where the network can go on.
        """
        if steps == 1 and duration is None:
            self._run_one()
            return
        if (duration is None) == (steps is None):
            raise ValueError('give either a duration, run("10 s"), or steps, run(steps=100)')
        count = steps if steps is not None else self._steps_of(duration or 0.0)
        if isinstance(count, bool) or not isinstance(count, int | np.integer):
            raise ValueError(f"steps is {count!r}, but must be a whole number")
        if count < 0:
            raise ValueError(f"a network cannot run backwards ({count} steps)")
        self._loans.push()
        with self._explained():
            self._extend(self.step + count)
            try:
                with shown(progress) as bar:
                    interrupted = self._advance(self.step + count, bar)
            except NotFinite:
                self._spikes.rewind()
                self._asked.left = 0.0
                raise
            finally:
                self._loans.pull()
        if interrupted:
            self._asked.left = 0.0
            raise KeyboardInterrupt

    def _run_one(self) -> None:
        """One step, as loops of a program do many. States are looked at after each, rates and definitions now and then."""
        self._loans.push()
        engine = self._observer.engine
        try:
            if self._complete <= engine.step:
                self._extend(engine.step + 1)
                engine = self._observer.engine
            engine.once()
            self._one_step_runs += 1
            if not engine.all_finite() or self._one_step_runs % _ONE_STEP_RUNS_PER_LOOK == 0:
                self._guard.forget()
                self._guard.look()
        except PlasError:
            with self._explained():
                raise
        finally:
            self._loans.pull()

    def _steps_of(self, duration: str | float) -> int:
        seconds = settings.duration(duration, self.dt)
        if seconds < 0.0:
            raise ValueError(f"a duration cannot be negative: ‘{duration}’")
        if seconds > 0.0 and to_steps(seconds, self.dt) == 0:
            step = "time is counted in steps here: write ‘10 steps’, or build with dt=…" if self._in_steps else f"a step is {self.dt:g} s"
            raise ValueError(f"‘{duration}’ is less than half a step; {step}")
        return self._asked.steps(seconds)

    def _advance(self, end: int, bar: Progress) -> bool:
        pace, begin = Pace(), self.step
        if end - self.step > 1:
            self._guard.remember()
        else:
            self._guard.forget()
        with Interruption() as interruption:
            while self.step < end and not interruption.requested:
                before = self.step
                self._engine.advance(min(end - before, pace.chunk()))
                if pace.done(self.step - before):
                    bar.show((self.step - begin) / (end - begin), "running")
                    self._spikes.collect()
                    self._guard.glance()
            self._spikes.collect()
            self._guard.look()
            return interruption.requested

    def _extend(self, end: int) -> None:
        """Endless regular sources are worked out as far as they are needed, and some way ahead: there may be many short runs."""
        if extend_spikes(self._engine.instance, end, ahead=end // 4 + FIRST_STEPS):
            engine = self._workshop.engine(self._engine.instance, {**self._wishes, **self._changed})
            engine.restore(self._engine.snapshot())
            self._go_on_with(engine)

    def _go_on_with(self, engine: Engine) -> None:
        self._spikes.follow(engine)
        self._loans.follow(engine)
        self._observer.engine, self._complete = engine, complete_until(engine.instance)

    # --- what there is ---

    @property
    def _network(self) -> Network:
        return self._workshop.network

    @property
    def _engine(self) -> Engine:
        return self._observer.engine

    @property
    def name(self) -> str:
        """The name of the network."""
        return self._network.name

    @property
    def dt(self) -> float:
        """The step in s; nominally 1 s where time is counted in steps."""
        return self._engine.instance.dt

    @property
    def seed(self) -> int:
        """What all random numbers come from."""
        return self._engine.instance.seed

    @property
    def step(self) -> int:
        """Whole steps done."""
        return self._engine.step

    @property
    def time(self) -> float:
        """Seconds done."""
        return self.step * self.dt

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What was noticed when it was built and run: a delay or a run that is no whole number of steps, for instance."""
        found = self._asked.rounded
        return (*self._engine.instance.warnings, *(() if found is None else (run_rounded(found, self.dt),)))

    @property
    def populations(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(p.name for p in self._network.populations)

    @property
    def projections(self) -> tuple[str, ...]:
        """Their names; those that are written."""
        return written_projections(self._network)

    def __getitem__(self, name: str) -> Any:
        """A population or projection; a set of patterns; an observable or parameter of the network as it is now (a float or a read-only array)."""
        if name in self._parts:
            return self._parts[name]
        if canonical(name) in self._engine.instance.patterns:
            return self.patterns(name)
        if canonical(name) in {v.name for v in self._network.variables}:
            return self._of_network(canonical(name))
        named = self._named(name)
        if named is not None:
            return Part(self, part_named(self._network, named.population))[self._units(named)]
        return self._parts.setdefault(name, Part(self, part_named(self._network, name)))

    def __setitem__(self, name: str, value: float | str) -> None:
        """Another value of a parameter of the network, in SI or as text with a unit; all that reads it follows."""
        variable = parameter_of(self._network, name)
        if np.ndim(value):
            raise ValueError(f"{name} is one number, not an array of shape {np.shape(value)}")
        self._loans.push()
        self._change(Ref(Whose.NETWORK, variable.name), variable, value)
        self._loans.pull()

    def _named(self, name: str) -> NamedPart | None:
        """The part of a population with this name."""
        return next((p for p in self._network.parts if canonical(name) == p.name), None)

    def _units(self, named: NamedPart) -> slice | Integers:
        """Its units (from 0), as a slice where they follow each other."""
        found = units_of(named.units, self._observer.size(named.population), lambda number: float(self._observer.value(number)))
        return slice(int(found[0]), int(found[-1]) + 1) if np.all(np.diff(found) == 1) else found

    def _of_network(self, name: str) -> float | Floats:
        self._loans.push()
        found = read_only(np.array(self._observer.value(Ref(Whose.NETWORK, name)), dtype=np.float64))
        return found if found.ndim else float(found)

    def patterns(self, name: str) -> Floats:
        """A set of patterns, float64[patterns, units] (read-only); also `net[name]`."""
        sets = self._engine.instance.patterns
        if canonical(name) not in sets:
            raise KeyError(f"there are no patterns {name}; there is {', '.join(sets) or 'none'}")
        return read_only(sets[canonical(name)].view())

    def __iter__(self) -> Iterator[str]:
        return iter((*self.populations, *self.projections))

    def __repr__(self) -> str:
        return line_of(self)

    def _repr_html_(self) -> str:
        """What a notebook displays: populations and projections with their sizes."""
        return html_of(self)

    def connections(self, projection: str, values: str | None = None, *, form: Form = "sparse") -> Any:
        """The connections of a projection as they are now.

        `form="sparse"`: a `scipy.sparse.coo_array` [post units, pre units], as `Model.build` takes it, whose entries are the weights in SI, another
        variable (`values="c"`), or 1 where there are none; several connections of a pair are several entries. `form="pandas"`: a `DataFrame` with a row
        for each connection: `pre`, `post` (units from 0), what each has of its own (SI) and delays (s). Raises KeyError, AttributeError for `values`.
        """
        return connections_of(self, Part(self, part_named(self._network, projection)), values, form)

    # --- spikes ---

    def spikes(self, population: str) -> Spikes:
        """All spikes of a population since the network was built (or its state loaded); of `E.burst` when that event has happened."""
        train, named = self._emitted(population)
        if train not in self._spikes.kept:
            kept = ", ".join(map(called, self._spikes.kept)) or "none"
            raise KeyError(f"the spikes of {population} are not kept (name it in `log` when building); those that are: {kept}")
        chosen = None if named is None else np.arange(self._observer.size(train[0]))[self._units(named)]
        steps, units = of_units(self._spikes.train(train), chosen)
        return Spikes(steps.astype(np.float64) * self.dt, units.copy())

    def spike_count(self, population: str) -> int:
        """How many spikes a population has fired, or how often an event (`E.burst`) has happened to its units."""
        return self._engine.spike_count(*self._emitted(population)[0])

    def _emitted(self, name: str) -> tuple[Emitted, NamedPart | None]:
        """A population, or a part of one with a name, and behind a dot one of its events. Raises KeyError."""
        whose, _, event = name.partition(".")
        named = self._named(whose)
        return event_of(part_named(self._network, whose if named is None else named.population), event), named

    def plot(self, line: str) -> Figure:
        """A figure of the network as it stands, from a plot line as experiments have them, `net.plot("raster(E) over last 200 ms")`: of all spikes that
        are kept, and of anything else as it is now. Raises `PlasError` for what is wrong with the line, or was not kept."""
        self._loans.push()
        drawn = self._line_on(None if self._in_steps else self.dt, self.step, line)
        return figure_now(drawn, line, self._observer, self._spikes)

    # --- rules, and from the beginning ---

    def rules(self, on: bool, *names: str) -> None:
        """Rules hold the weights (False) or change them (True): all of them, or those named, by themselves or by their projections.

        Raises KeyError for a name that no rule has, ValueError where only some rules of a projection are named.
        """
        self._loans.push()
        self._engine.switch_rules(dict.fromkeys(plastic(self._network, names), on))

    def reset(self, seed: int | None = None) -> None:
        """Back to the beginning, with the same draws or with those of another seed. Parameters that were changed stay as they are, rules are on."""
        with self._explained():
            self._base = self._workshop.instantiate(self.dt, self.seed if seed is None else seed, self._wishes)
            engine = self._workshop.engine(self._base, self._wishes)
            engine = self._workshop.changed(self._base, self._wishes, self._changed, engine) if self._changed else engine
        self._begin(engine)

    def _begin(self, engine: Engine) -> None:
        """Goes on with another state: nothing of what was before counts."""
        self._spikes = SpikeHistory(engine, self._spikes.kept)
        self._go_on_with(engine)
        self._asked.left = 0.0
        self._loans.pull()

    # --- saved states ---

    def save(self, path: str | Path) -> None:
        """Writes the state into a `.npz` file, whole or not at all."""
        self._loans.push()
        store.save(Path(path), self._network, self._engine.instance, self._engine.snapshot())

    def load(self, path: str | Path) -> None:
        """Goes on from a saved state, to the same bits. Raises ValueError for the state of another network, and for one that no network can be in."""
        state = store.load(Path(path), self._network, instance := self._engine.instance)
        end = int(state.get("clock", state.get("step", np.asarray(0))))
        for made in instance.populations.values():
            if made.pace is not None:
                lay_down(made, instance.dt, max(end, made.spikes_until or 0))
        engine = self._workshop.engine(instance, {**self._wishes, **self._changed})
        engine.restore(state, foreign=True)
        self._begin(engine)

    # --- values ---

    def _value(self, target: Ref) -> float | Floats:
        self._loans.push()
        found = self._observer.variable(target)
        if isinstance(found, float):
            given = {Ref(p.as_owner, n) for p in self._network.projections for n in p.given}
            return np.broadcast_to(found, self._observer.owner_size(target.owner)) if target in given else found
        return read_only(np.array(found))

    def _set(self, target: Ref, values: ArrayLike | str) -> None:
        variable = self._observer.declared[target]
        if isinstance(values, str) and variable.role in PARAMETERS:
            values = settings.quantity(values, variable.dimension, target.path)
        given, size = np.asarray(values), self._observer.owner_size(target.owner)
        if given.dtype.kind not in "biuf":
            raise ValueError(f"{target.path} is set to numbers in SI, not to {values!r}")
        wanted = given.astype(np.float64)
        if wanted.shape not in ((), (size,)):
            raise ValueError(f"{target.path} has {size} values, not an array of shape {wanted.shape}")
        self._loans.push()
        self._write(target, wanted)
        self._loans.pull()
        self._loans.share(target)

    def _write(self, target: Ref, values: Floats) -> None:
        """Sets a state, or a parameter."""
        variable = self._observer.declared[target]
        refused = not_allowed(values, variable.values)
        if refused:
            raise ValueError(f"{target.path} {refused}")
        if variable.role in WRITABLE:
            self._engine.write(target, float(values) if values.ndim == 0 else values)
        else:
            self._change(target, variable, values)

    def _change(self, target: Ref, variable: Variable, value: ArrayLike | str) -> None:
        """Another value of a parameter from now on, and of all that follows from it."""
        for settled in obstacles(self._network, [target]):
            raise ValueError(f"{target.path} settles {settled}, which cannot change any more; build the network with it")
        number = settings.quantity(value, variable.dimension, target.path) if isinstance(value, str) else np.asarray(value, np.float64)
        if not np.isfinite(number).all():
            raise ValueError(f"{target.path} is set to a value that is no finite number")
        held = {**self._changed, target: like(self._base.parameters_of(target.owner)[target.name], number)}
        with self._explained():
            try:
                engine = self._workshop.changed(self._base, self._wishes, held, self._engine)
            except ValueError:
                many = "connections" if isinstance(target.owner, OfProjection) else "units"
                instead = f'{many} when the network was built; build with one value for each: **{{"{target.path}": array}}'
                raise ValueError(f"{target.path} was one value for all {instead}") from None
        self._changed = held
        self._go_on_with(engine)
