"""Files that earlier versions wrote load, and give the outputs of then; `tests/dlguide/saved/README.md` says more."""

from pathlib import Path

import pytest

from tests.helpers.cases import CASES
from tests.helpers.commands import python

FOLDER = Path(__file__).parents[1] / "saved"

# What a user has: the package, and nothing of it but `import dlguide`.
_LOAD = """
import sys
import dlguide
import keras, numpy as np
for path in sys.argv[1:]:
    model = keras.saving.load_model(path + ".keras")
    saved = np.load(path + ".npz")
    for part in sorted({name.split("/")[0] for name in saved.files}):
        layers = model.get_layer(part) if part else model
        layers.run_eagerly = keras.backend.backend() == "tensorflow"  # For time.
        numbered = lambda kind: [saved[f"{part}/{kind}_{i}"] for i in range(9) if f"{part}/{kind}_{i}" in saved]
        inputs, expected = numbered("input"), numbered("output")
        given = keras.tree.flatten(layers.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0))
        for ours, theirs in zip(given, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5, err_msg=f"{path} {part}")
        print("same", path, part)
"""


@pytest.mark.thorough
@pytest.mark.each_backend
def test_each_builder_has_a_file_that_gives_the_same_outputs_for_ever():
    names = {path.stem for path in FOLDER.glob("*.keras")}
    assert names == set(CASES) == {path.stem for path in FOLDER.glob("*.npz")}
    printed = python("-c", _LOAD, *(FOLDER / name for name in sorted(names))).splitlines()
    seen = {(Path(line.split()[1]).name, *line.split()[2:]) for line in printed if line[:5] == "same "}
    drawn = {("gan", "generator"), ("gan", "discriminator"), ("vae", "encoder"), ("vae", "decoder")}
    drawn |= {("contrastive", "encoder"), ("contrastive", "projection_head"), ("diffusion", "denoiser")}
    assert seen == {(name,) for name in names - {"gan", "vae", "contrastive", "diffusion"}} | drawn
