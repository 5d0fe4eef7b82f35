"""What a step gets: `x` alone is no tuple, as in Keras."""

import keras
import pytest

from dlguide import training
from tests.helpers.training_runs import X

pytestmark = pytest.mark.each_backend


class Steps(keras.Model):
    """A model with a loss of its layers alone, which notes what its steps get."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)
        self.penalty = keras.layers.ActivityRegularization(l2=0.1)
        self.seen = []

    def call(self, x):
        arrays = keras.tree.flatten(x)
        return self.penalty(self.dense(sum(arrays[1:], arrays[0])))

    def note(self, data):
        self.seen.append(keras.tree.map_structure(lambda array: len(array.shape), data))

    def train_step(self, *state_and_data):
        self.note(state_and_data[-1])
        return super().train_step(*state_and_data)

    def test_step(self, *state_and_data):
        self.note(state_and_data[-1])
        return super().test_step(*state_and_data)


FORMS = {"x": X, "(x,)": (X,), "[x, x]": [X, X], "(x, x)": (X, X), "dict": {"a": X, "b": X}}


@pytest.mark.parametrize("x", FORMS.values(), ids=FORMS)
def test_a_step_gets_the_examples_in_the_form_that_keras_gives_them(x):
    seen = []
    for fit in (keras.Model.fit, training.fit):
        model = Steps()
        model.compile("sgd", run_eagerly=keras.backend.backend() == "tensorflow")  # For time.
        if fit is training.fit:
            fit(model, x, validation_data=(x,), batch_size=20, verbose=0)
        else:
            fit(model, x, batch_size=20, verbose=0)
            model.evaluate(x, batch_size=20, verbose=0)
        assert model.seen
        # Keras's lists become tuples on TensorFlow.
        seen.append({str(keras.tree.lists_to_tuples(step)) for step in model.seen})
    assert seen[1] == seen[0]


def test_other_examples_alone_are_another_run(tmp_path):
    def fit(x):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((4,))
        model = keras.Model(inputs, keras.layers.ActivityRegularization(l2=0.1)(keras.layers.Dense(2)(inputs)))
        model.compile("sgd")
        return training.fit(model, x, batch_size=20, verbose=0, run_dir=tmp_path / "run").history

    assert fit(X) == fit(X)
    with pytest.raises(ValueError, match="other values in x"):
        fit(X + 1)
