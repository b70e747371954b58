"""The ten garments, each drawn as a few shaded polygons.

A drawing function receives `pick(low, high)`, a source of random numbers, and returns polygons in
its own square: x from −0.5 to 0.5 about the middle, y from 0 (top) to 1 (bottom).  A shade of 1 is
the garment's own, −0.4 a seam that takes 40 % of it away.  Symmetric garments give their right
half; shoes point to the left, as in Fashion-MNIST.
"""

from __future__ import annotations

from typing import NamedTuple

from verypoorcnn.data.sketches.canvas import Outline, Point, both_sides, curve, mirrored, stroke
from verypoorcnn.data.sketches.cloth import Pick, cloth, leather

Drawing = list[tuple[Outline, float]]


def pair(outline: Outline, shade: float) -> Drawing:
    """A polygon on the right and its mirror image on the left."""
    return [(outline, shade), (mirrored(outline), shade)]


def box(left: float, top: float, right: float, bottom: float) -> Outline:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def t_shirt(pick: Pick) -> Drawing:
    waist, reach, drop = pick(0.19, 0.25), pick(0.36, 0.45), pick(0.28, 0.39)
    collar, depth, hem = pick(0.09, 0.14), pick(0.05, 0.14), pick(0.86, 0.96)
    neckline = curve([(0, 0.04 + depth), (0.8 * collar, 0.04 + 0.8 * depth), (collar, 0.04)])
    side = [(0.24, 0.08), (reach, drop - 0.08), (reach - 0.1, drop), (waist, 0.34)]
    drawing = [
        (both_sides([*neckline, *side, (waist + pick(-0.02, 0.03), hem)]), 1.0),
        (box(-waist, hem - 0.06, waist, hem - 0.03), -0.25),
        *pair(stroke(0.25, 0.1, waist, 0.34, 0.03), -0.3),  # where the sleeves begin
    ]
    if pick(0, 1) < 0.4:  # a print on the chest
        width, height = pick(0.06, 0.13), pick(0.05, 0.13)
        drawing.append((box(-width, 0.42 - height, width, 0.42 + height), pick(-0.7, -0.4)))
    return drawing


def trouser(pick: Pick) -> Drawing:
    waist, hip, crotch = pick(0.14, 0.19), pick(0.18, 0.23), pick(0.32, 0.44)
    inner, outer, hem = pick(0.03, 0.1), pick(0.16, 0.26), pick(0.88, 0.98)
    leg = [(0, 0.03), (waist, 0.03), (hip, 0.3), (outer, hem), (inner, hem), (0.01, crotch)]
    drawing = [
        (both_sides(leg), 1.0),
        (box(-waist, 0.08, waist, 0.11), -0.4),  # the waistband
        (stroke(0, 0.11, 0, crotch, 0.03), -0.4),  # the fly
        *pair(stroke(waist - 0.07, 0.11, hip - 0.02, 0.2, 0.03), -0.4),  # the pockets
    ]
    if pick(0, 1) < 0.5:
        drawing += pair(stroke(hip / 2, 0.3, (inner + outer) / 2, hem, 0.03), -0.25)  # the creases
    return drawing


def pullover(pick: Pick) -> Drawing:
    waist, hem, collar = pick(0.22, 0.26), pick(0.76, 0.86), pick(0.08, 0.12)
    reach, cuff, neck = pick(0.37, 0.43), pick(0.72, 0.84), pick(0, 0.06)
    body = [
        (0, 0.08 - neck),
        (collar, 0.07 - neck),
        (collar, 0.07),
        (0.25, 0.11),
        (reach - 0.06, 0.27),
        (reach, cuff),
        (reach - 0.1, cuff + 0.01),
        (waist + 0.03, 0.38),
        (waist, hem),
    ]
    return [
        (both_sides(body), 1.0),
        (both_sides([(0, 0.1), (collar, 0.07), (collar * 0.9, 0.12), (0, 0.16)]), -0.4),
        (box(-waist, hem - 0.09, waist, hem - 0.06), -0.4),  # the ribs at hem and cuffs
        *pair(stroke(reach - 0.11, cuff - 0.07, reach, cuff - 0.07, 0.03), -0.4),
        *pair(stroke(0.25, 0.13, waist + 0.03, 0.38, 0.03), -0.3),
    ]


