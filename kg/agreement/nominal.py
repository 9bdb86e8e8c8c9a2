"""Krippendorff's alpha for nominal data.

Own arithmetic of a dozen lines: the library of that name on PyPI is under the GPL, and so serves the tests alone.
"""

from collections import Counter
from collections.abc import Iterable, Sequence


def nominal_alpha(units: Iterable[Sequence[str]]) -> float | None:
    """Alpha of nominal data: 1 is agreement without exception, 0 what chance would give, below 0 worse than that.

    units: the values that each unit was given, one by each observer who coded it; units with fewer than two count not.
    None where alpha is not defined: no unit has two values, or all values are the same, so that nothing varies.

    Krippendorff, K.: Computing Krippendorff's Alpha-Reliability (2011), section C: with the coincidences o and the
    frequencies n of values c, alpha = 1 - (n - 1) * (n - sum of o_cc) / (n * n - sum of n_c * n_c).
    """
    frequencies: Counter[str] = Counter()
    agreeing = 0.0
    for values in units:
        if len(values) > 1:
            counted = Counter(values)
            frequencies += counted
            agreeing += sum(n * (n - 1) for n in counted.values()) / (len(values) - 1)
    total = sum(frequencies.values())
    expected = total * total - sum(n * n for n in frequencies.values())
    return 1 - (total - 1) * (total - agreeing) / expected if expected else None
