"""The sentences with which calls are refused, held once, in `tests/dlguide/sentences.txt`."""

from pathlib import Path

import pytest

from tests.helpers.switches import SNAPSHOT

FILE = Path(__file__).parents[1] / "dlguide" / "sentences.txt"


def refusal(call, *args, **options) -> str:
    """Return the sentence with which a call is refused."""
    with pytest.raises(ValueError) as error:
        call(*args, **options)
    return str(error.value)


def check_sentences(section: str, sentences: dict[str, str]) -> None:
    """Compare the sentences of a section, each under the name of its call, with those of the file.

    `DLGUIDE_SNAPSHOT=write pytest -n 0` writes them there instead: read the difference before it is committed.
    """
    lines = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    held = [line for line in lines if line.startswith(f"{section} | ")]
    found = sorted(f"{section} | {name} | {' '.join(sentence.split())}" for name, sentence in sentences.items())
    if SNAPSHOT == "write":
        FILE.write_text("\n".join([*sorted({*lines} - {*held} | {*found}), ""]), encoding="utf-8")
    else:
        assert found == held
