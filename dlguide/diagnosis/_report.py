"""The report of a diagnosis: text, dict, picture, and display of a notebook."""

import csv
import dataclasses
import functools
import string
from pathlib import Path

from dlguide._extras import needed
from dlguide.diagnosis._finding import Finding

PAGE = "https://github.com/dlguide/dlguide/blob/main/docs/diagnosis.md"
LANGUAGES = ("en", "zh")


@functools.cache
def texts(language: str) -> dict[str, str]:
    """Return the sentences by key; those in English where a language has none, such as code."""
    with open(Path(__file__).with_name("texts.csv"), encoding="utf-8", newline="") as file:
        return {row["key"]: row[language] or row["en"] for row in csv.DictReader(file)}


@dataclasses.dataclass(frozen=True)
class Report:
    """What a diagnosis has found; `print` shows it, and a notebook displays it.

    Attributes:
        findings: The faults, the most likely cause first; empty if none was found.
        skill: The skill of the short training as the program is: 1 is perfect, 0 as good as without the inputs.
        linear_skill: That of a linear model on the same data; None where there is none.
        error: The error in which the training ended, "" for none.
        checks: Number of the checks.
        language: `"en"` or `"zh"`.
    """

    findings: list[Finding]
    skill: float
    linear_skill: float | None
    error: str
    checks: int
    losses: dict[str, list]
    language: str = "en"

    def to_dict(self) -> dict:
        """Return all of it in plain values."""
        return dataclasses.asdict(self)

    def _lines(self) -> list[tuple[str, str]]:
        words = texts(self.language)
        linear = "" if self.linear_skill is None else words["report.linear"].format(linear=self.linear_skill)
        lines = [("", words["report.none"].format(checks=self.checks))] if not self.findings else []
        for number, each in enumerate(self.findings, 1):
            lines.append((f"{number}. ", f"{each.text} [{each.fault}, {words['report.' + each.confidence]}]"))
            lines.append((f"   {words['report.evidence']}: ", each.evidence))
            lines.append((f"   {words['report.change']}: ", each.change))
            if each.after is not None:
                lines.append(("   ", words["report.proof"].format(before=each.before, after=each.after)))
            lines.append(("   ", each.page))
        if self.error:
            lines.append(("", words["report.error"].format(error=self.error)))
        else:
            lines.append(("", words["report.skill"].format(skill=self.skill, linear=linear)))
        return lines

    def __str__(self):
        return "\n".join(start + text for start, text in self._lines())

    def _repr_markdown_(self):
        lines = []
        for each in self._lines():
            start, text = each
            is_code = start.strip().startswith(texts(self.language)["report.change"])
            lines.append(f"{start}`{text}`  " if is_code else f"{start}{text}  ")
        return "\n".join(lines)

    def plot(self):
        """Return a figure: the loss of the short training as the program is, and with each change.

        Raises:
            ModuleNotFoundError: Without the extra `plots`.
        """
        plots = needed("dlguide.plots", "plots")
        with plots.new_figure(1, 1) as figure:
            axes = figure.axes[0] if figure.axes else figure.add_subplot()
            for name, losses in self.losses.items():
                axes.plot(range(1, len(losses) + 1), losses, label=name)
            axes.legend()
            axes.set_xlabel("epoch")
            axes.set_ylabel("loss")
        return figure


class _Facts(dict):
    """Facts of a sentence; one that is missing is left as it stands."""

    def __missing__(self, key):
        return f"{{{key}}}"


def sentence(key: str, facts: dict, language: str) -> str:
    """Return a text of the table with its facts."""
    return string.Formatter().vformat(texts(language)[key], (), facts)
