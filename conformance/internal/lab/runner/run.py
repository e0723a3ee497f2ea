"""Runs every test in this folder and writes one JSON line for each:
{"name","passed","output"}. The argument says how many run at a time."""

import json
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

PRINTING = threading.Lock()


class JSONResult(unittest.TestResult):
    failed = False

    def startTest(self, test):
        super().startTest(test)
        self.failed = False

    def _line(self, test, passed, output=""):
        name = test.id().split(".")[-1]
        with PRINTING:
            print(json.dumps({"name": name, "passed": passed, "output": output}), flush=True)

    def addSuccess(self, test):
        self._line(test, True)

    def addFailure(self, test, err):
        self._line(test, False, self._exc_info_to_string(err, test))

    addError = addFailure

    def addSubTest(self, test, subtest, err):
        if err is not None and not self.failed:  # one line for each test, not for its parts
            self.failed = True
            self._line(test, False, str(subtest) + "\n" + self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        self._line(test, False, "skipped: " + reason)


def flat(suite):
    for item in suite:
        yield from flat(item) if isinstance(item, unittest.TestSuite) else (item,)


if __name__ == "__main__":
    tests, at_once = unittest.defaultTestLoader.discover(sys.path[0]), int(sys.argv[1])
    if at_once == 1:
        tests.run(JSONResult())
    else:  # without what a class sets up for all its tests
        with ThreadPoolExecutor(at_once) as pool:
            for test in flat(tests):
                pool.submit(test.run, JSONResult())
