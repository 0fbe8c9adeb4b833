#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Trains a model with the program over several seeds and writes down what it reaches.

    run.py asl-cnn --seeds 1-10           # appends to lamina.csv, goes on where it stopped;
                                          # each epoch to lamina_epochs.csv
    run.py asl-cnn --recipe best --no-augment --runs runs
    run.py --summary                      # medians of lamina.csv, pytorch.csv and keras.csv

The data is read from $LAMINA_DATA; --runs keeps the run of each seed, for perturb.py. What counts is
the accuracy on the test images after the last epoch; no epoch is chosen.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import results

FOLDER = pathlib.Path(__file__).resolve().parent


def recorded_recipe(options):
    return options.recipe + " --no-augment" * options.no_augment


def train(options, seed):
    """One run of the program: the row of its results, and one for each epoch."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"{options.model}-{recorded_recipe(options)}-{seed}".replace(" ", "")
        out = options.runs / name if options.runs else folder
        command = [
            options.program,
            "train",
            options.model,
            "--recipe",
            options.recipe,
            "--seed",
            str(seed),
            "--out",
            str(out),
            "--json",
        ]
        if options.no_augment:
            command += ["--no-augment"]
        if options.threads:
            command += ["--threads", str(options.threads)]
        if options.epochs:
            command += ["--epochs", str(options.epochs)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(
            f"run.py: {' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()}"
        )
    result = json.loads(done.stdout)
    run = {"model": result["model"], "recipe": recorded_recipe(options), "seed": seed}
    row = run | {
        "epochs": len(result["epochs"]),
        "test_accuracy": f"{result['test']['accuracy']:.6f}",
        "test_loss": f"{result['test']['loss']:.6f}",
        "seconds": f"{result['seconds']:.2f}",
        "threads": result["threads"],
    }
    return row, [run | epoch_row(epoch) for epoch in result["epochs"]]


def epoch_row(epoch):
    return {
        "epoch": epoch["epoch"],
        "loss": f"{epoch['loss']:.6f}",
        "test_accuracy": f"{epoch['test_accuracy']:.6f}",
        "test_loss": f"{epoch['test_loss']:.6f}",
        "seconds": f"{epoch['seconds']:.2f}",
    }


def wait_while(path):
    while path and os.path.exists(path):
        time.sleep(2)


def summary(rows, title):
    """A line for each model, recipe and number of epochs: runs, median, worst, best, seconds."""
    groups = {}
    for row in rows:
        groups.setdefault((row["model"], row.get("recipe", "course"), row["epochs"]), []).append(
            row
        )
    for (model, recipe, epochs), runs in sorted(groups.items()):
        accuracy = [100 * float(row["test_accuracy"]) for row in runs]
        seconds = statistics.median(float(row["seconds"]) for row in runs if row["seconds"])
        print(
            f"{title:8} {model:18} {recipe:17} {epochs:>3} epochs, {len(runs):>2} runs: median "
            f"{statistics.median(accuracy):.2f} %, worst {min(accuracy):.2f}, "
            f"best {max(accuracy):.2f}; {seconds:.1f} s a run"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", nargs="?", help="as the program calls it")
    parser.add_argument("--seeds", default="1-10", help="a seed or a range, both ends counted")
    parser.add_argument("--recipe", default="course")
    parser.add_argument("--no-augment", action="store_true", help="the recipe without its policy")
    parser.add_argument("--epochs", type=int, help="default: the recipe's")
    parser.add_argument("--threads", type=int, help="default: the program's")
    parser.add_argument("--program", default=str(FOLDER.parents[1] / "build/release/lamina"))
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER / "lamina.csv")
    parser.add_argument("--runs", type=pathlib.Path, help="folder that keeps the runs")
    parser.add_argument("--pause-file", help="wait between two runs as long as this file exists")
    parser.add_argument("--summary", action="store_true", help="train nothing, print the medians")
    options = parser.parse_args()
    if options.summary == bool(options.model):
        parser.error("give a model or --summary")
    for seed in results.seeds(options.seeds) if options.model else ():
        if any(
            row["model"] == options.model
            and row["recipe"] == recorded_recipe(options)
            and int(row["seed"]) == seed
            and options.epochs in (None, int(row["epochs"]))
            for row in results.read(options.out)
        ):
            continue
        wait_while(options.pause_file)
        row, epochs = train(options, seed)
        for epoch in epochs:
            results.append(options.out.with_name(options.out.stem + "_epochs.csv"), epoch)
        results.append(options.out, row)
        print(row, file=sys.stderr, flush=True)
    for file, title in (
        (options.out, "lamina"),
        (FOLDER / "pytorch.csv", "PyTorch"),
        (FOLDER / "keras.csv", "Keras"),
    ):
        rows = results.read(file)
        summary([row for row in rows if options.model in (None, row["model"])], title)


if __name__ == "__main__":
    main()
