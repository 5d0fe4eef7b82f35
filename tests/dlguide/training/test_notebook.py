"""A notebook: its cell is interrupted and run again, and the run ends in the bits of one that was never stopped."""

import os
import textwrap
from pathlib import Path

import nbclient
import nbformat
import pytest

SET_UP = """
import keras
from dlguide import mlp
from tests.helpers.training_runs import At, classifier, fit, press_ctrl_c, same, state

def train(folder, epochs):
    history = fit(model := classifier(), folder, epochs=epochs, callbacks=[At()], verbose="auto").history
    return [*map(repr, history["loss"]), *state(model)]
"""
CELLS = (
    SET_UP,
    "whole = train(r'{folder}/whole', 4)",
    """
    At.when, At.what = (0, 3), press_ctrl_c
    try:
        train(r'{folder}/run', 2)
    except KeyboardInterrupt:
        print('interrupted')
    """,
    "mlp((3,), 2)  # Somebody tries another model.\nshort = train(r'{folder}/run', 2)",
    "same(train(r'{folder}/run', 2), short)",
    "extended = train(r'{folder}/run', 4)",
    "print(same(extended, whole), len(extended) - len(short), At.when)",
)


def outputs(cell) -> str:
    return "".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in cell["outputs"])


@pytest.mark.thorough  # Resuming is in test_resume.py, the bar in test_callbacks.py.
@pytest.mark.one_backend
def test_a_cell_that_is_interrupted_and_run_again_ends_in_the_bits_of_a_whole_run(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    cells = [nbformat.v4.new_code_cell(textwrap.dedent(cell).replace("{folder}", str(tmp_path))) for cell in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=900, startup_timeout=300, kernel_name="python3").execute()
    shown = list(map(outputs, notebook["cells"]))
    assert "interrupted" in shown[2] and "is resumed after epoch 0 of 2" in shown[3]
    assert "is finished: 2 epochs, nothing to train" in shown[4] and shown[4].endswith("True")
    assert "is resumed after epoch 2 of 4" in shown[5]
    assert shown[6] == "True 2 None\n"
    assert "━" in shown[1] or "step" in shown[1]  # The bar, since a notebook can draw it.
