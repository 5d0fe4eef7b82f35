"""A readable difference of two fingerprints, as "layer 2 (dense): units 64 there, 32 here"."""

import json
import re

LISTS = {"layers": "layer", "callbacks": "callback", "metrics": "metric", "weighted_metrics": "weighted metric"}
MOST_SHOWN = 4  # Differences in one error.


def difference(saved: dict, current: dict) -> str:
    """Say where the descriptions of two runs differ, as "epochs 3 there, 2 here"; "" if the run may be resumed.

    A run may be resumed with more epochs, unless its learning rate follows a schedule.
    """
    if saved.get("format") != current.get("format"):
        return f"a checkpoint of format {saved.get('format')} there, {current.get('format')} here: another version's"
    is_longer = (saved.get("epochs") or 0) < (current.get("epochs") or 0)
    has_schedule = re.search(r'"learning_rate": ["{]', json.dumps(current.get("optimizer")))  # It is no number.
    if is_longer and not has_schedule:
        saved = {**saved, "epochs": current["epochs"]}
    found = list(dict.fromkeys(_differences(saved, current)))
    text = "; ".join([*found[:MOST_SHOWN], *([f"and {len(found) - MOST_SHOWN} more"] if found[MOST_SHOWN:] else [])])
    if is_longer and has_schedule:
        text += ". A run whose learning rate is a schedule cannot be extended: a schedule is made for a number of steps"
    return text


def _differences(saved, current, place: str = "", name: str = ""):
    """Yield each difference, as "layer 2 (dense): units 64 there, 32 here"."""
    if isinstance(saved, dict) and isinstance(current, dict) and saved.get("class") == current.get("class"):
        kinds = [[part.get("class") for part in side.get("layers", ())] for side in (saved, current)]
        for key in dict.fromkeys((*current, *saved)):
            pair = saved.get(key), current.get(key)
            if key in ("input_layers", "output_layers") and kinds[0] != kinds[1]:
                continue  # Their numbers have changed with the layers.
            if key == "code" and all(isinstance(part, dict) for part in pair):
                # A layer that makes others when it is built has more of it then.
                yield from (f"other code of {each}" for each, a in pair[0].items() if a != pair[1].get(each, a))
                continue
            if key in LISTS and all(isinstance(part, list) for part in pair):
                yield from _differences_of_items(*pair, place, LISTS[key])
            elif any(isinstance(part, dict) and ("layers" in part or "class" in part) for part in pair) and not name:
                yield from _differences(*pair, place if key == "model" else _joined(place, key))
            else:
                yield from _differences(*pair, place, f"{name}.{key}" if name else key)
    elif isinstance(saved, list) and isinstance(current, list) and len(saved) == len(current):
        for i, pair in enumerate(zip(saved, current, strict=True)):
            yield from _differences(*pair, place, f"{name}[{i}]")
    elif saved != current and name.endswith(".sha256"):  # Two hashes would say nothing.
        what = name.removesuffix(".sha256")
        yield f"other values in {what.removeprefix('data.')}" if what.startswith("data.") else f"another {what}"
    elif saved != current:
        what = ": ".join(filter(None, (place, name))) or "model"
        a, b = _shown(saved), _shown(current)
        yield f"{what} {a} there, {b} here" if a != b else f"{what} {saved!r} there, {current!r} here"


def _differences_of_items(saved: list, current: list, place: str, item: str):
    for i, pair in enumerate(zip(saved, current, strict=False)):
        kinds = [part.get("class") if isinstance(part, dict) else None for part in pair]
        if kinds[0] != kinds[1]:
            a, b = map(_shown, pair)
            yield f"{_joined(place, f'{item} {i}')}: {a} there, {b} here"
            return  # What follows would be compared with another layer.
        kind = f" ({_snake(kinds[0]) if item == 'layer' else kinds[0]})" if kinds[0] else ""
        yield from _differences(*pair, _joined(place, f"{item} {i}{kind}"))
    if len(saved) != len(current):
        yield f"{place + ': ' if place else ''}{item}s: {len(saved)} there, {len(current)} here"


def _joined(place: str, name: str) -> str:
    return f"{place}, {name}" if place else name


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rpartition(">")[2]).lower()


def _shown(value) -> str:
    """Return a value as a message shows it: an object by its class and options, a number in a few digits."""
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        return " and ".join(map(_shown, value))
    if isinstance(value, dict) and {"shape", "sha256"} <= set(value):
        return f"an array of shape {tuple(value['shape'])}"
    if isinstance(value, dict) and "class" in value:
        options = ", ".join(f"{key}={_shown(part)}" for key, part in value.items() if key != "class")
        return _snake(value["class"]) if len(options) > 60 else f"{value['class']}({options})"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
