#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""symbols.py NM OBJECT OBJECT: no kernel and no step that calls kernels is in both.

The linker keeps one of two functions of one name: a file for an old processor would run the code
that was compiled for a new one."""
import re
import subprocess
import sys

nm, objects = sys.argv[1], sys.argv[2:]
ours = re.compile(r"^_ZNK?6lamina(7kernels|9execution\d+\w*(step|engine|predictor))")


def functions(of):
    lines = subprocess.run([nm, "--defined-only", of], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    names = (line.split()[-1] for line in lines if " W " in line or " T " in line)
    return {name for name in names if ours.match(name)}


first, second = map(functions, objects)
print(f"{len(first)} and {len(second)} kernels and steps")
shared = subprocess.run(["c++filt"], input="\n".join(sorted(first & second)), check=True,
                        capture_output=True, text=True).stdout
print(shared)
sys.exit("no functions at all" if not first or not second else "they share these" if shared else 0)
