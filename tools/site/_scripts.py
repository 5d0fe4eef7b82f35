"""The folder `demos` of a site: the scripts that run published models in a page.

ONNX Runtime Web comes from npm. It, its WebAssembly and the models are written as scripts (gzip in base64), because a
page from disk may load nothing else.
"""

import base64
import functools
import gzip
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from recipes._lib.published import published_runs
from recipes._lib.words import LANGUAGES, read_words

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RUNTIME = "ort-wasm-simd-threaded"


def write(folder: Path) -> None:
    """Write the scripts. Without npm, the pages show their recorded examples, and a line says so."""
    shutil.copytree(HERE / "demos", folder, ignore=shutil.ignore_patterns("*.csv"))
    shutil.copytree(HERE / "figures", folder / "figures", ignore=shutil.ignore_patterns("*.csv"))
    cars = np.genfromtxt(ROOT / "data/auto_mpg.csv", delimiter=",", names=True)[["weight", "year", "mpg"]]
    (folder / "figures/cars.js").write_text(_assigned(cars=cars.tolist()), encoding="utf-8")
    tables = [HERE / "demos/words.csv", *sorted((HERE / "figures").glob("*words.csv"))]
    texts = {
        language: {key: text for table in tables for key, text in read_words(table, language).items()}
        for language in LANGUAGES
    }
    (folder / "words.js").write_text(_assigned(words=texts), encoding="utf-8")
    (folder / "models").mkdir()
    for name in published_runs.models():
        _write_model(published_runs.FOLDER / name, folder / "models")
    if shutil.which("npm") is None:
        print("npm is missing (it comes with Node.js): the pages show recorded examples instead of running models")
        return
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, scratch)
        command = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--loglevel=error", "--no-audit", "--no-fund"]
        subprocess.run(command, check=True, cwd=scratch)
        package = Path(scratch) / "node_modules/onnxruntime-web/dist"
        shutil.copy(package / "ort.wasm.min.js", folder)
        glue = (package / f"{RUNTIME}.mjs").read_text(encoding="utf-8")
        (folder / "ort-glue.js").write_text(_assigned(glue=glue), encoding="utf-8")
        (folder / "ort-wasm.js").write_text(_assigned(wasm=packed(package / f"{RUNTIME}.wasm")), encoding="utf-8")


def _write_model(published: Path, folder: Path) -> None:
    files = {f"{published.name}/{path.name}": packed(path) for path in sorted(published.glob("*.onnx"))}
    info = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(published.glob("*.json"))}
    lines = [f"dlguide.{key} = dlguide.{key} || {{}};" for key in ("files", "info")]
    lines += [f"dlguide.files[{json.dumps(name)}] = {json.dumps(packed)};" for name, packed in files.items()]
    lines.append(f"dlguide.info[{json.dumps(published.name)}] = {json.dumps(info, ensure_ascii=False)};")
    (folder / f"{published.name}.js").write_text("\n".join(lines) + "\n", encoding="utf-8")


@functools.cache
def packed(path: Path) -> str:
    """Return a file as text: gzip in base64."""
    return base64.b64encode(gzip.compress(path.read_bytes(), mtime=0)).decode()


def _assigned(**values) -> str:
    """Return a script that sets properties of the global `dlguide`."""
    lines = [f"dlguide.{name} = {json.dumps(value, ensure_ascii=False)};" for name, value in values.items()]
    return "\n".join(["window.dlguide = window.dlguide || {};", *lines, ""])
