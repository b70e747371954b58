"""`verypoorcnn explain`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verypoorcnn.cli.common import Terminal, open_model, percent, print_json
from verypoorcnn.cli.images import images_to_test
from verypoorcnn.cli.options import OWN, add_data, add_engine, add_json, add_model
from verypoorcnn.cli.parser import place, positive, whole
from verypoorcnn.errors import UserError, nearest

if TYPE_CHECKING:
    from verypoorcnn.explain import Arithmetic, Explainer, SaliencyMap
    from verypoorcnn.training.model import Model

EXAMPLES = """\
examples:
  {program} explain runs/lenet boot.png
      what every layer makes of an image, and how its class came out
  {program} explain runs/lenet --index 17 --at 'conv1[2][3][4]'
      the arithmetic of one number, for test image 17 of the run
  {program} explain runs/lenet boot.png --at 'fc1[3]' --gradient
      of one gradient, checked against the loss itself; --label says what it is
  {program} explain runs/lenet boot.png --at 'fc1.bias[3]' --update
      of one step of learning
  {program} explain runs/lenet boot.png --occlusion --out map.png
      which parts of the image matter

numbers are named as
  image[0][3][4]  conv1[2][3][4]  fc1[3]  probabilities[7]  loss
  conv1.weight[2][0][1][4]  fc1.bias[3]
"""
RATE = 0.008  # the paper's
COMPANIONS = {  # what an option belongs to
    "all": "at",
    "rate": "update",
    "patch": "occlusion",
    "stride": "occlusion",
    "fill": "occlusion",
}


@dataclass(frozen=True)
class Subject:
    """The image that is asked about."""

    name: str
    pixels: bytes
    label: int | None


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's options."""
    add_model(parser)
    parser.add_argument(
        "image",
        nargs="?",
        type=place,
        metavar="IMAGE",
        help="an image, or a CSV or IDX file of many",
    )
    add_data(parser, "in the place of IMAGE, a test image of these", usual=OWN)
    parser.add_argument(
        "--index", type=whole(0), default=0, metavar="N", help="which image of many (0)"
    )
    parser.add_argument("--invert", action="store_true", help="swap light and dark in image files")
    parser.add_argument(
        "--label",
        metavar="CLASS",
        help="what is on it, a name or a number; else what the data say, or what is most probable",
    )
    _add_questions(parser)
    add_engine(parser)
    add_json(parser)


def _add_questions(parser: ArgumentParser) -> None:
    parser.add_argument("--at", type=place, metavar="NUMBER", help="which number, as 'fc1[3]'")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--gradient", action="store_true", help="the gradient of the loss by it")
    what.add_argument("--update", action="store_true", help="what one step makes of it")
    parser.add_argument(
        "--rate", type=positive, metavar="R", help=f"of learning, for --update ({RATE})"
    )
    parser.add_argument("--all", action="store_true", help="show every row of long tables")
    parser.add_argument(
        "--saliency", action="store_true", help="map of ∂(logit of the class)/∂pixel"
    )
    parser.add_argument(
        "--occlusion", action="store_true", help="map of how its probability falls where covered"
    )
    parser.add_argument("--patch", type=whole(1), metavar="N", help="pixels covered (4)")
    parser.add_argument(
        "--stride", type=whole(1), metavar="N", help="pixels from patch to patch (2)"
    )
    parser.add_argument("--fill", metavar="F", help="cover with mean, grey, or a byte (mean)")
    parser.add_argument("--out", type=place, metavar="FILE.png", help="write the map as a picture")


def run(options: Namespace) -> int:
    """Explain a number, or the whole way of an image; or draw maps of it."""
    _check(options)
    model = open_model(options.model, options.config, options.engine)
    subject = _subject(options, model)
    explainer = _explainer(options, model, subject)
    if options.at:
        return _number(options, explainer)
    if options.saliency or options.occlusion:
        return _maps(options, model, explainer, subject)
    return _overview(options, model, explainer, subject)


def _check(options: Namespace) -> None:
    """That the options fit together."""
    asked = {"--saliency": options.saliency, "--occlusion": options.occlusion}
    maps = [name for name, given in asked.items() if given]
    if options.image and options.data:
        raise UserError("IMAGE and --data both say what to look at; give one of them")
    if (options.gradient or options.update) and not options.at:
        name = "--gradient" if options.gradient else "--update"
        raise UserError(f"{name} of what? add --at, as --at 'conv1.weight[0][0][2][2]'")
    if options.at and maps:
        raise UserError(f"--at explains one number and {maps[0]} draws a map; give one of them")
    if options.out and len(maps) != 1:
        raise UserError("--out takes one map; add --saliency or --occlusion, one of them")
    if options.invert and not options.image:
        raise UserError("--invert is for image files; name one or leave it away")
    _check_companions(options)


def _check_companions(options: Namespace) -> None:
    """That no option is given without the one that it belongs to."""
    given = vars(options)
    for name, companion in COMPANIONS.items():
        if given[name] not in (None, False) and not given[companion]:
            raise UserError(f"--{name} is that of --{companion}; add it, or leave --{name} away")


def _subject(options: Namespace, model: Model) -> Subject:
    if options.image:
        return _from_file(options, model)
    dataset = images_to_test(options, model)
    _check_index(options.index, len(dataset), dataset.source)
    name = f"{dataset.source}, image {options.index}"
    return Subject(name, dataset.image(options.index), dataset.labels[options.index])


