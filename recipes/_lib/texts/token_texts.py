"""Token ids as texts: the texts of a data set, and samples of a language model."""

from pathlib import Path

from dlguide import data, generation


def decoded(part: data.Part, info: data.Info) -> list[str]:
    """Return the texts of a set of token ids; tokens that are words are joined by spaces."""
    space = " " if max(map(len, info.vocabulary)) > 1 else ""
    return [space.join(info.vocabulary[i] for i in row if i) for row in part.x]


def save_samples(run_dir, model, text: data.Splits, seed: int) -> None:
    """Save continuations of the beginning of the test set, at four temperatures, as `samples.txt`."""
    prompt = text.test.x[0][:32]
    parts = []
    for temperature in (0.0, 0.5, 0.8, 1.0):
        generated = generation.generate(model, prompt, 300, temperature=temperature, seed=seed)
        both = "|".join(data.decode(ids, text.info.vocabulary) for ids in (prompt, generated))
        parts.append(f"--- temperature {temperature}; the prompt ends at the bar\n{both}\n")
    (Path(run_dir) / "samples.txt").write_text("\n".join(parts), encoding="utf-8")
