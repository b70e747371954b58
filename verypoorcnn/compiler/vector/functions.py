"""exp and log from additions and multiplications, to about one unit in the last place of float32.

exp(x) = 2^t · exp(u)  with t = round(x / ln 2) and u = x − t · ln 2, so |u| ≤ 0.347; exp(u) is a
polynomial of degree 7.  ln 2 is taken off in two parts, the first so short that t times it is
exact.  2^t is multiplied on in two halves, so that results below the smallest normal number and
infinity come out right; NaN stays NaN.

log(x) = e · ln 2 + log(m)  with x = m · 2^e and m from 0.707 to 1.414.  log(m) is
r − r² / 2 + r³ · P(r) with r = m − 1 and Cephes' polynomial P of degree 8.  log(0) is −∞, that of
a negative number NaN.
"""

from __future__ import annotations

from verypoorcnn.compiler.vector.builder import Builder
from verypoorcnn.compiler.vector.code import Value

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4  # their sum is ln 2; the first has 9 bits
LOWEST, HIGHEST = -104.0, 89.0  # exp is 0 below, infinite above
EXP = (1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1.0, 1.0)
LOG = (  # Cephes, logf
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
SQRT2 = 1.4142135623730951
SMALLEST, SCALE_BITS = 2.0**-126, 24  # the smallest normal number; smaller ones are scaled up


def exp(b: Builder, x: Value, into: Value | None = None) -> Value:
    """e^x."""
    number = b.constant
    x = b.apply("max", x, number(LOWEST))  # max(a, b) keeps a NaN in a
    x = b.apply("min", x, number(HIGHEST))
    t = b.apply("rint", b.apply("mul", x, number(LOG2_E)))
    u = b.apply("fnma", t, number(LN2_HIGH), x)
    u = b.apply("fnma", t, number(LN2_LOW), u)
    y = number(EXP[0])
    for coefficient in EXP[1:]:
        y = b.apply("fma", y, u, number(coefficient))
    half = b.apply("rint", b.apply("mul", t, number(0.5)))
    y = b.apply("mul", y, b.apply("power", half))
    return b.apply("mul", y, b.apply("power", b.apply("sub", t, half)), into=into)


def log(b: Builder, x: Value, into: Value | None = None) -> Value:
    """The natural logarithm."""
    number = b.constant
    small = b.apply("compare", x, number(SMALLEST), detail="<")
    scaled = b.apply("select", small, b.apply("mul", x, number(2.0**SCALE_BITS)), x)
    e = b.apply("exponent", scaled)
    e = b.apply("select", small, b.apply("sub", e, number(SCALE_BITS)), e)
    m = b.apply("mantissa", scaled)
    large = b.apply("compare", m, number(SQRT2), detail=">")
    m = b.apply("select", large, b.apply("mul", m, number(0.5)), m)
    e = b.apply("select", large, b.apply("add", e, number(1.0)), e)
    r = b.apply("sub", m, number(1.0))
    y = number(LOG[0])
    for coefficient in LOG[1:]:
        y = b.apply("fma", y, r, number(coefficient))
    square = b.apply("mul", r, r)
    y = b.apply("mul", y, b.apply("mul", square, r))
    y = b.apply("fma", e, number(LN2_LOW), y)
    y = b.apply("fnma", square, number(0.5), y)
    y = b.apply("fma", e, number(LN2_HIGH), b.apply("add", r, y))
    return _special(b, x, y, into)


def _special(b: Builder, x: Value, y: Value, into: Value | None) -> Value:
    """log of what is no positive finite number."""
    infinite = b.constant(float("inf"))
    finite = b.apply("compare", x, infinite, detail="<")
    y = b.apply("select", finite, y, x)  # infinity and NaN
    positive = b.apply("compare", x, b.constant(0.0), detail="<=")
    zero = b.apply("compare", x, b.constant(0.0), detail="==")
    bad = b.apply("select", zero, b.constant(float("-inf")), b.constant(float("nan")))
    return b.apply("select", positive, bad, y, into=into)
