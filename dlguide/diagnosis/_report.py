"""The report of a diagnosis: what was suspected, found and said, as text, dict and display of a notebook."""

import csv
import dataclasses
import functools
import math
from pathlib import Path
from typing import Any

DOCS = "https://github.com/dlguide/dlguide/blob/main/docs"
LANGUAGES = ("en", "zh")
GAIN, LARGE_GAIN, ERRORS_LEFT = 0.1, 0.25, 0.5


@functools.cache
def rows() -> dict[str, dict[str, str]]:
    """Return the rows of `texts.csv` by key: fault, sentences and evidence in two languages, change."""
    with open(Path(__file__).with_name("texts.csv"), encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def sentence(key: str, column: str, facts: dict) -> str:
    """Return a cell of the table with facts in it."""
    return rows()[key][column].format(**facts)


@dataclasses.dataclass(frozen=True)
class Suspicion:
    """A fault that a check sees, and what the training with a change came to."""

    key: str  # The row of `texts.csv` with the fault's name and its sentences.
    facts: dict[str, Any]  # Numbers and names for the sentences.
    repaired: Any = None  # The program without it; None if there is no change to be trained.
    is_certain: bool = False  # A contradiction, which counts without a proof by training.
    before: Any = None  # The `Outcome` of the training without the change.
    after: Any = None  # The one with it, None if it was not trained.

    @property
    def is_clear(self) -> bool:
        """Whether the skill with the change is higher by a quarter, or by a tenth with half of the errors gone."""
        if self.after is None:
            return False
        before, after = max(self.before.skill, 0), self.after.skill
        return after - before >= LARGE_GAIN or (after - before >= GAIN and 1 - after <= ERRORS_LEFT * (1 - before))


@dataclasses.dataclass(frozen=True)
class Finding:
    """A fault of a program.

    Attributes:
        fault: A name of `docs/faults.md`, such as `"output_activation"`.
        text: What is wrong, in a sentence.
        evidence: The numbers that show it.
        change: What to change, as code.
        confidence: `"certain"` for a contradiction in the program, `"shown"` for what the training showed.
        before: The skill of the short training without the change: 1 is perfect, 0 as good as without the inputs.
        after: The same with the change; both None if it was not trained.
        is_clear: Whether the training with the change was clearly better.
        is_alone: Whether it had this change alone, not also those of the findings before.
    """

    fault: str
    text: str
    evidence: str
    change: str
    confidence: str
    before: float | None = None
    after: float | None = None
    is_clear: bool = False
    is_alone: bool = True

    @classmethod
    def of(cls, each: Suspicion, language: str, is_alone: bool) -> "Finding":
        """Return what a suspicion says in a language."""
        columns = ("fault", language, f"evidence_{language}", "change")
        texts = [sentence(each.key, column, each.facts) for column in columns]
        has_skill = each.after is not None and not math.isnan(each.after.skill)
        skills = (each.before.skill, each.after.skill) if has_skill else (None, None)
        return cls(*texts, "certain" if each.is_certain else "shown", *skills, each.is_clear, is_alone)


@dataclasses.dataclass(frozen=True, repr=False)
class Report:
    """What a diagnosis has found; `print`, and a notebook, shows it.

    Attributes:
        findings: The faults, the cause first; empty if none was found.
        notes: What is worth knowing, and is no fault.
        skill: The skill of the short training as the program is: 1 is perfect, 0 as good as without the inputs; None
            for a model of several outputs, or without targets.
        linear_skill: That of a linear model on the same data; None where there is none.
        error: The error in which the training ended, "" for none.
        losses: The losses of the training as the program is.
        tried: Fault to the skill of the short training with a change against it that was not clearly better.
        language: `"en"` or `"zh"`.
    """

    findings: list[Finding]
    notes: list[str]
    skill: float | None
    linear_skill: float | None
    error: str
    losses: list
    tried: dict[str, float]
    language: str = "en"

    def _say(self, key: str, **facts) -> str:
        return sentence("report_" + key, self.language, facts)

    def __repr__(self):
        lines = [] if self.findings else [self._say("none")]
        for number, each in enumerate(self.findings, 1):
            lines.append(f"{number}. {each.text} [{each.fault}, {self._say(each.confidence)}]")
            said = [self._say(name) + getattr(each, name) for name in ("evidence", "change")]
            if each.after is not None:
                said.append(self._say("proof" if each.is_alone else "proof_with", **vars(each)))
            lines += [f"   {line}" for line in (*said, f"{DOCS}/faults.md#{each.fault}")]
        linear = "" if self.linear_skill is None else self._say("linear", linear=self.linear_skill)
        if self.error:
            lines.append(self._say("error", error=self.error))
        elif self.skill is not None:
            lines.append(self._say("skill", skill=self.skill, linear=linear))
        elif self.losses:
            lines.append(self._say("losses", first=self.losses[0], last=self.losses[-1]))
        if not self.findings and self.tried:
            tried = (f"{fault} {skill:.2f}" for fault, skill in reversed(self.tried.items()))
            lines.append(self._say("tried", tried=", ".join(tried)))
        last = [each.after for each in self.findings if each.after is not None][-1:]
        if last and last[0] < max((self.linear_skill or 0) - 0.05, 0.8):
            lines.append(self._say("again"))
        if self.findings or self.tried:
            lines.append(self._say("signs") + f"{DOCS}/not_learning.md")
        return "\n".join(lines + [f"- {note}" for note in self.notes])