def dress(pick: Pick) -> Drawing:
    chest, waist, hem = pick(0.13, 0.17), pick(0.08, 0.14), pick(0.16, 0.36)
    strap, depth, belt = pick(0.06, 0.1), pick(0.08, 0.18), pick(0.34, 0.44)
    neckline = curve([(0, 0.03 + depth), (0.9 * strap, 0.03 + 0.8 * depth), (strap, 0.03)])
    shoulder = [(strap + 0.05, 0.03), (chest, 0.2)]
    if pick(0, 1) < 0.3:  # short sleeves
        shoulder = [(strap + 0.08, 0.04), (chest + 0.13, 0.22), (chest + 0.04, 0.27)]
    skirt = curve([(waist, belt), (0.3 * waist + 0.7 * hem, 0.3 * belt + 0.6), (hem, 0.97)])
    drawing = [
        (both_sides([*neckline, *shoulder, *skirt]), 1.0),
        (box(-waist, belt - 0.03, waist, belt + 0.02), -0.5),
    ]
    for fold in (0.2, 0.6):
        drawing += pair(stroke(waist * fold, belt + 0.1, hem * fold, 0.96, 0.025), -0.3)
    return drawing


def coat(pick: Pick) -> Drawing:
    waist, hem, gap = pick(0.19, 0.25), pick(0.26, 0.34), pick(0.04, 0.08)
    reach, cuff, lapel = pick(0.37, 0.45), pick(0.64, 0.76), pick(0.3, 0.46)
    front = [
        (gap / 2, lapel - 0.12),
        (0.12, 0.02),
        (0.25, 0.08),
        (reach - 0.06, 0.24),
        (reach, cuff),
        (reach - 0.1, cuff + 0.01),
        (waist + 0.02, 0.36),
        (hem, 0.98),
        (gap, 0.98),
    ]
    collar = [(0.12, 0.02), (0.18, 0.2), (gap / 2, lapel), (gap / 2, lapel - 0.12)]
    return [
        *pair(front, 1.0),
        *pair(collar, -0.4),
        *pair(stroke(waist - 0.1, 0.62, waist, 0.6, 0.04), -0.5),  # the pockets
        *pair(stroke(0.26, 0.11, waist + 0.02, 0.36, 0.03), -0.3),
    ]


def sandal(pick: Pick) -> Drawing:
    heel, thick, width = pick(0, 0.26), pick(0.05, 0.1), pick(0.045, 0.08)
    ball = 0.72 + heel / 2  # the ball of the foot; the heel stands higher
    back = ball - heel
    vamp, ankle = ball - pick(0.12, 0.2), back - pick(0.2, 0.3)
    top = curve([(-0.48, ball - 0.01), (-0.12, ball), (0.16, back), (0.45, back - 0.02)])
    sole = [*top, *((x, y + thick) for x, y in reversed(top))]
    straps = [
        (-0.38, ball, -0.24, vamp),
        (-0.24, vamp, -0.08, ball),
        (0.12, back + 0.02, 0.26, ankle),
        (0.26, ankle, 0.42, back),
    ]
    if pick(0, 1) < 0.5:
        straps.append((-0.24, vamp, 0.26, ankle + 0.03))
    if pick(0, 1) < 0.5:
        straps.append((0.2, back - 0.1, 0.4, back - 0.14))
    drawing: Drawing = [(stroke(*strap, width), 0.9) for strap in straps]
    return [(sole, 1.0), (stroke(0.4, back, 0.4, ball + thick, pick(0.05, 0.12)), 1.0), *drawing]


def shirt(pick: Pick) -> Drawing:
    return buttoned(pick, waist=pick(0.16, 0.2), reach=pick(0.45, 0.5), cuff=pick(0.58, 0.7))


def short_sleeved_shirt(pick: Pick) -> Drawing:
    return buttoned(pick, waist=pick(0.19, 0.24), reach=pick(0.36, 0.45), cuff=pick(0.33, 0.42))


def buttoned(pick: Pick, waist: float, reach: float, cuff: float) -> Drawing:
    """A shirt whose sleeves end at (reach, cuff)."""
    hem, tail = pick(0.84, 0.94), pick(0.03, 0.1)
    sleeve = [(0.23, 0.08), (reach, cuff - 0.03), (reach - 0.12, cuff + 0.03), (waist, 0.34)]
    seam = curve([(waist, hem - tail), (0.7 * waist, hem), (0, hem)])
    drawing = [
        (both_sides([(0, 0.12), (0.1, 0.02), *sleeve, *seam]), 1.0),
        (stroke(0, 0.14, 0, hem, 0.025), -0.3),
        *pair([(0, 0.12), (0.1, 0.02), (0.14, 0.1), (0.07, 0.2)], 0.25),  # the collar
        *pair(stroke(0.15, 0.1, 0.07, 0.22, 0.03), -0.5),
        *pair(stroke(0.23, 0.11, waist, 0.34, 0.03), -0.3),
    ]
    buttons = [(box(-0.025, y, 0.025, y + 0.05), -0.5) for y in (0.28, 0.42, 0.56, 0.7)]
    return drawing + buttons


