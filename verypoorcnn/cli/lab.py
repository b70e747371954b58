"""`verypoorcnn lab`."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from verypoorcnn.cli.common import Terminal, configured_network
from verypoorcnn.cli.options import add_data
from verypoorcnn.cli.parser import place, whole

if TYPE_CHECKING:
    from verypoorcnn.lab.web.server import LabServer

EXAMPLES = """\
examples:
  {program} lab
      the paper's network, to be trained before your eyes
  {program} lab runs/lenet
      look into what a run has learned
  {program} lab model.safetensors --data own.csv
      any model file, with its own images
  {program} lab --no-open --port 8000
      only say where it is
"""
LAST_PORT = 65_535


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "what",
        nargs="?",
        type=place,
        metavar="MODEL|RUN|CONFIG",
        help="a .safetensors file, a run's folder or a .toml file (the paper's network)",
    )
    parser.add_argument(
        "--config",
        type=place,
        metavar="FILE.toml",
        help="describes the network, for a model file that was written by PyTorch",
    )
    add_data(parser, "images to look at and to train on")
    parser.add_argument(
        "--port", type=_port, default=0, metavar="N", help="where to listen (any that is free)"
    )
    parser.add_argument(
        "--no-open", action="store_true", help="print the address and open no browser"
    )


def run(options: Namespace) -> int:
    """Serve the page until Ctrl-C."""
    server = _server(options)
    server.start()
    try:
        print(server.address, flush=True)
        Terminal().say("the lab is open; Ctrl-C closes it")
        if not options.no_open:
            _open_browser(server.address)
        Event().wait()  # for Ctrl-C
    except KeyboardInterrupt:
        Terminal().say("the lab is closed")
    finally:
        server.stop()
    return 0


def _server(options: Namespace) -> LabServer:
    from verypoorcnn.lab.opening import open_session
    from verypoorcnn.lab.routes import LIMITS, routes
    from verypoorcnn.lab.web.server import LabServer
    from verypoorcnn.training.configuration import load_configuration

    config = options.config and load_configuration(Path(options.config))
    network = configured_network(config) if config else None
    session = open_session(options.what, options.data, Terminal().say, network)
    return LabServer(session, routes(), options.port, LIMITS)


def _open_browser(address: str) -> None:
    import webbrowser

    if not webbrowser.open(address):
        Terminal().say("no browser could be opened; open the address yourself")


def _port(text: str) -> int:
    number = whole(0)(text)
    if number > LAST_PORT:
        raise ArgumentTypeError(f"{text!r} is no port; give a number from 1 to {LAST_PORT}")
    return number
