# SPDX-License-Identifier: BSL-1.0
"""Pictures through the program: prediction, folders by class, augmentation."""
import json
import struct
import subprocess
import unittest
import zlib

import images
from program_test_case import PROGRAM, ProgramTestCase

letters = "abcdefghiklmnopqrstuvwxy"


def enlarged(pixels, side, times):
    """Each pixel as a square of `times` by `times`."""
    rows = [bytes(p for p in pixels[side * y:side * (y + 1)] for _ in range(times))
            for y in range(side)]
    return b"".join(row for row in rows for _ in range(times))


class Pictures(ProgramTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = images.make_data(cls.folder / "data")
        for model, out in [("asl-mlp", "signs"), ("mnist-mlp", "digits")]:
            subprocess.run([PROGRAM, "train", model, "--data", cls.data, "--epochs", "2", "--out",
                            out, "--threads", "2", "--seed", "7", "--recipe", "course"],
                           cwd=cls.folder, check=True, capture_output=True)
        names = [label for label in range(25) if label != 9]
        rows = images.signs(48, 4).decode().splitlines()[1:]
        cls.signs = [(letters[names.index(int(row.split(",")[0]))],
                      bytes(map(int, row.split(",")[1:]))) for row in rows]

    def draw(self, name, width, height, pixels):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(images.png(width, height, pixels))
        return path

    def test_pictures_of_the_data_get_the_answers_of_the_data(self):
        names = [self.draw(f"{i}.png", 28, 28, self.signs[i][1]) for i in range(3)]
        by_picture = self.document("predict", "signs", *names)["predictions"]
        by_test = self.document("predict", "signs", "--test", 3, "--data", self.data)["predictions"]
        for i in range(3):
            self.assertEqual(by_picture[i]["image"], str(names[i]))
            self.assertEqual(by_test[i]["expected"], self.signs[i][0])
            for key in ("label", "confidence", "top"):
                self.assertEqual(by_picture[i][key], by_test[i][key])
            top = by_picture[i]["top"]
            self.assertEqual(top[0], {"label": by_picture[i]["label"],
                                      "probability": by_picture[i]["confidence"]})
            self.assertEqual(len(top), 3)

    def test_the_square_in_the_middle_of_a_larger_picture(self):
        pixels = self.signs[5][1]
        small = self.draw("small.png", 28, 28, pixels)
        rows = [enlarged(pixels[28 * y:28 * y + 28], 28, 4)[:112] for y in range(28)]
        wide = b"".join(bytes(20) + row + bytes(20) for row in rows for _ in range(4))
        large = self.draw("large.png", 152, 112, wide)
        one, other = self.document("predict", "signs", small, large)["predictions"]
        self.assertEqual(one["top"], other["top"])

    def test_ink_on_paper_anywhere(self):
        seven = bytearray(784)
        for y in range(4, 24):
            for x in range(8, 20):
                if y < 7 or abs(18 - (y - 7) // 2 - x) < 2:
                    seven[28 * y + x] = 255
        light = self.draw("light.png", 28, 28, bytes(seven))
        paper = bytearray(b"\xdc" * 200 * 150)
        for y in range(112):
            for x in range(112):
                if seven[28 * (y // 4) + x // 4]:
                    paper[200 * (y + 10) + x + 80] = 30
        dark = self.draw("dark.png", 200, 150, bytes(paper))
        one, other = self.document("predict", "digits", light, dark)["predictions"]
        self.assertEqual(one["label"], other["label"])
        self.assertAlmostEqual(one["confidence"], other["confidence"], delta=0.1)
        blank = self.draw("blank.png", 50, 20, b"\xdc" * 1000)
        self.assertEqual(len(self.document("predict", "digits", blank)["predictions"]), 1)

    def test_a_folder_of_pictures_by_class(self):
        for part in ("train", "test"):
            for i, (letter, pixels) in enumerate(self.signs):
                self.draw(f"hands/{part}/{letter}/{i}.png", 28, 28, pixels)
        answers = self.document("predict", "signs", self.folder / "hands/test")["predictions"]
        self.assertEqual(len(answers), 48)
        self.assertTrue(all(each["expected"] == each["image"].split("/")[-2] for each in answers))
        evaluated = self.document("evaluate", "signs", "--data", self.folder / "hands")
        as_csv = self.document("evaluate", "signs", "--data", self.data)
        self.assertEqual(evaluated["images"], 48)
        self.assertEqual(evaluated["accuracy"], as_csv["accuracy"])
        right = sum(each["expected"] == each["label"] for each in answers)
        self.assertAlmostEqual(right / 48, evaluated["accuracy"])
        trained = self.document("train", "asl-mlp", "--data", self.folder / "hands", "--epochs", 1,
                                "--out", "own")
        self.assertEqual(trained["test"]["images"], 48)
        self.draw("hands/train/zz/1.png", 28, 28, bytes(784))
        message = self.failed("train", "asl-mlp", "--data", self.folder / "hands", "--out", "own")
        self.assertIn("hands/train/zz: expected a folder named as one of the classes a, b,", message)

    def test_what_is_no_picture(self):
        good = self.draw("good.png", 28, 28, self.signs[0][1])
        header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
        empty = struct.pack(">IIBBBBB", 0, 4, 8, 0, 0, 0, 0)

        def with_header(content):
            chunk = b"IHDR" + content
            whole = good.read_bytes()
            return (whole[:8] + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
                    + whole[33:])
        bad = {"text.png": b"a text", "empty.png": b"", "bomb.png": with_header(header),
               "zero.png": with_header(empty), "half.jpg": images.JPEG[:len(images.JPEG) // 2]}
        for name, content in bad.items():
            (self.folder / name).write_bytes(content)
            message = self.failed("predict", "signs", name)
            self.assertTrue(message.startswith(f"{name}: expected a "), message)
        self.assertIn("expected a picture of 1 to 100000000 pixels, found 100000 x 100000",
                      self.failed("predict", "signs", "bomb.png"))
        result = self.run_program("predict", "signs", *bad, good, "--json")
        self.assertEqual(result.returncode, 1)
        answers = json.loads(result.stdout)["predictions"]
        self.assertEqual(["error" in each for each in answers], [True] * 5 + [False])
        self.assertRegex(result.stderr, r"\Alamina: 5 of 6 images cannot be read; [^\n]+\n\Z")

    def test_training_with_the_policy_and_its_sheet(self):
        def trained(*words):
            return self.document("train", "asl-mlp", "--data", self.data, "--epochs", 1, "--seed", 3,
                                 "--out", "augmented", *words)
        plain = trained("--recipe", "course")
        augmented = [trained("--recipe", "course", "--augment", "--threads", n) for n in (1, 2)]
        self.assertFalse(plain["recipe"]["augmentation"])
        self.assertTrue(augmented[0]["recipe"]["augmentation"])
        self.assertNotEqual(plain["epochs"][0]["loss"], augmented[0]["epochs"][0]["loss"])
        self.assertEqual(augmented[0]["epochs"][0]["loss"], augmented[1]["epochs"][0]["loss"])
        for recipe in ("course", "best"):
            self.done("augment", "asl-mlp", "--data", self.data, "--samples", 3, "--out",
                      f"{recipe}.png", "--recipe", recipe)
            size = struct.unpack(">II", (self.folder / f"{recipe}.png").read_bytes()[16:24])
            self.assertEqual(size, (10 * 88 + 8, 3 * 88 + 4))
        sheets = [(self.folder / f"{recipe}.png").read_bytes() for recipe in ("course", "best")]
        self.assertNotEqual(*sheets)


if __name__ == "__main__":
    unittest.main()