def _from_file(options: Namespace, model: Model) -> Subject:
    from verypoorcnn.cli.predict import read

    images = [*read(options.image, model.network.input_shape, options.invert)]
    _check_index(options.index, len(images), options.image)
    name = f"{options.image}, image {options.index}"
    return Subject(name, images[options.index].pixels, None)


def _check_index(index: int, count: int, where: str) -> None:
    if index >= count:
        raise UserError(f"--index {index}: {where} has {count} images, from 0 to {count - 1}")


def _explainer(options: Namespace, model: Model, subject: Subject) -> Explainer:
    from verypoorcnn.explain import Explainer
    from verypoorcnn.training.metrics import check_probabilities

    label = subject.label if options.label is None else _label(options.label, model)
    if label is not None and label >= model.network.classes:
        raise UserError(
            f"{subject.name}: its label is {label}, but the network tells "
            f"{model.network.classes} classes apart; give --label"
        )
    labels = None if label is None else [label]
    rate = RATE if options.rate is None else options.rate
    explainer = Explainer.of(model, [subject.pixels], labels, rate=rate)
    check_probabilities(subject.name, explainer.array("probabilities"), model.class_names)
    return explainer


def _label(text: str, model: Model) -> int:
    """A class by its name, or by its number."""
    names = list(model.class_names)
    if text in names:
        return names.index(text)
    if text.isascii() and text.isdigit() and int(text) < len(names):
        return int(text)
    choice = nearest(text, names)
    raise UserError(f"--label: no class {text!r}; {choice}; or a number up to {len(names) - 1}")


# One number.


def _number(options: Namespace, explainer: Explainer) -> int:
    from verypoorcnn.explain.text import arithmetic_text, difference_text, field_text

    of = "gradient" if options.gradient else "update" if options.update else "value"
    target = explainer.target(options.at, of)  # type: ignore[arg-type]
    found = explainer.arithmetic(target)
    field = explainer.receptive_field(target)
    check = explainer.difference(target) if options.gradient else None
    if options.json:
        more = {"receptive_field": field, "difference": check}
        known = {name: it and it.as_dict() for name, it in more.items()}
        print_json(_as_dict(explainer, found) | known)
        return 0
    parts = [arithmetic_text(found, options.all)]
    parts += [field_text(field)] if field else []
    parts += [difference_text(check)] if check else []
    if not explainer.label_given and (options.gradient or found.target.name == "loss"):
        parts.append(f"label {explainer.labels[0]}, the most probable class; --label gives another")
    print("\n\n".join(parts))
    return 0


def _as_dict(explainer: Explainer, arithmetic: Arithmetic) -> dict[str, Any]:
    label = {"label": explainer.labels[0], "label_given": explainer.label_given}
    return arithmetic.as_dict() | label


# Maps.


def _maps(options: Namespace, model: Model, explainer: Explainer, subject: Subject) -> int:
    maps = {**_saliency(options, explainer), **_occlusion(options, model, explainer, subject)}
    if options.out:
        from verypoorcnn.files.atomic import write_atomically

        for drawn in maps.values():
            write_atomically(Path(options.out), drawn.as_png())
            Terminal().say(f"written: {options.out}")
    if options.json:
        print_json({kind: drawn.as_dict() for kind, drawn in maps.items()})
    else:
        print("\n\n".join(drawn.as_text() for drawn in maps.values()))
    return 0


def _class(options: Namespace, explainer: Explainer) -> int:
    """The class that maps are of: --label, else the most probable."""
    return explainer.predicted()[0] if options.label is None else explainer.labels[0]


def _saliency(options: Namespace, explainer: Explainer) -> dict[str, SaliencyMap]:
    from verypoorcnn.explain import input_gradient

    if not options.saliency:
        return {}
    return {"saliency": input_gradient(explainer, _class(options, explainer))}


def _occlusion(
    options: Namespace, model: Model, explainer: Explainer, subject: Subject
) -> dict[str, SaliencyMap]:
    from verypoorcnn.explain import occlusion

    if not options.occlusion:
        return {}
    given = {"patch": options.patch, "stride": options.stride, "fill": _fill(options.fill)}
    sizes = {name: value for name, value in given.items() if value is not None}
    label = _class(options, explainer)
    return {"occlusion": occlusion(model.engine, subject.pixels, label, **sizes)}


def _fill(text: str | None) -> int | str | None:
    return int(text) if text and text.isascii() and text.isdigit() else text


# The whole way.


def _overview(options: Namespace, model: Model, explainer: Explainer, subject: Subject) -> int:
    """What every layer gives, and how the most probable class came out."""
    from verypoorcnn.explain.overview import ends, ends_text, hint

    best = explainer.predicted()[0]
    winner = explainer.arithmetic(f"probabilities[{best}]")
    layers = ends(explainer)
    if options.json:
        heads = {"image": subject.name, "layers": layers, "name": model.class_names[best]}
        print_json(heads | {"probabilities": explainer.array("probabilities"),
                            "winner": _as_dict(explainer, winner)})  # fmt: skip
        return 0
    from verypoorcnn.data.picture import as_text
    from verypoorcnn.explain.text import arithmetic_text

    drawn = as_text(subject.pixels, model.network.input_shape)
    said = f"{model.class_names[best]} {percent(winner.value)}{_truth(model, explainer)}"
    print(f"{drawn}\n{subject.name}: {said}\n\n{ends_text(layers)}\n")
    print(f"{arithmetic_text(winner)}\n\n{hint(explainer)}")
    return 0


def _truth(model: Model, explainer: Explainer) -> str:
    return f"; it is {model.class_names[explainer.labels[0]]}" if explainer.label_given else ""
