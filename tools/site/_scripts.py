"""The folder `demos` of a site: the scripts that run published models in a page.

ONNX Runtime Web comes from npm. It, its WebAssembly and the models are written as scripts (gzip in base64), because a
page from disk may load nothing else.
"""

import base64
import csv
import functools
import gzip
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from recipes._lib.published import published_runs
from recipes._lib.words import LANGUAGES, read_words
from tools import ROOT

HERE = Path(__file__).parent
DICTIONARY = ROOT / "data/cmudict.csv.gz"
RUNTIME = "ort-wasm-simd-threaded"


def write(folder: Path) -> None:
    """Write the scripts. Without npm, the pages show their recorded examples, and a line says so."""
    shutil.copytree(HERE / "demos", folder, ignore=shutil.ignore_patterns("*.csv"))
    shutil.copytree(HERE / "figures", folder / "figures", ignore=shutil.ignore_patterns("*.csv"))
    cars = np.genfromtxt(ROOT / "data/auto_mpg.csv", delimiter=",", names=True)[["weight", "year", "mpg"]]
    (folder / "figures/cars.js").write_text(_assigned(cars=cars.tolist()), encoding="utf-8")
    (folder / "models").mkdir()
    if has_runtime():
        for name in published_runs.models():
            _write_model(published_runs.FOLDER / name, folder / "models")
        _write_runtime(folder)
    else:
        print("npm is missing (it comes with Node.js): the pages show recorded examples instead of running models")
    tables = [HERE / "demos/words.csv", *sorted((HERE / "figures").glob("*words.csv"))]
    texts = {
        language: {key: text for table in tables for key, text in read_words(table, language).items()}
        for language in LANGUAGES
    }
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size / 1e6 for path in folder.rglob("*.js")}
    megabytes = {name: round(size, 2) for name, size in sorted(sizes.items()) if size > 0.1}
    (folder / "words.js").write_text(_assigned(words=texts, megabytes=megabytes), encoding="utf-8")


def has_runtime() -> bool:
    """Return whether there is npm, which has the runtime of the models."""
    return shutil.which("npm") is not None


def _write_runtime(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, scratch)
        command = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--loglevel=error", "--no-audit", "--no-fund"]
        subprocess.run(command, check=True, cwd=scratch)
        package = Path(scratch) / "node_modules/onnxruntime-web/dist"
        shutil.copy(package / "ort.wasm.min.js", folder)
        glue = (package / f"{RUNTIME}.mjs").read_text(encoding="utf-8")
        (folder / "ort-glue.js").write_text(_assigned(glue=glue), encoding="utf-8")
        wasm = _packed((package / f"{RUNTIME}.wasm").read_bytes())
        (folder / "ort-wasm.js").write_text(_assigned(wasm=wasm), encoding="utf-8")


def _write_model(published: Path, folder: Path) -> None:
    info = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(published.glob("*.json"))}
    lines = [f"dlguide.{key} = dlguide.{key} || {{}};" for key in ("files", "info")]
    lines += [f"dlguide.files[{json.dumps(name)}] = {json.dumps(text)};" for name, text in files(published).items()]
    lines.append(f"dlguide.info[{json.dumps(published.name)}] = {json.dumps(info, ensure_ascii=False)};")
    (folder / f"{published.name}.js").write_text("\n".join(lines) + "\n", encoding="utf-8")


@functools.cache
def files(published: Path) -> dict[str, str]:
    """Return the packed files that a model needs in a page, by name."""
    found = {f"{published.name}/{path.name}": _packed(path.read_bytes()) for path in sorted(published.glob("*.onnx"))}
    if published.name == "seq2seq_pronounce":
        found[f"{published.name}/dictionary.txt"] = _packed(_dictionary().encode())
    return found


def _dictionary() -> str:
    """Return a line for each word: the word, a comma, and its pronunciations without the stress."""
    with gzip.open(DICTIONARY, "rt", encoding="utf-8") as lines:
        rows = [(row["word"], re.sub(r"\d", "", row["pronunciations"]).split("|")) for row in csv.DictReader(lines)]
    return "".join(f"{word},{'|'.join(dict.fromkeys(cells))}\n" for word, cells in rows)


def _packed(content: bytes) -> str:
    """Return bytes as text: gzip in base64."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def _assigned(**values) -> str:
    """Return a script that sets properties of the global `dlguide`."""
    lines = [f"dlguide.{name} = {json.dumps(value, ensure_ascii=False)};" for name, value in values.items()]
    return "\n".join(["window.dlguide = window.dlguide || {};", *lines, ""])
