/* The losses by step: thin lines for the seeds, their mean, and the band of the prediction interval. */
(() => {
  "use strict";

  const { percent, fixed } = dlguide.widgets,
    { interval, word } = dlguide.trainer;
  const TOPS = [0.2, 0.5, 1, 2, 5, 10];

  function chart() {
    const plot = dlguide.plot(word("chart"), { x: [0, 10], y: [0, 1], xLabel: word("steps"), yLabel: word("losses") });

    /** Means and intervals of a part's losses at every record; only as long as every seed has a finite loss. */
    function bands(runs, part) {
      const found = [];
      for (let i = 0; i < runs.length; i++) {
        const values = runs.values(part, "loss", i);
        if (!values.every(Number.isFinite)) break;
        found.push([i * runs.interval, interval(values)]);
      }
      return found;
    }

    function draw(runs) {
      plot.clear();
      if (!runs.runs.length) return;
      const parts = ["training", ...(runs.part === "validation" ? ["validation"] : [])];
      const found = Object.fromEntries(parts.map((part) => [part, bands(runs, part)]));
      const highest = Math.max(...Object.values(found).flatMap((band) => band.map(([, at]) => at.mean)));
      const top = TOPS.find((each) => each >= 1.05 * highest) ?? TOPS.at(-1),
        last = Math.max(10, (runs.length - 1) * runs.interval);
      plot.axes([0, last], [0, top]);
      const guess = runs.data.isRegression ? 1 : Math.LN2;
      const across = (from) => [
        [0, from],
        [last, from],
      ];
      if (guess < top) {
        plot.line(across(guess), 0, "plot-thin plot-dashed");
        plot.text([last, guess + 0.015 * top], word(runs.data.isRegression ? "guess_mean" : "guess_half"), 0, "end");
      }
      const band = found[runs.part];
      const edge = (name) => band.map(([step, at]) => [step, Math.max(0, Math.min(2 * top, at[name]))]);
      if (runs.runs.length > 1) plot.line([...edge("low"), ...edge("high").reverse()], 1, "trainer-band");
      for (const { records } of runs.runs) {
        const line = records.map((record, i) => [i * runs.interval, record[runs.part].loss]);
        if (runs.runs.length > 1) plot.line(line, 1, "plot-thin trainer-seed");
      }
      const centres = (part) => found[part].map(([step, at]) => [step, at.mean]);
      plot.line(centres("training"), 2, runs.part === "validation" ? "plot-dashed" : "");
      if (runs.part === "validation") plot.line(centres("validation"), 1, "trainer-mean");
    }
    return { svg: plot.svg, draw };
  }

  /** The numbers in sentences. */
  function numbers(runs) {
    const name = runs.data.isRegression ? "loss" : "accuracy";
    const show = (value, key) => (key === "accuracy" ? percent(value) : fixed(value, 3));
    const between = (key) => {
      const { mean: centre, low, high } = interval(runs.values(runs.part, key));
      const values = { part: word(`part_${runs.part}`), mean: show(centre, key), count: runs.runs.length };
      Object.assign(values, {
        low: show(Math.max(0, low), key),
        high: show(key === "accuracy" ? Math.min(1, high) : high, key),
      });
      return dlguide.say(`trainer.${runs.runs.length > 1 ? "interval" : "single"}_${key}`, values);
    };
    const failed = { failed: runs.failed, count: runs.runs.length };
    if (runs.failed) return [dlguide.say("trainer.failed", failed), word("not_finite")];
    return name === "loss" ? [between("loss")] : [between("loss"), between("accuracy")];
  }

  Object.assign(dlguide.trainer, { chart, numbers });
})();
