#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""A verdict is given where rounds differ, and not where they are drawn from the same noise."""
import os
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(os.environ["LAMINA_SOURCE"]) / "bench"))
import verdict  # noqa: E402


def rounds(generator, seconds, noise, count=7):
    """Times as a busy machine gives them: now and then one is much longer."""
    return [seconds * (1 + noise * generator.random() + (generator.random() < 0.1))
            for _ in range(count)]


class Verdicts(unittest.TestCase):
    def test_the_same_program_gets_none_but_rarely(self):
        generator = random.Random(7)
        words = [verdict.compare(rounds(generator, 1, 0.1), rounds(generator, 1, 0.1))[2]
                 for _ in range(200)]
        self.assertLessEqual(len(words) - words.count(""), 10)

    def test_a_difference_beyond_the_noise(self):
        generator = random.Random(7)
        a, b = rounds(generator, 1, 0.05, 15), rounds(generator, 1.2, 0.05, 15)
        ratio, (low, high), word = verdict.compare(a, b)
        self.assertEqual(word, "slower")
        self.assertTrue(1 < low <= ratio <= high)
        self.assertEqual(verdict.compare(b, a)[2], "faster")

    def test_a_difference_within_the_noise(self):
        generator = random.Random(7)
        word = verdict.compare(rounds(generator, 1, 0.4), rounds(generator, 1.02, 0.4))[2]
        self.assertEqual(word, "")


if __name__ == "__main__":
    unittest.main()
