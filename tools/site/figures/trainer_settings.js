/* The settings: their values, their controls, the presets that break the training, and the address that keeps them. */
(() => {
  "use strict";

  const { say, element, group, labelled, slider } = dlguide.widgets;
  /** By group: each setting's first value and its choices. A list of words is a menu, of numbers a slider. */
  const GROUPS = {
    training: {
      rate: [0.1, [1e-5, 1e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100]],
      optimizer: ["sgd", ["sgd", "momentum", "adam"]],
      batch: [32, [1, 4, 8, 16, 32, 64, 200]],
      l2: [0, [0, 1e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 1]],
      seeds: [5, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    },
    network: {
      layers: [2, [0, 1, 2, 3, 4, 5, 6]],
      units: [8, [1, 2, 3, 4, 6, 8, 12, 16]],
      activation: ["relu", ["none", "relu", "tanh", "sigmoid", "silu"]],
      initial: ["glorot", ["zero", "small", "glorot", "he", "large"]],
      batchNorm: [false],
      residual: [false],
      dropout: [0, [0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9]],
    },
    data: {
      points: [100, [10, 20, 50, 100, 200]],
      noise: [0.1, [0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]],
      scale: [1, [0.01, 0.1, 1, 10, 100]],
      standardise: [true],
      squares: [false],
      shuffle: [false],
    },
  };
  /** It stands above the groups, beside the presets. */
  const DATA = ["moons", ["moons", "circles", "xor", "spiral", "blobs", "curve", "cars", "own"]];
  const ALL = Object.assign({ data: DATA }, ...Object.values(GROUPS));
  const FIRST = { sample: 1, ...Object.fromEntries(Object.entries(ALL).map(([name, [value]]) => [name, value])) };
  /** What breaks, and when it is mended: the mean validation accuracy is so high, or the loss so low. */
  const PRESETS = {
    zero: [{ initial: "zero" }, { accuracy: 0.9 }],
    rate_high: [{ data: "curve", rate: 30 }, { loss: 0.15 }],
    rate_low: [{ rate: 1e-4 }, { accuracy: 0.9 }],
    unscaled: [{ scale: 100, standardise: false }, { accuracy: 0.9 }],
    sigmoid: [{ layers: 6, activation: "sigmoid" }, { accuracy: 0.9 }],
    dead: [{ rate: 10 }, { accuracy: 0.9 }],
    linear: [{ data: "xor", layers: 0 }, { accuracy: 0.9 }],
    overfitting: [{ points: 50, noise: 0.3, units: 16, optimizer: "adam", rate: 0.03 }, { loss: 0.5 }],
    labels: [{ shuffle: true, points: 50, units: 16, optimizer: "adam", rate: 0.01 }, { accuracy: 0.9 }],
    penalty: [{ l2: 1 }, { accuracy: 0.9 }],
    dropout: [{ dropout: 0.9 }, { loss: 0.25 }],
  };
  const word = (key) => say(`trainer.${key}`);
  const starting = (preset) => ({ ...FIRST, ...PRESETS[preset]?.[0] });

  /** All settings with their controls; `onchange` is called after a control moved. */
  function controls(onchange) {
    const settings = { ...FIRST },
      shows = {};
    const changed = (name, value) => ((settings[name] = value), onchange(name));

    function control(name, choices) {
      if (!choices) {
        const box = element("input", { type: "checkbox", onchange: () => changed(name, box.checked) });
        shows[name] = () => (box.checked = settings[name]);
        return element("label", { className: "demo-radio" }, box, word(name));
      }
      if (typeof choices[0] === "string") return labelled(word(name), menu(name, choices));
      const show = (at) => String(choices[at]).replace("1e-5", "0.00001");
      const range = { min: 0, max: choices.length - 1, step: 1, value: choices.indexOf(settings[name]), show };
      const { field, set } = slider(word(name), range, (at) => changed(name, choices[at]));
      shows[name] = () => set(choices.indexOf(settings[name]));
      return field;
    }

    function menu(name, choices) {
      const options = choices.map((value) => element("option", { value, textContent: word(`${name}_${value}`) }));
      const select = element("select", { onchange: () => changed(name, select.value) }, ...options);
      shows[name] = () => (select.value = settings[name]);
      return select;
    }

    const isWide = matchMedia("(min-width: 45em)").matches;
    const folds = Object.entries(GROUPS).map(([name, members]) => {
      const [fields, switches] = [true, false].map((hasChoices) =>
        Object.entries(members)
          .filter(([, [, choices]]) => Boolean(choices) === hasChoices)
          .map(([key, [, choices]]) => control(key, choices)),
      );
      if (switches.length) fields.push(group("trainer-switches", ...switches));
      const summary = element("summary", { textContent: word(`group_${name}`) });
      const open = isWide || name === "training";
      return element("details", { className: "trainer-group", open }, summary, group("demo-stack", ...fields));
    });
    const set = (values) => {
      Object.assign(settings, values);
      Object.values(shows).forEach((show) => show());
    };
    /** Open the folds of what differs from the first settings: they hold what the reader is to find. */
    const open = (values) =>
      Object.values(GROUPS).forEach((members, i) => {
        if (Object.keys(members).some((name) => values[name] !== FIRST[name])) folds[i].open = true;
      });
    return { settings, set, open, data: control("data", DATA[1]), box: group("trainer-groups", ...folds), folds };
  }

  /** `#preset=zero&rate=0.3`: the preset, and what differs from it. */
  function toHash(preset, settings) {
    const start = starting(preset);
    const changed = Object.entries(settings).filter(([name, value]) => value !== start[name]);
    return new URLSearchParams([...(preset ? [["preset", preset]] : []), ...changed]).toString();
  }

  /** The preset and the settings of an address, or nothing if it has none. */
  function fromHash(hash) {
    const { preset, ...given } = Object.fromEntries(new URLSearchParams(hash.slice(1)));
    const known = Object.entries(given).filter(
      ([name, text]) => ALL[name]?.[1]?.map(String).includes(text) ?? name in FIRST,
    );
    if (!(preset in PRESETS) && !known.length) return null;
    const read = ([name, text]) => [name, typeof FIRST[name] === "string" ? text : JSON.parse(text)];
    return {
      preset: preset in PRESETS ? preset : "",
      values: { ...starting(preset), ...Object.fromEntries(known.map(read)) },
    };
  }

  const aim = (preset) => Object.entries(PRESETS[preset][1])[0];

  /** Whether the numbers of the seeds are those of a preset that was mended. */
  function isMended(preset, runs) {
    const { mean } = dlguide.trainer,
      [name, goal] = aim(preset);
    const value = mean(runs.values(runs.part, name));
    return runs.failed === 0 && (name === "loss" ? value <= goal : value >= goal);
  }

  /** What a preset needs to be mended, in a sentence. */
  function needed(preset) {
    const [name, goal] = aim(preset);
    return say(`trainer.needed_${name}`, { goal: name === "loss" ? goal : dlguide.widgets.percent(goal, 0) });
  }

  Object.assign(dlguide.trainer, { PRESETS, FIRST, starting, controls, toHash, fromHash, isMended, needed, word });
})();
