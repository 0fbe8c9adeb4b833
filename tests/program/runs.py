# SPDX-License-Identifier: BSL-1.0
"""Training, evaluating and predicting with the program on small sets made here."""
import json
import os
import pty
import re
import signal
import struct
import subprocess
import time
import unittest

import images
from program_test_case import PROGRAM, ProgramTestCase


class Runs(ProgramTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = images.make_data(cls.folder / "data")
        cls.trained = json.loads(subprocess.run(
            [PROGRAM, "train", "mnist-mlp", "--data", cls.data, "--epochs", "3", "--out", "run",
             "--threads", "2", "--validation", "0.1", "--seed", "7", "--recipe", "course",
             "--json"],
            cwd=cls.folder, check=True, capture_output=True, text=True).stdout)

    def content(self, run):
        return {file.name: file.read_bytes() for file in (self.folder / run).iterdir()}

    def test_the_document_of_train(self):
        document = self.trained
        self.assertEqual(document["model"], "mnist-mlp")
        self.assertEqual(document["parameters"], 669706)
        self.assertEqual((document["seed"], document["threads"], document["batch"]), (7, 2, 32))
        self.assertEqual(document["recipe"], {
            "name": "course", "epochs": 3, "batch": 32, "initializer": "glorot-uniform",
            "optimizer": "rmsprop", "learning_rate": 1e-3, "weight_decay": 0,
            "schedule": "constant", "warm_up": 0, "label_smoothing": 0, "average": 0,
            "clip_norm": 0, "class_weights": False, "patience": 0, "keep_best": False, "augmentation": False})
        self.assertEqual([each["epoch"] for each in document["epochs"]], [1, 2, 3])
        for each in document["epochs"]:
            self.assertEqual(set(each), {
                "epoch", "loss", "accuracy", "validation_loss", "validation_accuracy", "test_loss",
                "test_accuracy", "seconds"})
            self.assertTrue(all(isinstance(value, (int, float)) for value in each.values()))
        last = document["epochs"][-1]
        self.assertEqual(document["test"], {"loss": last["test_loss"], "images": 100,
                                            "accuracy": last["test_accuracy"]})
        self.assertGreater(last["test_accuracy"], 0.9)
        self.assertGreaterEqual(document["seconds"], sum(e["seconds"] for e in document["epochs"]))
        self.assertEqual(document["run"], "run")
        self.assertIn(document["curves"]["shape"], ["fits", "overfits", "underfits", "diverges"])
        self.assertIn("% of the training images", document["curves"]["sentence"])

    def test_the_folder_of_a_run(self):
        files = self.content("run")
        self.assertEqual(set(files) - {"confusion.png", "mistakes.png"},  # which evaluate draws
                         {"model.safetensors", "history.csv", "run.json", "curves.png"})
        self.assertEqual(json.loads(files["run.json"]), self.trained)
        rows = files["history.csv"].decode().splitlines()
        self.assertTrue(rows[0].startswith("epoch,loss,accuracy,"))
        self.assertEqual(float(rows[3].split(",")[1]), self.trained["epochs"][2]["loss"])
        length = struct.unpack("<Q", files["model.safetensors"][:8])[0]
        header = json.loads(files["model.safetensors"][8:8 + length])
        self.assertEqual(header["__metadata__"]["model"], "mnist-mlp")
        self.assertEqual(json.loads(header["__metadata__"]["labels"]), list("0123456789"))
        self.assertIn("dense<512>", header["__metadata__"]["architecture"])
        self.assertEqual(header["2.weight"]["shape"], [512, 784])

    def test_the_same_weights_for_any_number_of_threads_and_any_folder(self):
        for threads in [1, 2, 3, 8]:
            self.done("train", "mnist-mlp", "--data", self.data, "--epochs", 3, "--seed", 7,
                      "--recipe", "course", "--validation", 0.1, "--threads", threads, "--out", f"again/{threads}")
            self.assertEqual(self.content(f"again/{threads}")["model.safetensors"],
                             self.content("run")["model.safetensors"], threads)

    def test_without_validation_its_figures_are_null(self):
        document = self.document("train", "mnist-mlp", "--data", self.data, "--epochs", 1, "--out",
                                 "plain", "--optimizer", "adam", "--learning-rate", "0.002",
                                 "--batch", 17)
        self.assertIsNone(document["epochs"][0]["validation_loss"])
        self.assertIsNone(document["epochs"][0]["validation_accuracy"])
        self.assertEqual(document["recipe"]["optimizer"], "adam")
        self.assertEqual(document["recipe"]["learning_rate"], 0.002)
        self.assertEqual(document["batch"], 17)

    def test_train_as_text(self):
        text = self.done("train", "mnist-mlp", "--epochs", 1, LAMINA_DATA=str(self.data))
        self.assertRegex(text, r"accuracy [01]\.\d{4} on 100 test images")
        self.assertIn("run: runs/mnist-mlp\n", text)
        self.assertTrue((self.folder / "runs/mnist-mlp/model.safetensors").is_file())

    def test_the_networks_of_the_signs(self):
        for model, parameters in [("asl-mlp", 676888), ("asl-cnn", 264049)]:
            document = self.document("train", model, "--data", self.data, "--epochs", 1, "--out",
                                     model)
            self.assertEqual(document["parameters"], parameters)
            self.assertEqual(document["test"]["images"], 48)
            answer = self.document("predict", model, "--test", 10, "--data", self.data)
            self.assertEqual(answer["predictions"][9]["expected"], "k")

    def test_evaluate(self):
        document = self.document("evaluate", "run", "--data", self.data)
        self.assertEqual(document["model"], "mnist-mlp")
        self.assertEqual(document["images"], 100)
        self.assertAlmostEqual(document["loss"], self.trained["test"]["loss"], places=6)
        self.assertEqual(document["accuracy"], self.trained["test"]["accuracy"])
        confusion = document["confusion"]
        self.assertEqual([sum(row) for row in confusion], [10] * 10)
        right = sum(confusion[i][i] for i in range(10))
        self.assertAlmostEqual(right / 100, document["accuracy"])
        for i, each in enumerate(document["classes"]):
            self.assertEqual((each["label"], each["images"]), (str(i), 10))
            answers = sum(row[i] for row in confusion)
            self.assertAlmostEqual(each["recall"], confusion[i][i] / 10)
            self.assertAlmostEqual(each["precision"], confusion[i][i] / answers if answers else 0)
            self.assertLessEqual(each["f1"], max(each["recall"], each["precision"]))

        self.assertTrue(0 <= document["calibration_error"] <= 1)
        wrong = sum(map(sum, confusion)) - right
        self.assertEqual(len(document["mistakes"]), min(wrong, 32))
        for pair in document["confused"]:
            self.assertEqual(confusion[int(pair["label"])][int(pair["answer"])], pair["images"])
        for name in ["confusion.png", "mistakes.png"]:
            self.assertTrue(self.content("run")[name].startswith(b"\x89PNG"))

    def test_evaluate_as_text(self):
        text = self.done("evaluate", "run", "--data", self.data)
        self.assertIn("calibration error", text)
        self.assertIn("precision", text)
        self.assertIn("confusion", text)

    def test_pictures_of_any_size_and_kind(self):
        (self.folder / "wide.png").write_bytes(images.png(61, 13, bytes(61 * 13)))
        (self.folder / "small.jpg").write_bytes(images.JPEG)
        document = self.document("predict", "run", "wide.png", "small.jpg", "--top", 100)
        for each in document["predictions"]:
            self.assertEqual(len(each["top"]), 10)
            self.assertAlmostEqual(sum(t["probability"] for t in each["top"]), 1, places=5)

    def test_an_unreadable_picture_does_not_keep_the_others_from_their_answers(self):
        (self.folder / "good.png").write_bytes(images.png(28, 28, bytes(784)))
        (self.folder / "bad.png").write_bytes(images.png(28, 28, bytes(784))[:40])
        result = self.run_program("predict", "run", "bad.png", "good.png", "missing.png", "--json")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"\Alamina: 2 of 3 images cannot be read; [^\n]+\n\Z")
        bad, good, missing = json.loads(result.stdout)["predictions"]
        self.assertEqual(set(bad), {"image", "error"})
        self.assertIn("bad.png: expected a whole PNG picture", bad["error"])
        self.assertIn("missing.png: cannot open", missing["error"])
        self.assertIn(good["label"], "0123456789")
        result = self.run_program("predict", "run", "bad.png", "good.png")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"\Alamina: bad.png: [^\n]+\n\Z")
        self.assertRegex(result.stdout, r"\Agood.png: \d ")

    def test_show_draws_in_characters_where_there_is_no_terminal(self):
        lines = self.done("predict", "run", "--test", 1, "--show", "--data", self.data).splitlines()
        self.assertEqual(len(lines), 29)
        self.assertTrue(all(len(line) == 56 and line.isascii() for line in lines[:28]))
        self.assertRegex(lines[28], r"test image 0: \d \(it is 0\)")

    def in_terminal(self, *words, **environment):
        """What the program writes on a terminal."""
        leader, follower = pty.openpty()
        with subprocess.Popen([PROGRAM, *map(str, words)], cwd=self.folder,
                              stdin=subprocess.DEVNULL, stdout=follower, stderr=follower,
                              env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment}):
            os.close(follower)
            written = b""
            try:
                while piece := os.read(leader, 65536):
                    written += piece
            except OSError:  # Linux's end of a terminal
                pass
        os.close(leader)
        return written.decode()

    def test_show_draws_in_half_blocks_on_a_terminal(self):
        words = ["predict", "run", "--test", 1, "--show", "--data", self.data]
        colours = self.in_terminal(*words, LC_ALL="C.UTF-8", COLORTERM="truecolor")
        self.assertEqual(colours.count("▀"), 28 * 14)
        self.assertIn("\x1b[38;2;", colours)
        self.assertIn("\x1b[38;5;", self.in_terminal(*words, LC_ALL="C.UTF-8", COLORTERM=""))
        self.assertNotIn("▀", self.in_terminal(*words, LC_ALL="C", COLORTERM="truecolor"))
        self.assertNotIn("▀", self.in_terminal(*words, LC_ALL="C.UTF-8", NO_COLOR="1"))

    def test_a_progress_bar_on_a_terminal_alone(self):
        words = ["train", "mnist-mlp", "--data", self.data, "--epochs", 2, "--out", "bar"]
        self.assertRegex(self.in_terminal(*words), r"epoch 2/2 .*images/s")
        self.assertEqual(self.run_program(*words).stderr, "")

    def test_an_older_run_survives_a_killed_one(self):
        self.done("train", "mnist-mlp", "--data", self.data, "--epochs", 1, "--out", "older")
        before = self.content("older")
        started = subprocess.Popen(
            [PROGRAM, "train", "mnist-mlp", "--data", self.data, "--epochs", "100000", "--out",
             "older"], cwd=self.folder)
        time.sleep(1)
        self.assertIsNone(started.poll())
        started.send_signal(signal.SIGKILL)
        started.wait()
        after = self.content("older")
        self.assertIn("checkpoint.safetensors", after)
        self.assertEqual({name: after[name] for name in before}, before)
        self.done("train", "mnist-mlp", "--data", self.data, "--epochs", 1, "--out", "older")
        self.assertEqual(self.content("older").keys(), before.keys())

    # All that a checkpoint has to hold: the optimizer's memory, the schedule's place, an average,
    # the best weights.
    PLAN = ["--epochs", 20, "--seed", 5, "--recipe", "course", "--optimizer", "adamw", "--average",
            0.9, "--schedule", "one-cycle", "--validation", 0.2, "--keep-best", "--class-weights",
            "--label-smoothing", 0.1, "--clip-norm", 1]

    def test_an_interrupted_run_ends_with_the_bits_of_the_one_that_was_not(self):
        words = ["train", "mnist-mlp", "--data", self.data, "--threads", 1]
        self.done(*words, *self.PLAN, "--out", "whole")
        whole = self.content("whole")["model.safetensors"]
        checkpoint = self.folder / "parts/checkpoint.safetensors"
        more = self.PLAN
        for stop in [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGKILL]:
            written = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
            started = subprocess.Popen([PROGRAM, *map(str, [*words, *more, "--out", "parts"])],
                                       cwd=self.folder, stderr=subprocess.PIPE)
            while not checkpoint.exists() or checkpoint.stat().st_mtime_ns == written:
                self.assertIsNone(started.poll())
                time.sleep(0.01)
            time.sleep(0.03)
            started.send_signal(stop)
            message = started.communicate()[1].decode()
            if stop == signal.SIGKILL:
                self.assertEqual(started.returncode, -stop)
            else:
                self.assertEqual(started.returncode, 1)
                self.assertRegex(message, r"\Alamina: interrupted in epoch \d+; `lamina train "
                                          r"mnist-mlp --out parts --resume` goes on [^\n]+\n\Z")
            more = ["--resume"]
        self.done(*words, "--resume", "--out", "parts")
        self.assertEqual(self.content("parts")["model.safetensors"], whole)
        self.assertNotIn("checkpoint.safetensors", self.content("parts"))

    def test_a_run_that_cannot_be_resumed(self):
        words = ["train", "mnist-mlp", "--data", self.data, "--resume", "--out"]
        self.assertIn("checkpoint.safetensors: expected the checkpoint of an interrupted run, "
                      "found none", self.failed(*words, "run"))
        broken = self.folder / "no-checkpoint"
        broken.mkdir()
        for content, found in [
                (b"", "found 0 bytes"),
                (self.content("run")["model.safetensors"], 'found no "run" in the metadata')]:
            (broken / "checkpoint.safetensors").write_bytes(content)
            self.assertIn(found, self.failed(*words, "no-checkpoint"))
        self.misused(*words, "run", "--epochs", 3)

    def test_an_output_folder_that_cannot_be_written(self):
        (self.folder / "file").write_text("no folder")
        for out in ["file", "file/run", "/proc/lamina"]:
            message = self.failed("train", "mnist-mlp", "--data", self.data, "--out", out)
            self.assertTrue(message.startswith(out), message)
        self.assertEqual((self.folder / "file").read_text(), "no folder")

    def test_runs_that_are_none(self):
        self.assertIn("no such folder", self.failed("evaluate", "nowhere", "--data", self.data))
        self.assertIn("model.safetensors", self.failed("predict", "data", "--test", 1))
        weights = self.content("run")["model.safetensors"]
        length = struct.unpack("<Q", weights[:8])[0]
        header = json.loads(weights[8:8 + length])

        def with_metadata(**changed):
            other = {**header, "__metadata__": {**header["__metadata__"], **changed}}
            text = json.dumps(other).encode()
            return struct.pack("<Q", len(text)) + text + weights[8 + length:]
        (self.folder / "broken").mkdir(exist_ok=True)
        for content, found in [
                (b"", "found 0 bytes"), (weights[:100], "expected a safetensors header"),
                (weights[:-1], "data_offsets"), (with_metadata(model="vgg"), "found those of vgg"),
                (with_metadata(labels="x"), "expected the labels as a list of texts, found x"),
                (with_metadata(model="asl-mlp", preprocessing="grey, crop_to_square, resize_to<28, 28>"),
                 "+ layer 6 dense<24> -> 24"),
                (with_metadata(preprocessing="grey, resize_to<28, 28>"),
                 "expected the preprocessing of mnist-mlp, grey, centre_ink<20, 28>, found grey, "
                 "resize_to<28, 28>")]:
            (self.folder / "broken/model.safetensors").write_bytes(content)
            message = self.failed("evaluate", "broken", "--data", self.data)
            self.assertTrue(message.startswith("broken/model.safetensors: "), message)
            self.assertIn(found, message)


