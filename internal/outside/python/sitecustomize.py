"""Makes Python take Lazuli's authority where a package asks certifi for those it
trusts, and then runs the sitecustomize that would have run without it.

Python imports this at its start because `lazuli exec` puts its folder first on
PYTHONPATH. `python -I` and `python -E` do not look there."""

import os
import sys
from importlib.machinery import PathFinder


def _lazuli():
    folder = os.path.dirname(os.path.abspath(__file__))
    bundle = os.path.join(folder, "certifi.pem")
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != folder]

    def where():
        return bundle

    def contents():
        with open(bundle, encoding="ascii") as f:
            return f.read()

    def change(module):
        module.where, module.contents = where, contents

    class Certifi:
        """Finds certifi where it is, and changes it once it is loaded."""

        @staticmethod
        def find_spec(name, path=None, target=None):
            if name not in ("certifi", "certifi.core"):
                return None
            spec = PathFinder.find_spec(name, path, target)
            if spec is None or spec.loader is None:
                return spec
            load = spec.loader.exec_module

            def exec_module(module):
                load(module)
                change(module)

            try:
                spec.loader.exec_module = exec_module
            except AttributeError:
                pass  # a loader in C, as of frozen programs: it stays as it is
            return spec

    if os.path.exists(bundle):
        sys.meta_path.insert(0, Certifi)
        for name in ("certifi", "certifi.core"):
            if name in sys.modules:  # a .pth file was here first
                change(sys.modules[name])

    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        from importlib.util import module_from_spec

        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


_lazuli()
del _lazuli
