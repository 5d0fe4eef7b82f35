"""Texts of data sets of token ids, and texts that a language model writes."""

from pathlib import Path

from dlguide import attention, data


def decoded(part: data.Part, info: data.Info) -> list[str]:
    """Return the texts of a set of token ids, with spaces between tokens that are words."""
    space = " " if max(map(len, info.vocabulary)) > 1 else ""
    return [space.join(info.vocabulary[i] for i in row if i) for row in part.x]


def save_samples(run_dir, model, text: data.Splits) -> None:
    """Save how the model continues the beginning of the test set, at four temperatures, as `samples.txt`."""
    prompt = text.test.x[0][:32]
    parts = []
    for temperature in (0.0, 0.5, 0.8, 1.0):
        written = attention.generate(model, prompt, 300, temperature=temperature)
        both = data.decode(prompt, text.info.vocabulary) + "|" + data.decode(written, text.info.vocabulary)
        parts.append(f"--- temperature {temperature}; the prompt ends at the bar\n{both}\n")
    (Path(run_dir) / "samples.txt").write_text("\n".join(parts), encoding="utf-8")
