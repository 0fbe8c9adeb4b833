#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""check.py REGISTER COMPILER FLAG...: compiles products.cpp and reads its machine code.

The hot loop of a kernel is, among all functions that it reaches, the innermost loop that keeps most
sums (registers that fused multiply-adds write; on full registers, REGISTER is %ymm or %zmm), and of
equals the one with most fused multiply-adds: what a compiler unrolls for the last outputs has more
instructions, but fewer sums. Of several such loops, as of tiles for two blocks and for four, the worst
is shown. A hot loop has no call, no vector on the stack, at least eight sums, and
leaves at least the planned share of the multiply-add peak. A core that issues four instructions a
cycle, of them at most two loads and two of vector arithmetic, takes for an iteration

    max((multiply-adds + other vector arithmetic) / 2, loads / 2, instructions / 4)

cycles; the share is what the multiply-adds alone would take, their number / 2, by that. An address
that is read from the stack again is a load among the others. bench/NOTES.md has the table of what is
planned.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent.parent
ways = "forward|input|weights|statistics"
planned_row = re.compile(rf"^\| ((?:pooled |Winograd )?(?:dense|conv2d) (?:{ways})(?:, one image)?(?:, with zeros)?) "
                         r"\| (0\.\d+) \|", re.M)
least_sums = 8  # latency times units
width = 62  # of the names that are printed

label = re.compile(r"^([0-9a-f]+) <(.*)>:$")
line = re.compile(r"^\s*([0-9a-f]+):\t(\S+)\s*(.*?)\s*(?:#.*)?$")
kernel = re.compile(r"hot::(product|one_image|pooled|winograd)<lamina::layers::(conv2d|dense)"
                    r"<([^>]*(?:<[^>]*>)?[^>]*)>, "
                    rf"lamina::shape<([^>]*)>, .*>::({ways})\(")
of_kind = {"one_image": ", one image"}
# what the functions of a row's hot loop have in their names, where others could be taken for it
parts = {"pooled conv2d weights": "conv2d_weights",  # not what it recomputes
         "dense forward": "dense_tile", "dense input": "dense_tile",
         "dense weights": "dense_weights_tile"}
# a product's other loop, for values that are mostly zero
with_zeros = {row: f"{row}, with zeros" for row in ("dense forward", "dense input", "dense weights",
                                                    "dense forward, one image")}
parts |= {row: "add_terms" for row in with_zeros.values()}
parts[with_zeros["dense forward, one image"]] = "add_registers"
# whose sums end with an iteration: the next ones hide the latency
short_sums = {with_zeros["dense forward, one image"]}
fused = re.compile(r"vfn?m(add|sub)\d+p[sd]$")
moves = re.compile(r"v?(mov|broadcast|pbroadcast|insert|extract|perm|shuf|unpck)")


class Instruction:
    def __init__(self, address, name, operands):
        self.address, self.name, self.operands = address, name, operands

    def jumps_to(self):
        if self.name.startswith("j") and (m := re.match(r"([0-9a-f]+)\b", self.operands)):
            return int(m[1], 16)
        return None

    def calls(self):
        """The address of a function that is called, or jumped to at the end."""
        if self.name.startswith(("call", "jmp")):
            if m := re.match(r"([0-9a-f]+)\b", self.operands):
                return int(m[1], 16)
        return None

    def is_fused(self, register):
        return bool(fused.match(self.name)) and register in self.operands

    def is_vector(self):
        return self.name.startswith("v")

    def is_load(self):
        return ("(" in self.operands and not self.is_store()
                and not self.name.startswith(("j", "lea")))  # a jump names its function

    def is_store(self):
        return self.name.startswith(("mov", "vmov")) and self.operands.endswith(")")

    def keeps_a_vector_on_the_stack(self, frame):
        return self.is_vector() and f"(%{frame}" in self.operands


def functions_of(program):
    """Instructions by the address of their function, and its name."""
    text = subprocess.run(["objdump", "-d", "-C", "--no-show-raw-insn", program], check=True,
                          capture_output=True, text=True).stdout
    functions, names, current = {}, {}, None
    for row in text.splitlines():
        if m := label.match(row):
            current = int(m[1], 16)
            functions[current], names[current] = [], m[2]
        elif (m := line.match(row)) and current is not None:
            functions[current].append(Instruction(int(m[1], 16), m[2], m[3]))
    return functions, names


