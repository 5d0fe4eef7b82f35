"""What a check suspects, and what a diagnosis has found."""

import dataclasses
from typing import Any

from dlguide.diagnosis._program import Program


@dataclasses.dataclass(frozen=True)
class Suspicion:
    """A fault that a check sees, and the program without it."""

    fault: str
    key: str
    """The row of `texts.csv` with its sentences."""
    facts: dict[str, Any]
    """Numbers and names for the sentences."""
    repaired: Program | None
    is_certain: bool = False
    """Whether it is a contradiction, which counts without a proof by training."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """A fault of a program.

    Attributes:
        fault: A name of `docs/diagnosis.md`, such as `"output_activation"`.
        text: What is wrong, in a sentence.
        evidence: The numbers that show it.
        change: What to change, as code.
        confidence: `"certain"` for a contradiction in the program, `"shown"` for what the training with the change
            showed, `"likely"` otherwise.
        page: Where it is explained.
        before: The skill of the short training as the program is: 1 is perfect, 0 as good as without the inputs.
        after: The same with this change alone; None if it was not trained.
    """

    fault: str
    text: str
    evidence: str
    change: str
    confidence: str
    page: str
    before: float | None = None
    after: float | None = None
