"""Settings for every test: no window, no byte code left in the checkout, start-up messages off."""

import functools
import gc
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")  # The one in ~/.keras/keras.json may not be installed here.
os.environ["MPLBACKEND"] = "agg"
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", os.path.join(tempfile.gettempdir(), "hypothesis"))
if "PYTHONPYCACHEPREFIX" not in os.environ:  # With it, byte code is written outside the checkout.
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
if "PYTEST_XDIST_WORKER" in os.environ:  # The threads of one worker would fight with those of the others.
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, "1")

import pytest

pytest.register_assert_rewrite("tests.helpers")
WAITING = ("test_processes", "test_kills", "test_first_steps", "test_command")


def pytest_configure(config):
    """Import what each test needs, but not in the process that only hands the tests out to others."""
    if threading.current_thread() is threading.main_thread():
        # A shell starts a job in the background with Ctrl-C ignored, and Python leaves it so.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.option.dist == "no" or config.option.collectonly:
        with warnings.catch_warnings():
            # Deprecations inside the backends' own imports are not this project's.
            warnings.simplefilter("ignore")
            import keras  # noqa: F401
            import tensorflow  # noqa: F401


def pytest_collection_modifyitems(config, items):
    """Leave out thorough tests above DLGUIDE_TESTS seconds; a test that is named by itself is always run."""
    if any("::" in arg for arg in config.args):
        return

    from tests.helpers.switches import SECONDS

    def is_left_out(item):
        seconds = [mark.kwargs.get("seconds", 1) for mark in item.iter_markers("thorough")]
        return bool(seconds) and max(seconds) > SECONDS

    config.hook.pytest_deselected(items=[item for item in items if is_left_out(item)])
    items[:] = [item for item in items if not is_left_out(item)]
    # Those that wait for other processes are spread: at the end no worker is left alone with them.
    waiting = [item for item in items if item.path.stem in WAITING]
    items[:] = [item for item in items if item.path.stem not in WAITING]
    for place, item in enumerate(reversed(waiting)):
        items.insert(place * len(items) // len(waiting), item)


@pytest.fixture(autouse=True)
def seeded():
    """Each test starts from the same seed, a fresh Keras session and float32."""
    import keras

    keras.utils.clear_session()
    # What is alive now stays: without this each `clear_session` looks for garbage in it, 0.4 seconds a test.
    gc.freeze()
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session", autouse=True)
def no_network():
    """Nothing is asked of another machine: neither a test nor what it calls may need the network."""
    connect = socket.socket.connect

    def connect_here(self, address):
        if self.family != getattr(socket, "AF_UNIX", None) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test needs the network: {address}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here)
        yield


@pytest.fixture(scope="session", autouse=True)
def files_are_read_once():
    """For time: the images are unpacked some hundreds of times otherwise, and the names of places parsed."""
    from dlguide.data import _files, _sets

    folder = _files.FOLDER

    def once(read, copy):
        kept = functools.cache(read)

        def read_again(file_name):
            if folder != _files.FOLDER:  # A test has files of its own there.
                return read(file_name)
            return {name: copy(column) for name, column in kept(file_name).items()}

        return read_again

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_sets, "read_arrays", once(_files.read_arrays, lambda array: array.copy(order="K")))
        patch.setattr(_sets, "read_columns", once(_files.read_columns, list))
        yield


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """The folder of a perceptron's run of a few seconds that knows most digits."""
    from recipes import perceptron_mnist
    from recipes._lib import calibration
    from recipes._lib.runs import run_files

    folder, options = tmp_path_factory.mktemp("digits") / "run", {"limit": 4000, "epochs": 12, "seed": 0}
    result = perceptron_mnist.main(**options, run_dir=str(folder))
    run_files.save(result, folder, "perceptron_mnist", options)
    content = {"recipe": "recipes.perceptron_mnist", "command": "python", "options": options}
    (folder / "options.json").write_text(json.dumps(content), encoding="utf-8")
    calibration.calibrate(folder)
    return folder
