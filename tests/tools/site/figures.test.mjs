// Figures and the trainer compute what NumPy, SciPy and Keras do: golden_figures.json has their numbers, made once by
// tests/tools/site/test_moving_figures.py at commit 5d909981, and says how.
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const { scripts, calls } = JSON.parse(read("golden_figures.json"));
const page = vm.createContext({ document: { documentElement: { lang: "en" }, querySelectorAll: () => [] } });
page.window = page;
for (const name of scripts) vm.runInContext(read(`../../../tools/site/${name}.js`), page, name);

const isNear = (found, expected) =>
  Array.isArray(expected)
    ? found.length === expected.length && expected.every((each, i) => isNear(found[i], each))
    : Math.abs(found - expected) <= 1e-5 * (1 + Math.abs(expected));
for (const [name, rows] of Object.entries(calls))
  test(`${name} computes what NumPy or Keras did`, () => {
    for (const [call, expected] of rows) {
      const found = vm.runInContext(call, page);
      assert(isNear(found, expected), `${call} is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
    }
  });