class BadData(ProgramTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = images.make_data(cls.folder / "data", 40, 20)

    def refused(self, model, file, content):
        """The message of training with this content of a file, and with an older run that stays."""
        path = self.data / file
        old = path.read_bytes()
        run = self.folder / "older"
        run.mkdir(exist_ok=True)
        (run / "model.safetensors").write_text("an older run")
        try:
            path.unlink() if content is None else path.write_bytes(content)
            message = self.failed("train", model, "--data", "data", "--out", "older")
        finally:
            path.write_bytes(old)
        self.assertEqual([file.name for file in run.iterdir()], ["model.safetensors"])
        self.assertEqual((run / "model.safetensors").read_text(), "an older run")
        self.assertTrue(message.startswith("data/" + file.removesuffix(".gz")), message)
        return message

    def test_idx_files(self):
        name, packed = "mnist/train-images-idx3-ubyte", "mnist/t10k-images-idx3-ubyte.gz"
        whole, gz = (self.data / name).read_bytes(), (self.data / packed).read_bytes()
        for file, content, found in [
                (name, None, "found neither; `lamina data fetch mnist` gets it"),
                (name, b"", "found an empty file"),
                (name, whole[:1000], "found 984"),
                (name, whole[:3], "found 3 bytes in all"),
                (name, b"\0\0\x08\x01" + whole[4:], "found 0x00000801"),
                (name, whole[:4] + b"\xff" * 12, "expected 4294967295 x 4294967295 x 4294967295"),
                (packed, b"", "found an empty file"),
                (packed, gz[:100], "found the end of the file"),
                (packed, whole, "found incorrect header check"),
                (packed, gz + b"more", "found incorrect header check"),
                (packed, gz[:-8] + b"\0" * 8, "found incorrect data check")]:
            self.assertIn(found, self.refused("mnist-mlp", file, content))

    def test_labels(self):
        name = "mnist/t10k-labels-idx1-ubyte"
        self.assertIn("expected a label from 0 to 9, found 10",
                      self.refused("mnist-mlp", name, images.idx_labels([1] * 19 + [10])))
        self.assertRegex(self.refused("mnist-mlp", name, images.idx_labels([1] * 19)),
                         "expected 20 labels, as many as images in .*, found 19")

    def test_csv_files(self):
        name = "asl/sign_mnist_test.csv"
        header, first, *rest = (self.data / name).read_text().splitlines()
        fields = first.split(",")
        for row, found in [
                (",".join(fields[:-1]), "found 784"), (first + ",0", "found 786"),
                (",".join(["9", *fields[1:]]), 'found "9"'),
                (",".join(["25", *fields[1:]]), 'found "25"'),
                (",".join([fields[0], "256", *fields[2:]]), 'for pixel1, found "256"'),
                (",".join([fields[0], "-1", *fields[2:]]), 'for pixel1, found "-1"'),
                (",".join([*fields[:-1], "abc"]), 'for pixel784, found "abc"')]:
            message = self.refused("asl-mlp", name, "\n".join([header, row, *rest]).encode())
            self.assertIn(f"{name}: line 2: expected", message)
            self.assertIn(found, message)
        for content, found in [("", "an empty file"), (first, "in place of label"),
                               (header, "line 2: expected an image"),
                               ("\n".join([header, first, rest[0][:500]]), "line 3: expected 785")]:
            self.assertIn(found, self.refused("asl-mlp", name, content.encode()))


class OwnModel(ProgramTestCase):
    def test_the_program_with_a_model_of_ones_own(self):
        program = os.path.join(os.environ["LAMINA_EXAMPLES"], "own_model")
        document = self.document("train", "stripes", "--out", "run", program=program)
        self.assertEqual(len(document["epochs"]), 3)
        self.assertEqual(document["batch"], 16)
        self.assertGreater(document["test"]["accuracy"], 0.95)
        self.assertIn("columns", self.done("evaluate", "run", program=program))
        (self.folder / "rows.png").write_bytes(
            images.png(8, 8, bytes(150 * (i // 8 % 2) for i in range(64))))
        answer = self.document("predict", "run", "rows.png", program=program)
        self.assertEqual(answer["predictions"][0]["label"], "rows")
        self.assertTrue(re.search("conv2d", self.done("summary", "stripes", program=program)))


if __name__ == "__main__":
    unittest.main()
