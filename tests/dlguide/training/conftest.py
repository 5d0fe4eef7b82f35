"""For every test of training: afterwards float32 again."""

import pytest


@pytest.fixture(autouse=True)
def float32_afterwards():
    import keras  # Here: pytest reads this file before `tests/conftest.py` has imported Keras without its warnings.

    yield
    keras.config.set_dtype_policy("float32")
