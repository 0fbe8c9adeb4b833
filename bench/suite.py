# SPDX-License-Identifier: BSL-1.0
"""Builds and runs one suite of Google Benchmark rows: build/bench/SUITE.json and SUITE.png.

What a suite's own `run` says with `suite.main("name", draw)`; the command line is

    bench/NAME/run [--filter REGEX] [--rounds N] [--seconds S] [--draw] [-- OPTION OF GOOGLE'S…]

Rounds are interleaved in random order; the figures on the picture and below are their medians.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

root = pathlib.Path(__file__).resolve().parent.parent
folder = root / "build/bench"


def build(suite):
    """The program of a suite, built in release."""
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL") or str(os.cpu_count())
    subprocess.run(["cmake", "--preset", "release", "-B", folder, "-DLAMINA_TESTS=OFF",
                    "-DLAMINA_COMPILED=OFF", "-DLAMINA_BENCH=ON"],
                   cwd=root, check=True, stdout=subprocess.DEVNULL)
    target = f"bench_{suite}"
    subprocess.run(["cmake", "--build", folder, "--target", target, "-j", jobs], check=True,
                   stdout=sys.stderr)
    return folder / target


class Row:
    """The rounds of one benchmark: seconds, and counters by name."""

    def __init__(self):
        self.seconds = []
        self.counters = {}

    def add(self, run):
        unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[run["time_unit"]]
        timed_by_wall = re.search(r"/(real_time|manual_time)$", run["name"])
        self.seconds.append(run["real_time" if timed_by_wall else "cpu_time"] * unit)
        for name, value in run.items():
            if name in ("images", "flops", "bytes", "peak", "executed", "share", "readings", "beside"):
                self.counters.setdefault(name, []).append(value)

    def median(self, counter="seconds"):
        """The median of the rounds, None where there is no such counter."""
        values = self.seconds if counter == "seconds" else self.counters.get(counter)
        return statistics.median(values) if values else None


def rows_of(report):
    """Rows by name, without what Google Benchmark adds to it, in the order of the program."""
    rows = {}
    for run in sorted(report["benchmarks"], key=lambda run: run["family_index"]):
        if run["run_type"] == "iteration":
            name = re.sub(r"(/iterations:\d+)?(/(real|manual)_time)?$", "", run["name"])
            if run.get("error_occurred"):
                sys.exit(f"{name}: {run['error_message']}")
            rows.setdefault(name, Row()).add(run)
    return rows


def engineering(value):
    for power, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= power:
            return f"{value / power:.3g} {prefix}"
    return f"{value:.3g} "


def print_rows(rows):
    width = max((len(name) for name in rows), default=0)
    print(f"{'row':<{width}} {'time':>10} {'images/s':>10} {'FLOP/s':>9} {'peak':>5} "
          f"{'executed':>8} {'B/s':>9} {'readings':>8} {'beside':>6}")
    for name, row in rows.items():
        def cell(counter, width, form):
            value = row.median(counter)
            return f"{'' if value is None else form(value):>{width}}"
        print(f"{name:<{width}} {row.median() * 1e6:>7.1f} us {cell('images', 10, engineering)} "
              f"{cell('flops', 9, engineering)} {cell('peak', 5, '{:.0%}'.format)} "
              f"{cell('executed', 8, '{:.0%}'.format)} {cell('bytes', 9, engineering)} "
              f"{cell('readings', 8, '{:.2f}'.format)} {cell('beside', 6, '{:.3f}'.format)}".rstrip())


def picture_module():
    """What draws; None, said once, where matplotlib is missing."""
    try:
        import picture
    except ImportError:
        print("no picture: matplotlib is missing (Debian: python3-matplotlib)", file=sys.stderr)
        return None
    return picture


def draw_with(drawing, rows, report, file):
    picture = picture_module()
    if picture is None:
        return
    file.unlink(missing_ok=True)
    drawing(picture, rows, picture.title_of(report), file)
    if file.exists():  # none where no row is one that it draws
        print(f"\n{file.relative_to(root)}")


def write(name, runs):
    """The runs of a suite that is no program of Google Benchmark, in its format."""
    report = {"context": {"date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "num_cpus": os.cpu_count()},
              "benchmarks": runs}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(report, indent=1), encoding="utf-8")


def main(suite, drawing):
    parser = argparse.ArgumentParser(prog=f"bench/{suite}/run")
    parser.add_argument("--filter", default=".", help="rows whose names match this expression")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1, help="of a round of a row, at least")
    parser.add_argument("--draw", action="store_true", help="draw what was measured last, only")
    parser.add_argument("rest", nargs="*", help="options for Google Benchmark, after --")
    options = parser.parse_args()
    written = folder / f"{suite}.json"
    if not options.draw:
        program = build(suite)
        subprocess.run([program, f"--benchmark_filter={options.filter}",
                        f"--benchmark_repetitions={options.rounds}",
                        f"--benchmark_min_time={options.seconds}",
                        "--benchmark_report_aggregates_only=false", f"--benchmark_out={written}",
                        *options.rest], check=True, stdout=subprocess.DEVNULL)
    report = json.loads(written.read_text(encoding="utf-8"))
    rows = rows_of(report)
    print_rows(rows)
    draw_with(drawing, rows, report, folder / f"{suite}.png")
