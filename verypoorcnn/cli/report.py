"""`verypoorcnn report`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from verypoorcnn.cli.common import Terminal, print_json
from verypoorcnn.cli.options import add_json
from verypoorcnn.cli.parser import place
from verypoorcnn.errors import UserError
from verypoorcnn.files.atomic import write_atomically

FORMATS = ("png", "pdf", "svg")
COMPARISON = Path("comparison.html")

EXAMPLES = """\
examples:
  {program} report runs/paper --open
      curves, confusion matrix, mistakes, filters: one page, in the browser
  {program} report runs/one runs/two --out comparison.html
      two runs compared; a folder of runs stands for all runs in it
  {program} report runs/paper --figures figures --format pdf
      the figures for a paper (needs matplotlib)
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "runs", metavar="RUN", nargs="+", type=place, help="a run's folder; several are compared"
    )
    parser.add_argument("--open", action="store_true", help="show the page in the browser")
    parser.add_argument(
        "--out",
        type=place,
        metavar="FILE",
        help="the page (report.html in the run's folder; of a comparison, comparison.html here)",
    )
    parser.add_argument(
        "--figures", type=place, metavar="DIR", help="write figures for a paper instead of a page"
    )
    parser.add_argument(
        "--format", choices=FORMATS, help="of the figures: png (taken unless given), pdf or svg"
    )
    add_json(parser)


def run(options: Namespace) -> int:
    """Write the report of a run, or the comparison of several."""
    from verypoorcnn.report.comparison import runs_in

    _check(options)
    folders = [run for folder in options.runs for run in runs_in(Path(folder))]
    if len(options.runs) == len(folders) == 1:
        return _report(options, folders[0])
    return _compare(options, folders)


def _check(options: Namespace) -> None:
    """UserError for options that contradict each other."""
    if options.format and not options.figures:
        raise UserError("--format is that of figures; add --figures DIR, or leave it away")
    given = {"--figures": options.figures, "--json": options.json, "--out": options.out}
    several = [name for name, value in given.items() if value]
    if len(several) > 1:
        raise UserError(f"{several[0]} and {several[1]} are two different results; keep one")
    if options.open and (options.figures or options.json):
        raise UserError(f"--open shows a page, and {several[0]} writes none; keep one of them")


def _report(options: Namespace, folder: Path) -> int:
    from verypoorcnn.report.content import content
    from verypoorcnn.report.folder import of_run

    evidence = of_run(folder)
    found = content(evidence)
    if stopped := found["stopped"]:
        Terminal().say(f"{stopped['said']} {stopped['go_on']}")
    for line in evidence.missing:
        Terminal().say(line)
    if options.json:
        print_json(found)
    elif options.figures:
        from verypoorcnn.report.figures import write_figures

        for path in write_figures(found, Path(options.figures), options.format or FORMATS[0]):
            print(path)
    else:
        from verypoorcnn.report.page import page
        from verypoorcnn.training.run import Run

        report = Run(folder).report
        if evidence.parts is None and not options.out and _has_images(report):
            raise UserError(
                f"{report}: has images, so it stays; give --out FILE for the page without images"
            )
        _write(options, page(found), report)
    return 0


def _has_images(page: Path) -> bool:
    """Whether there is a page with the picture that tiles are cut from."""
    return page.is_file() and b'id="sprite"' in page.read_bytes()


def _compare(options: Namespace, folders: Sequence[Path]) -> int:
    from verypoorcnn.report.comparison import comparison

    if options.figures:
        raise UserError("--figures draws those of one run; give one run's folder")
    found = comparison(folders)
    if options.json:
        print_json(found)
    else:
        from verypoorcnn.report.comparison_page import comparison_page

        _write(options, comparison_page(found), COMPARISON)
    return 0


def _write(options: Namespace, page: str, path: Path) -> None:
    path = Path(options.out) if options.out else path
    write_atomically(path, page, lasting=False)  # it can be written again
    print(path)
    if options.open:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            Terminal().say(f"there is no browser to open here; the page is {path}")
