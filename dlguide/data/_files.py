"""The files of the data sets: each is checked against its sha256 whenever it is read."""

import csv
import gzip
import hashlib
import io
from pathlib import Path

import numpy as np

# In a wheel the files are inside the package, in a checkout beside it.
FOLDER = Path(__file__).parents[1] / "_data"
if not FOLDER.is_dir():
    FOLDER = Path(__file__).parents[2] / "data"

SHA256 = {
    "auto_mpg.csv": "512ed2cc3759a09c412ab04e6f2e4275c8e36b2c06839834031ea008bd650100",
    "bikeshare.csv.gz": "55ad9950579b72f6721ca1cfafe26e52128da3b4f700e051fd9cc6e8c7f77c4d",
    "cmudict.csv.gz": "003a8aaadbc0442346675dc447a93ed9fcc93f5c3224dcb48426cd541a66003c",
    "co2_weekly.csv": "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f",
    "japanese_vowels.npz": "ffe8d51090a9f4921ed86da64a4be2d4f1b7e4d78360fcfeea65c7400a3cc04d",
    "leaves.npz": "2094388060767eb4cb2dfcb1651e065fa1520147e3620816ced05ec0d5211a5c",
    "mnist.npz": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
    "mnist1d.npz": "40c7145c38077f29eda0421c01ae39d4f1e7b141aa6ac31b09f1fea84679b293",
    "place_names.csv.gz": "11de330f5f7d980aa70201233234d5f4e44c8015c8004354b5213c045a62c6aa",
    "shakespeare.txt.gz": "6fc0d861fe184d4cd4122ddd1db79789fec9251064fbb81d340912f07e6882b8",
    "shuttle.npz": "355814835cf7ebd80404925f2f4427b6423e0940aca32fbb9a29850f8816107e",
    "sunspots_monthly.csv": "a9730a5a0626d1d6b92ebe394763f9be49d98031e786558baa9bf23393ff02c3",
}


def read(file_name: str, folder: Path = FOLDER) -> bytes:
    path, expected = folder / file_name, SHA256[file_name]
    cure = f"Restore it: `git checkout -- data/{file_name}` in a checkout, else `pip install --force-reinstall dlguide`"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OSError(f"{path} cannot be read ({error.strerror}). {cure}.") from None
    received = hashlib.sha256(content).hexdigest()
    if received != expected:
        raise ValueError(f"{path} is damaged. Expected: sha256 {expected}. Received: sha256 {received}. {cure}.")
    return gzip.decompress(content) if file_name.endswith(".gz") else content


def read_arrays(file_name: str) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(read(file_name))) as arrays:
        return dict(arrays)


def read_columns(file_name: str) -> dict[str, list[str]]:
    rows = list(csv.DictReader(io.StringIO(read(file_name).decode())))
    return {column: [row[column] for row in rows] for column in rows[0]}
