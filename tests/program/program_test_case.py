# SPDX-License-Identifier: BSL-1.0
"""What the tests of the program share: it is run as a person runs it."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("LAMINA_PROGRAM", "")


class ProgramTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="lamina-test-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)

    def run_program(self, *words, program=PROGRAM, **environment):
        return subprocess.run([program, *map(str, words)], capture_output=True, text=True,
                              cwd=self.folder, timeout=300,
                              env={**os.environ, "LAMINA_DATA": "", "no_proxy": "*", **environment})

    def done(self, *words, **options):
        """Runs the program, which has to end well; returns its standard output."""
        result = self.run_program(*words, **options)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def document(self, *words, **options):
        return json.loads(self.done(*words, "--json", **options))

    def failed(self, *words):
        """Runs the program, which has to fail with one line; returns the line without its name."""
        result = self.run_program(*words)
        self.assertEqual((result.returncode, result.stdout), (1, ""), result.stderr)
        self.assertRegex(result.stderr, r"\Alamina: [^\n]+\n\Z")
        return result.stderr.removeprefix("lamina: ").rstrip("\n")

    def misused(self, *words):
        """Runs the program, which has to refuse its words and say how it is used."""
        result = self.run_program(*words)
        self.assertEqual((result.returncode, result.stdout), (2, ""), (words, result.stderr))
        self.assertRegex(result.stderr, r"\Alamina: [^\n]+\nusage: lamina [^\n]+\n\Z")
        return result.stderr
