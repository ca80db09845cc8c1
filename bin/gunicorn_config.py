"""How gunicorn serves the application, here and in the image."""

import gc
import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bin.environment import die_with_parent

worker_class = "gthread"
# One Python process keeps one core busy; two leave one answering while the other starts anew.
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 8  # a request waits for the database, and now and then for an LMS's keys
graceful_timeout = 30
limit_request_line = 8190  # an LMS may start a launch with long hints in the address
control_socket_disable = True
forwarded_allow_ips = ""  # which proxies to believe is the application's TRUSTED_PROXIES


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001 - gunicorn's signature
    """Let a worker end with its master, also when that is killed."""
    die_with_parent(server.pid, signal.SIGKILL)


def post_worker_init(worker: Any) -> None:  # noqa: ARG001 - gunicorn's signature
    """Collect garbage less often: all that was loaded stays, and a page makes thousands of records.

    Looking through all of it again and again was up to half of the time of a page of 200 students.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
