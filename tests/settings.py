"""The settings under test: a home folder and a PostgreSQL of their own, gone with the last process of the run.

`DATABASE_URL` may name another server; its role must be allowed to create databases. Workers of a parallel run inherit
the environment, and with it the home and the server of the process that began it.
"""

import atexit
import os
import tempfile

from tabard.cli.home import Home
from tabard.cli.postgres import Server

if "TABARD_TEST_HOME" not in os.environ:
    _folder = tempfile.TemporaryDirectory(prefix="tabard-test-")
    atexit.register(_folder.cleanup)
    os.environ["TABARD_TEST_HOME"] = _folder.name
os.environ["TABARD_HOME"] = os.environ["TABARD_TEST_HOME"]
os.environ["TABARD_ACCEPT_MISSING_WALLS"] = "1"

_server = Server(Home.from_environ().create())
_server.__enter__()
atexit.register(_server.__exit__, None, None, None)

from tabard.config.settings import *  # noqa: E402, F403 - the environment above must be set before they are read
