"""One row for each public builder: how it is called, what comes out, how many weights it has."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """A builder's call with tiny sizes, and its options one at a time."""

    args: tuple
    output: tuple[int, ...]
    trainable: int
    """Worked out by hand."""
    non_trainable: int = 0
    options: dict = field(default_factory=dict)
    """Keyword arguments to (trainable, non-trainable) weights; the key is the arguments as items."""
    base: dict = field(default_factory=dict)
    """Keyword arguments of every call."""
    classifier: bool = True


CASES = {
    # A line: 3 weights and a bias. Statistics: mean and scale of 3, centre of 3, a matrix of 3 x 3.
    "linear_regression": Case(((3,),), (1,), 3 + 1, 3 + 3 + 3 + 9, {("name", "line"): (4, 18)}, classifier=False),
    # 3 variables have 3 + 6 products up to the second degree, 3 + 6 + 10 up to the third.
    "polynomial_regression": Case(
        ((3,),),
        (1,),
        9 + 1,
        3 + 3 + 9 + 81,
        {("degree", 3): (19 + 1, 3 + 3 + 19 + 361), ("degree", 1): (3 + 1, 18), ("name", "curve"): (10, 96)},
        classifier=False,
    ),
    "perceptron": Case(((4, 3), 6), (6,), 12 * 6 + 6, 0, {("l2", 0.1): (78, 0), ("name", "one_layer"): (78, 0)}),
    "mlp": Case(
        ((4, 3), 6),
        (6,),
        (12 * 5 + 5) + (5 * 6 + 6),
        0,
        {
            ("hidden_units", ()): (12 * 6 + 6, 0),
            ("hidden_units", (7, 5)): ((12 * 7 + 7) + (7 * 5 + 5) + (5 * 6 + 6), 0),
            ("activation", "tanh"): (101, 0),
            ("activation", None): (101, 0),
            ("dropout", 0.5): (101, 0),
            # No bias; scale and shift of 5 are trained, the moving mean and variance are not.
            ("batch_norm", True): (12 * 5 + (5 + 5) + (5 * 6 + 6), 5 + 5),
            ("l2", 0.1): (101, 0),
            ("name", "network"): (101, 0),
        },
        base={"hidden_units": (5,)},
    ),
}