def reached(start, functions):
    seen, open_ones = set(), [start]
    while open_ones:
        at = open_ones.pop()
        if at in seen:
            continue
        seen.add(at)
        open_ones += [to for i in functions[at] if (to := i.calls()) in functions]
    return seen


def innermost_loops(code):
    spans = sorted({(target, i.address) for i in code
                    if (target := i.jumps_to()) is not None and code[0].address <= target <= i.address},
                   key=lambda span: span[1] - span[0])
    found = []
    for first, last in spans:
        if not any(first <= a and b <= last for a, b in found):
            found.append((first, last))
            yield [i for i in code if first <= i.address <= last]


def sums_of(loop, register):
    """The registers that fused multiply-adds write."""
    return {i.operands.split(",")[-1] for i in loop if i.is_fused(register)}


def hot_loops(start, functions, register, names, part):
    """The hot loops among functions with `part` in their names, and the functions that they are in."""
    loops = [(loop, functions[at]) for at in reached(start, functions) if part in names[at]
             for loop in innermost_loops(functions[at])]

    def heat(pair):
        return len(sums_of(pair[0], register)), sum(i.is_fused(register) for i in pair[0])
    hottest = max(map(heat, loops))
    return [pair for pair in loops if heat(pair) == hottest]


def spills(loop, code):
    """Vector instructions of the loop with an operand on the stack: by %rsp, and by %rbp in a function
    that makes it the pointer of its frame."""
    frames = ["rsp"]
    if any(i.name == "mov" and i.operands == "%rsp,%rbp" for i in code):
        frames.append("rbp")
    return [i for i in loop for frame in frames if i.keeps_a_vector_on_the_stack(frame)]


def judge(loop, code, least_share, register, keeps_sums):
    """What is wrong with a hot loop, its share of the peak and what it consists of."""
    adds = [i for i in loop if i.is_fused(register)]
    sums = sums_of(loop, register)
    loads = sum(i.is_load() for i in loop)
    other = sum(i.is_vector() and i not in adds and not moves.match(i.name) for i in loop)
    cycles = max((len(adds) + other) / 2, loads / 2, len(loop) / 4)
    share = len(adds) / 2 / cycles if loop else 0
    problems = []
    if any(i.name.startswith("call") for i in loop):
        problems.append("a call")
    if spilled := spills(loop, code):
        problems.append(f"vectors on the stack: {len(spilled)}")
    if share < least_share:
        problems.append(f"a share of {share:.2f}, planned are {least_share:.2f}")
    if keeps_sums and len(sums) < least_sums:
        problems.append(f"{len(sums)} sums, at least {least_sums} are wanted")
    return problems, share, (f"{len(adds):>4} {loads:>6} {len(loop):>13} {len(sums):>5} {share:>6.2f}")


def compiled(program, compiler, flags):
    subprocess.run([compiler, *flags, "-DNDEBUG", f"-I{root}/include", f"-I{root}",
                    str(pathlib.Path(__file__).with_name("products.cpp")), "-o", program],
                   check=True)
    return program


def main():
    register, compiler, *flags = sys.argv[1:]
    notes = (root / "bench/NOTES.md").read_text(encoding="utf-8")
    planned = {what: float(share) for what, share in planned_row.findall(notes)}
    with tempfile.TemporaryDirectory() as folder:
        functions, names = functions_of(compiled(f"{folder}/products", compiler, flags))
    print(f"{'kernel':<{width}} fused  loads  instructions  sums  share")
    kernels, broken = set(), 0
    for address, name in sorted(names.items(), key=lambda item: item[1]):
        if (m := kernel.match(name)) is None or "[clone" in name:
            continue
        kind = {"pooled": "pooled ", "winograd": "Winograd "}.get(m[1], "")
        row = f"{kind}{m[2]} {m[5]}{of_kind.get(m[1], '')}"
        of = f"{m[3].replace('lamina::layers::', '').replace('lamina::', '')} of {m[4]}"
        kernels.add(f"{row}: {of}")
        for way in filter(None, [row, with_zeros.get(row)]):
            judged = [judge(loop, code, planned[way], register, way not in short_sums)
                      for loop, code in hot_loops(address, functions, register, names,
                                                  parts.get(way, ""))]
            problems, _, figures = max(judged, key=lambda one: (len(one[0]), -one[1]))
            broken += bool(problems)
            print(f"{way + ': ' + of:<{width}} {figures}  {'; '.join(problems)}".rstrip())
    if len(kernels) < 40:
        sys.exit(f"found {len(kernels)} kernels, expected 40 or more")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
