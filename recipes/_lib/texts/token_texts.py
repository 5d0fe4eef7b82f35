"""Token ids as texts: the texts of a data set, the worst predictions of a classifier, samples of a language model."""

import numpy as np
from scipy.special import log_softmax

from dlguide import data, generation
from recipes._lib.texts import token_ids


def decoded(part: data.Part, info: data.Info) -> list[str]:
    """Return the texts of a set of token ids; tokens that are words are joined by spaces."""
    space = " " if max(map(len, info.vocabulary)) > 1 else ""
    return [space.join(info.vocabulary[i] for i in row if i) for row in part.x]


def worst_predictions(model, splits: data.Splits, count: int = 40) -> str:
    """Return those of the `count` test texts with the largest cross-entropy whose predicted class is wrong."""
    names, y = splits.info.class_names, splits.test.y
    logs = log_softmax(model.predict(splits.test.x, batch_size=256, verbose=0).astype("float64"), axis=1)
    words, predicted = decoded(splits.test, splits.info), logs.argmax(axis=1)
    lines = []
    for i in np.argsort(logs[np.arange(len(y)), y], kind="stable")[:count]:
        if predicted[i] != y[i]:
            percent = 100 * np.exp(logs[i].max())
            confidence = ">99" if percent > 99.5 else f"{percent:.0f}"  # "100 %" would be certainty.
            lines.append(f"{words[i]}: predicted {names[predicted[i]]} ({confidence} %), true {names[y[i]]}")
    return "\n".join(lines) + "\n"


def samples(model, text: data.Splits, seed: int) -> str:
    """Return continuations of the beginning of the test set, at four temperatures."""
    prompt = text.test.x[0][:32]
    parts = []
    for temperature in (0.0, 0.5, 0.8, 1.0):
        generated = generation.generate(model, prompt, 300, temperature=temperature, seed=seed)
        both = "|".join(token_ids.decode(ids, text.info.vocabulary) for ids in (prompt, generated))
        parts.append(f"--- temperature {temperature}; the prompt ends at the bar\n{both}\n")
    return "\n".join(parts)
