"""Runs every test in this folder and writes one JSON line for each."""

import json
import sys
import unittest


class JSONResult(unittest.TestResult):
    def _line(self, test, passed, output=""):
        name = test.id().split(".")[-1]
        print(json.dumps({"name": name, "passed": passed, "output": output}), flush=True)

    def addSuccess(self, test):
        self._line(test, True)

    def addFailure(self, test, err):
        self._line(test, False, self._exc_info_to_string(err, test))

    addError = addFailure

    def addSkip(self, test, reason):
        self._line(test, False, "skipped: " + reason)


if __name__ == "__main__":
    unittest.defaultTestLoader.discover(sys.path[0]).run(JSONResult())
