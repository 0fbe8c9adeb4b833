# SPDX-License-Identifier: BSL-1.0
"""`lamina data fetch` and `verify` against a server on the loopback interface."""
import functools
import gzip
import hashlib
import http.server
import os
import pathlib
import shutil
import sys
import threading
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "program"))
from program_test_case import ProgramTestCase  # noqa: E402

MNIST = [f"{part}-{kind}-ubyte" for part in ("train", "t10k")
         for kind in ("images-idx3", "labels-idx1")]
REAL = os.environ.get("LAMINA_DATA")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; of those under `half/` only the first half of what it announces."""

    def log_message(self, *_):
        pass

    def copyfile(self, source, outputfile):
        content = source.read()
        outputfile.write(content[:len(content) // 2] if "/half/" in self.path else content)


class Fetch(ProgramTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.served = cls.folder / "served"
        cls.served.mkdir()
        cls.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=cls.served))
        cls.address = f"http://127.0.0.1:{cls.server.server_port}"
        thread = threading.Thread(target=cls.server.serve_forever)
        thread.start()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(thread.join)
        cls.addClassCleanup(cls.server.shutdown)

    def serve(self, folder, content):
        (self.served / folder).mkdir(exist_ok=True)
        (self.served / folder / (MNIST[0] + ".gz")).write_bytes(content)
        return f"{self.address}/{folder}"

    def assert_nothing_stored(self, data):
        """But for the beginning of a download, which the next fetch goes on with."""
        stored = [path.name for path in (self.folder / data / "mnist").iterdir()]
        self.assertEqual([name for name in stored if not name.endswith(".part")], [])

    def test_wrong_bytes(self):
        address = self.serve("wrong", gzip.compress(b"something else"))
        message = self.failed("data", "fetch", "mnist", "--data", "a", "--from", address)
        self.assertIn(f"{address}/{MNIST[0]}.gz: expected the md5 6bbc9ace898e44ae57da46a324031adb "
                      f"of the published file, found {hashlib.md5(b'something else').hexdigest()}",
                      message)
        self.assert_nothing_stored("a")

    def test_truncated_bytes(self):
        packed = gzip.compress(os.urandom(100000))
        address = self.serve("half", packed)
        message = self.failed("data", "fetch", "mnist", "--data", "b", "--from", address)
        self.assertIn(f"{address}/{MNIST[0]}.gz: cannot be downloaded: ", message)
        self.assert_nothing_stored("b")
        address = self.serve("short", packed[:-10])
        message = self.failed("data", "fetch", "mnist", "--data", "b", "--from", address)
        self.assertIn(f"{address}/{MNIST[0]}.gz: offset ", message)
        self.assertIn("expected a whole gzip stream, found the end of the file", message)
        self.assert_nothing_stored("b")

    def test_nothing_there(self):
        message = self.failed("data", "fetch", "mnist", "--data", "c", "--from",
                              self.address + "/none")
        self.assertIn("404", message)
        self.assertIn("found neither", self.failed("data", "fetch", "mnist", "--data", "c",
                                                   "--from", self.folder))

    @unittest.skipUnless(REAL, "LAMINA_DATA is not set")
    def test_an_archive_as_kaggle_has_it(self):
        archive = self.folder / "archive.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as into:
            for name in ("sign_mnist_train", "sign_mnist_test"):
                with gzip.open(f"{REAL}/asl/{name}.csv.gz") as table:
                    into.writestr(f"{name}/{name}.csv", table.read())
            into.writestr("amer_sign2.png", b"a picture")
        result = self.run_program("data", "fetch", "asl", "--data", "d", "--from", archive)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.run_program("data", "verify", "asl", "--data", "d").returncode, 0)

    def test_verify_without_files(self):
        result = self.run_program("data", "verify", "asl", "--data", "e")
        self.assertEqual(result.returncode, 1)
        self.assertIn("e/asl/sign_mnist_train.csv: expected this file or", result.stderr)

    @unittest.skipUnless(REAL, "LAMINA_DATA is not set")
    def test_the_real_files(self):
        (self.served / "mnist").mkdir()
        for name in MNIST:
            shutil.copy(f"{REAL}/mnist/{name}.gz", self.served / "mnist")
        result = self.run_program("data", "fetch", "mnist", "--data", "f", "--from",
                                  self.address + "/mnist/")
        self.assertEqual((result.returncode, result.stdout), (0, ""), result.stderr)
        for name in MNIST:
            self.assertEqual((self.folder / "f/mnist" / f"{name}.gz").read_bytes(),
                             pathlib.Path(f"{REAL}/mnist/{name}.gz").read_bytes())
        self.assertEqual(self.run_program("data", "verify", "mnist", "--data", "f").returncode, 0)
        again = self.run_program("data", "fetch", "mnist", "--data", "f", "--from", "/nowhere")
        self.assertEqual(again.stderr.count("already there"), 4)
        result = self.run_program("data", "fetch", "asl", "--data", "f", "--from", f"{REAL}/asl")
        self.assertEqual(result.returncode, 0, result.stderr)

    @unittest.skipUnless(REAL, "LAMINA_DATA is not set")
    def test_a_damaged_file(self):
        shutil.copytree(f"{REAL}/mnist", self.folder / "g/mnist")
        path = self.folder / "g/mnist" / f"{MNIST[3]}.gz"
        path.chmod(0o644)
        path.write_bytes(gzip.compress(b"damaged"))
        result = self.run_program("data", "verify", "mnist", "--data", "g")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr.count(": right\n"), 3)
        self.assertRegex(result.stderr, f"(?m)^lamina: g/mnist/{MNIST[3]}.gz: expected the md5")
        result = self.run_program("data", "fetch", "mnist", "--data", "g", "--from",
                                  f"{REAL}/mnist")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(path.read_bytes(),
                         pathlib.Path(f"{REAL}/mnist/{MNIST[3]}.gz").read_bytes())


if __name__ == "__main__":
    unittest.main()
