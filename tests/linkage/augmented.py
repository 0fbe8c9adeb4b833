#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""augmented.py NM WITH WITHOUT: only the object of the program with a policy holds its code."""
import subprocess
import sys

nm, augmented, plain = sys.argv[1:]
code = ("draw_augmentation", "::augmenter<", "kernels::resample")


def found(path):
    listed = subprocess.run([nm, "--demangle", "--defined-only", path], check=True,
                            capture_output=True, text=True).stdout
    return {name for name in code if name in listed}


assert found(augmented), f"{augmented} holds none of {code}"
assert not found(plain), f"{plain} holds {found(plain)}"
