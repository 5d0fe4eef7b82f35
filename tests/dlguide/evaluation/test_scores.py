"""`evaluation.log_likelihood`: the sentences for bad arguments."""

import numpy as np

from dlguide import evaluation, vae
from tests.helpers.calls import refusals

BAD = [
    (lambda: evaluation.log_likelihood(vae((4,)), np.ones((2, 4)), samples=0),
     "`samples` must be an integer of at least 1. Received: samples=0"),
    (lambda: evaluation.log_likelihood(vae((4,)), np.ones((2, 4)), steps=0),
     "`steps` must be an integer of at least 1 or None. Received: steps=0"),
    (lambda: evaluation.log_likelihood(vae((4,)), 255 * np.ones((2, 4))), "`x` must be numbers in [0, 1] (pixels from "
     "0 to 255 are divided by 255). Received: x with 8 of 8 values wrong, the first in row 0: 255.0"),
    (lambda: evaluation.log_likelihood(vae((4,)), np.full((2, 4), np.nan)), "`x` must be numbers in [0, 1] (pixels "
     "from 0 to 255 are divided by 255). Received: x with 8 of 8 values wrong, the first in row 0: nan"),
]  # fmt: skip

test_a_bad_argument_of_a_score_is_named = refusals(BAD)
