# SPDX-License-Identifier: BSL-1.0
"""Whether the rounds of two programs differ by more than their noise."""
import argparse
import random
import statistics


def rounds(text):
    """An option's number of rounds: two at least have a spread."""
    count = int(text)
    if count < 2:
        raise argparse.ArgumentTypeError(f"expected at least 2 rounds, found {text}")
    return count


def quartiles(values):
    """The first and the third quartile."""
    cuts = statistics.quantiles(values, n=4, method="inclusive")
    return cuts[0], cuts[2]


def interval(a, b, draws=1000):
    """A 95 % interval of the ratio of medians b / a, by drawing the rounds anew with the same seed."""
    generator = random.Random(1)
    ratios = sorted(statistics.median(generator.choices(b, k=len(b))) /
                    statistics.median(generator.choices(a, k=len(a))) for _ in range(draws))
    return ratios[int(0.025 * draws)], ratios[int(0.975 * draws) - 1]


def compare(a, b):
    """The ratio of the median seconds b / a, its interval, and `faster`, `slower` or an empty text for
    b: a verdict takes an interval without 1 and quartiles that do not meet."""
    ratio = statistics.median(b) / statistics.median(a)
    low, high = interval(a, b)
    (a_low, a_high), (b_low, b_high) = quartiles(a), quartiles(b)
    if high < 1 and b_high < a_low:
        return ratio, (low, high), "faster"
    if low > 1 and b_low > a_high:
        return ratio, (low, high), "slower"
    return ratio, (low, high), ""
