"""A process for the trials of a search, which ends with the process that started it."""

import contextlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from recipes._lib.runs import command_line


@contextlib.contextmanager
def opened():
    """Yield `call(function, *args)`, which returns what the function returns in a new process.

    An error, or Ctrl-C, kills the process.

    Raises:
        OSError: If the process is killed by somebody else.
    """
    others = multiprocessing.active_children()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_end_with_parent) as process:

        def call(function, *args):
            try:
                result = process.submit(_result_or_refusal, function, *args).result()
            except BrokenProcessPool:
                raise OSError(
                    "The process of a trial ended before the trial did, perhaps for lack of memory; "
                    "with a run folder, the same call resumes the search"
                ) from None
            if isinstance(result, Exception):
                raise result
            return result

        try:
            yield call
        except BaseException:
            for child in set(multiprocessing.active_children()) - set(others):
                child.kill()  # Else the end of its trial is waited for.
            raise


def _result_or_refusal(function, *args):
    """Return what a function returns, or the error by which the project refused it."""
    try:
        return function(*args)
    except Exception as error:
        if command_line.is_refusal(error):  # The other process cannot see where it was raised.
            return error
        raise


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, killed too. Ctrl-C is for that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
