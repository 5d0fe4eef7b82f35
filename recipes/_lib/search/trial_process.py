"""A process for the trials of a search, which ends when the process that started it ends."""

import contextlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool


@contextlib.contextmanager
def opened(**environment: str):
    """Yield `call(function, *args)`, which returns what the function returns in a new process with these variables.

    An error, or Ctrl-C, kills the process. An OSError says that something else has killed it.
    """
    others = multiprocessing.active_children()
    new = {"mp_context": multiprocessing.get_context("spawn"), "initializer": _begin, "initargs": [environment]}
    with ProcessPoolExecutor(1, **new) as process:

        def call(function, *args):
            try:
                return process.submit(function, *args).result()
            except BrokenProcessPool:
                raise OSError(
                    "The process of a trial ended before the trial did, perhaps for lack of memory; "
                    "with a run folder, the same call resumes the search"
                ) from None

        try:
            yield call
        except BaseException:
            for child in set(multiprocessing.active_children()) - set(others):
                child.kill()  # Leaving the block would wait for the end of its trial.
            raise


def _begin(environment: dict[str, str]) -> None:
    """End this process when its parent has ended, also if the parent was killed. Only the parent handles Ctrl-C."""
    os.environ |= environment
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