def bag(pick: Pick) -> Drawing:
    top, bottom, rise = pick(0.36, 0.5), pick(0.82, 0.95), pick(0.02, 0.16)
    brim, base, grip = pick(0.3, 0.44), pick(0.36, 0.48), pick(0.18, 0.28)
    flap = top + pick(0.1, 0.25)
    body = [(0, top), (brim, top), (base, bottom - 0.05), (base - 0.05, bottom), (0, bottom)]
    handle = curve([(0, rise), (grip, rise), (grip, top), (0, top)])
    inside = curve([(0, rise + 0.07), (grip - 0.06, rise + 0.07), (grip - 0.06, top), (0, top)])
    return [
        (both_sides(body), 1.0),
        (both_sides(handle), 0.9),
        (both_sides(inside), -0.9),
        (stroke(-brim, flap, brim, flap, 0.035), -0.45),
        (box(-0.05, flap - 0.04, 0.05, flap + 0.07), -0.5),  # the clasp
    ]


class Upper(NamedTuple):
    """A shoe without its sole."""

    outline: Outline
    ground: float  # where the sole begins
    instep: tuple[Point, Point]  # the lowest and the highest lace


def low_upper(pick: Pick) -> Upper:
    throat, toe, heel = pick(0.28, 0.4), pick(0.5, 0.58), pick(0.3, 0.42)
    front = [(-0.47, 0.7), (-0.48, toe), (-0.28, toe), (-0.02, throat), (0.1, throat - 0.02)]
    back = [(0.18, throat + 0.12), (0.34, heel + 0.08), (0.43, heel - 0.04), (0.47, 0.7)]
    return Upper(curve(front + back), 0.7, ((-0.23, toe), (-0.01, throat + 0.02)))


def high_upper(pick: Pick) -> Upper:
    shaft, front, back, toe = pick(0.04, 0.18), pick(-0.1, 0.05), pick(0.36, 0.42), pick(0.56, 0.64)
    foot = curve([(-0.46, 0.82), (-0.48, toe), (-0.2, toe - 0.06), (front, 0.46), (front, shaft)])
    ankle = curve([(back, shaft), (back - 0.02, 0.5), (0.45, 0.65), (0.45, 0.82)])
    return Upper(foot + ankle, 0.82, ((front, 0.44), (front, shaft + 0.08)))


def laces(upper: Upper, shade: float) -> Drawing:
    (x0, y0), (x1, y1) = upper.instep
    holes = [(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part) for part in (0, 0.5, 1)]
    return [(stroke(x, y, x + 0.11, y + 0.06, 0.035), shade) for x, y in holes]


def sneaker(pick: Pick) -> Drawing:
    return striped_shoe(pick, low_upper(pick))


def high_top(pick: Pick) -> Drawing:
    return striped_shoe(pick, high_upper(pick))


def striped_shoe(pick: Pick, upper: Upper) -> Drawing:
    """A thick sole, white laces, one to three stripes."""
    ground = upper.ground
    sole = box(-0.48, ground, 0.48, ground + pick(0.07, 0.12))
    drawing = [(upper.outline, 0.85), (sole, pick(0.7, 1.25)), *laces(upper, 0.4)]
    for stripe in range(int(pick(1, 4))):
        x = 0.05 + 0.09 * stripe
        drawing.append((stroke(x, ground - 0.03, x + 0.08, ground - 0.2, 0.04), -0.5))
    return drawing


def ankle_boot(pick: Pick) -> Drawing:
    return heeled_shoe(pick, high_upper(pick))


def low_boot(pick: Pick) -> Drawing:
    return heeled_shoe(pick, low_upper(pick))


def heeled_shoe(pick: Pick, upper: Upper) -> Drawing:
    """A thin sole with a heel, and dark laces or an elastic side."""
    ground, sole = upper.ground, pick(0.5, 1.1)
    drawing = [
        (upper.outline, 1.0),
        (box(-0.46, ground - 0.03, 0.46, ground), -0.5),  # the welt
        (box(-0.47, ground, 0.46, ground + 0.04), sole),
        (box(0.18, ground + 0.04, 0.45, ground + pick(0.08, 0.18)), sole),
    ]
    if pick(0, 1) < 0.5:
        return drawing + laces(upper, -0.5)
    (_, bottom), (x, top) = upper.instep
    return [*drawing, (stroke(x + 0.2, top, x + 0.2, bottom, 0.09), -0.45)]


# For each class, in the order of the labels: how it is drawn and what it is made of.
GARMENTS = (
    (t_shirt, cloth),
    (trouser, cloth),
    (pullover, cloth),
    (dress, cloth),
    (coat, cloth),
    (sandal, leather),
    (shirt, cloth),
    (sneaker, leather),
    (bag, leather),
    (ankle_boot, leather),
)

# The label, and a drawing of that class which has the outline of another.
SNEAKER, BOOT, SHIRT = (7, high_top), (9, low_boot), (6, short_sleeved_shirt)
LOOK_ALIKES = (SNEAKER, BOOT, SNEAKER, SHIRT, BOOT, SNEAKER, BOOT)
