# SPDX-License-Identifier: BSL-1.0
"""The words of the command line, and summary, which needs no images."""
import unittest

from program_test_case import ProgramTestCase


class Usage(ProgramTestCase):
    def test_wrong_usage_is_two_lines_and_status_2(self):
        for words in [(), ("other",), ("--unknown",), ("train",), ("train", "mnist"),
                      ("train", "mnist-mlp", "more"), ("summary", "mnist-mlp", "--batch", "0"),
                      ("evaluate",), ("predict",), ("predict", "run"),
                      ("predict", "run", "--test", "0"),
                      ("predict", "run", "--top", "0", "a.png"), ("data",),
                      ("data", "get", "mnist"), ("data", "fetch", "cifar"),
                      ("data", "verify", "mnist", "--from", "x")]:
            self.misused(*words)

    def test_options_of_train(self):
        for option in ["--unknown", "--epochs", "--epochs -1", "--epochs 0", "--epochs 1.5",
                       "--epochs many", "--batch 0", "--batch -1", "--batch 1e9", "--seed -1",
                       "--seed x", "--seed 1e400", "--seed 1.5", "--threads 0", "--threads -2",
                       "--learning-rate 0",
                       "--learning-rate -0.1", "--learning-rate nan", "--learning-rate inf",
                       "--learning-rate 1e-3x", "--optimizer lion", "--validation 1",
                       "--validation -0.1", "--validation nan", "--recipe worst",
                       "--schedule sometimes", "--average 1", "--label-smoothing -1",
                       "--weight-decay -1", "--clip-norm x", "--patience 0", "--warm-up -1",
                       "--resume --seed 1", "--resume --epochs 3"]:
            message = self.misused("train", "mnist-mlp", *option.split())
            self.assertIn("usage: lamina train MODEL [--data DIR]", message)

    def test_a_recipe_of_another_model_is_refused_with_its_own(self):
        message = self.failed("train", "asl-mlp", "--recipe", "fast")
        self.assertEqual(message, "asl-mlp: expected one of its recipes (course, best), "
                                  "found fast")

    def test_an_unknown_model_is_named_with_those_that_are_known(self):
        message = self.misused("train", "mnist-mpl")
        for name in ["mnist-mpl", "mnist-mlp", "asl-mlp", "asl-cnn"]:
            self.assertIn(name, message)

    def test_help(self):
        self.assertIn("train", self.done("--help"))
        self.assertIn("--learning-rate", self.done("train", "--help"))

    def test_summary(self):
        cnn = self.document("summary", "asl-cnn")
        self.assertEqual(cnn["model"], "asl-cnn")
        self.assertEqual(cnn["input"], [28, 28, 1])
        self.assertEqual(cnn["parameters"], 264049)
        self.assertEqual(cnn["trained_parameters"], 263749)
        self.assertEqual(cnn["multiply_adds"], 7912538)
        self.assertEqual(cnn["layers"][1], {
            "position": "1", "layer": "conv2d<75, window<3, 3>, same>", "output": [28, 28, 75],
            "parameters": 750, "multiply_adds": 529200})
        self.assertEqual(sum(layer["parameters"] for layer in cnn["layers"]), cnn["parameters"])
        self.assertEqual(cnn["training_steps"][0], {
            "step": "conv2d<75, window<3, 3>, same> + relu + batch_norm<> + max_pool<2, same>",
            "layers": ["conv2d<75, window<3, 3>, same>", "relu", "batch_norm<>",
                       "max_pool<2, same>"]})
        self.assertTrue(all(step["layers"] for step in cnn["inference_steps"]))
        self.assertEqual(cnn["bytes"]["weights"], 4 * 264049)

    def test_bytes_by_the_batch(self):
        bytes_of = lambda batch: self.document("summary", "mnist-mlp", "--batch", batch)["bytes"]
        one, sixteen, thirty_two, many = map(bytes_of, [1, 16, 17, 1024])
        self.assertEqual(one, sixteen)
        block = thirty_two["activations"] - sixteen["activations"]
        self.assertEqual(many["activations"], 64 * block)
        more = thirty_two["training_arena"] - sixteen["training_arena"]
        self.assertEqual(many["training_arena"], sixteen["training_arena"] + 63 * more)

    def test_summary_as_text(self):
        text = self.done("summary", "mnist-mlp")
        self.assertIn("669706", text)
        self.assertIn("dense<512> + relu", text)


if __name__ == "__main__":
    unittest.main()
