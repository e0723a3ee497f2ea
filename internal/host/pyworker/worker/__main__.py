"""Starts the worker; the host says where it listens in the environment."""

import sys

from lazuli_worker.main import main

sys.exit(main())
