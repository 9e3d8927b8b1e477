"""The page: sliders on the left, beside them the figures and expectations of an experiment, what its rules and neurons look like, and the text.

A checked model comes in; `serve` goes on until it is interrupted. The server listens on the loopback address alone, and the page lies behind a token that
is made anew each time, so that no other page of the browser finds it.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from plasticdsl.api import Model
from plasticdsl.diagnostics.diagnostic import PlasError
from plasticdsl.explore.controls import Control, controls
from plasticdsl.explore.drawing import as_svg
from plasticdsl.explore.gallery import Gallery
from plasticdsl.explore.unfitted import remark, said, without_fit
from plasticdsl.model.experiments import Experiment

#: The extra that installs what the page is made with.
EXTRA = "explore"


def serve(model: Model, experiment: str, duration: str | None, ready: Callable[[str], None]) -> None:
    """Serves the page until the process is interrupted; `ready` is told its address first. Raises ModuleNotFoundError without the extra, and
    KeyboardInterrupt at the end."""
    panel: Any = import_module("panel")
    token, port = secrets.token_urlsafe(16), free_port()
    title = f"{model.loaded.module.path} · {experiment}"
    server = panel.serve(
        {token: lambda: _page(panel, model, experiment, duration)},
        address="127.0.0.1",
        port=port,
        websocket_origin=f"127.0.0.1:{port}",
        show=False,
        start=False,
        verbose=False,
        redirect_root=False,  # nor an index: both would tell the token
        use_index=False,
        title=title,
    )
    ready(f"http://127.0.0.1:{port}/{token}")
    server.start()
    server.io_loop.start()
    raise KeyboardInterrupt  # which is what ends the loop, and which it keeps to itself


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass(slots=True)
class _Explorer:
    """What is on one visitor's page: the settings that differ from the file's, and what is shown of the run with them."""

    panel: Any
    model: Model
    experiment: Experiment
    duration: str | None
    settings: dict[str, str] = field(default_factory=dict)
    gallery: Gallery = field(default_factory=Gallery)

    def run(self) -> Any:
        """The figures and expectations of the experiment with these settings; what is wrong with them in its place."""
        pn = self.panel
        try:
            model = without_fit(self.model, self.experiment)
            result = model.run(self.experiment.name, parameters=dict(self.settings), duration=self.duration)
            figures = [pn.pane.SVG(as_svg(figure), max_width=620) for figure in result.figures.values()]
        except (PlasError, KeyError, ValueError) as problem:
            return pn.pane.Str(str(problem.args[0] if isinstance(problem, KeyError) else problem))
        lines = "\n".join(said(self.experiment, result))
        return pn.Column(*figures, pn.pane.Str(lines) if lines else pn.pane.Str("This experiment expects nothing."))

    def portraits(self) -> Any:
        """Windows of rules and the plane of a neuron."""
        pn = self.panel
        network = next(n for n in self.model.loaded.module.networks if n.name == self.experiment.network)
        shown = list(self.gallery.pictures(self.model, self.settings, network))
        if not shown:
            return pn.pane.Str("No rule here has a window of its own, and no neuron has just two variables.")
        return pn.Column(*(pn.pane.SVG(picture, max_width=620) for picture in shown))


def _page(pn: Any, model: Model, experiment: str, duration: str | None) -> Any:
    found = model.find_experiment(experiment)
    explorer = _Explorer(pn, model, found, duration)
    text = _coloured(model.loaded.sources[model.loaded.module.path].text)
    results, portraits = pn.Column(explorer.run()), pn.Column(pn.pane.Str("…"))
    tabs = pn.Tabs(("Experiment", results), ("Rule and neuron", portraits))
    stale = {"portraits": True}

    def show_portraits(*_: object) -> None:
        if tabs.active == 1 and stale["portraits"]:
            stale["portraits"] = False
            with pn.param.set_values(portraits, loading=True):
                portraits[:] = [explorer.portraits()]

    def moved(control: Control) -> Callable[[Any], None]:
        def set_value(event: Any) -> None:
            explorer.settings[control.name] = control.setting(event.new)
            stale["portraits"] = True
            with pn.param.set_values(results, loading=True):
                results[:] = [explorer.run()]
            show_portraits()

        return set_value

    tabs.param.watch(show_portraits, "active")
    sliders = []
    digits = import_module("bokeh.models").PrintfTickFormatter(format="%.4g")
    for control in controls(model, experiment):
        where = {"start": control.low, "end": control.high, "value": control.value, "step": control.step}
        slider = pn.widgets.FloatSlider(name=control.label, format=digits, **where)
        slider.param.watch(moved(control), "value_throttled")
        sliders.append(slider)
    shown = sliders or [pn.pane.Str("This experiment leaves no number of the file to be moved.")]
    heading = [f"## {found.name} on {found.network}", *filter(None, [remark(found)])]
    wrapped = "pre { white-space: pre-wrap; }"
    beside = pn.pane.HTML(
        text, stylesheets=[wrapped], styles={"max-height": "95vh", "overflow": "auto"}, sizing_mode="stretch_width", min_width=320
    )
    return pn.Row(pn.Column(*heading, *shown, width=290), pn.Column(tabs, width=640, stylesheets=[wrapped]), beside)


def _coloured(text: str) -> str:
    """The text of a model as a piece of HTML."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter

    from plasticdsl.highlight import PlasLexer

    return str(highlight(text, PlasLexer(), HtmlFormatter(noclasses=True)))
