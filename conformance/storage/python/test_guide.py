import contextlib
import io
import os
import re

from account import StorageTest


class Guide(StorageTest):
    def test_guide(self):
        """Runs the first Python program of the guide to storage, as it stands there."""
        with open(os.environ["GUIDE"], encoding="utf-8") as page:
            code = re.search(r"^```python\n(.*?)^```$", page.read(), re.M | re.S).group(1)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, "storage.md", "exec"), {})
        self.assertEqual(said.getvalue(), "['notes/hello.txt']\n['device-1']\n")
