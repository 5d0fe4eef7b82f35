/* Train in the page: the loop of short pieces of work, and the pictures; presets that fail, for the reader to mend. */
(() => {
  "use strict";

  const { element, group, button, labelled, onTheme } = dlguide.widgets;
  const { Runs, Answers, prepare, numbers, word, starting } = dlguide.trainer;
  const BUDGET = 8; // Milliseconds of a frame for steps and answers; the drawing comes on top.
  const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  dlguide.figure("trainer", (figure) => {
    let data = null,
      runs = null,
      answers = null,
      preset = "",
      isChanged = false, // Since the preset was chosen: only then it can be mended.
      isPlaying = false,
      owed = 0, // Steps by the clock that are not done yet.
      last = 0,
      drawn = 0;
    const controls = dlguide.trainer.controls(changed),
      { settings } = controls;
    const own = dlguide.trainer.ownPoints(figure.tell, changed),
      map = dlguide.trainer.map(own.listen),
      chart = dlguide.trainer.chart(),
      units = dlguide.trainer.units();
    const menu = dlguide.trainer.presetMenu((name) => (use(name, starting(name)), keep(), renew()));
    const text = element("p", { className: "trainer-numbers" });
    const start = button("", () => play(!isPlaying));
    const speeds = [10, 100, 1000].map((value) => element("option", { value, textContent: word(`speed_${value}`) }));
    const speed = element("select", { value: 100 }, ...speeds);
    speed.value = 100;

    function changed() {
      isChanged = true;
      keep();
      renew();
    }

    function use(name, values) {
      [preset, isChanged] = [name, false];
      controls.set(values);
      menu.show(name);
    }

    const keep = () => history.replaceState(null, "", `#${dlguide.trainer.toHash(preset, settings)}`);

    /** Train from the first weights. */
    function renew() {
      data = prepare(settings, own.points);
      runs = new Runs(data, settings);
      answers = new Answers(runs);
      owed = 0;
      map.renew(data, settings);
      if (!runs.runs.length) play(false);
      figure.tell("\u00a0");
      draw();
    }

    function draw() {
      const style = getComputedStyle(figure.box),
        colour = (name) => style.getPropertyValue(name).trim();
      const theme = { blue: colour("--plot-1"), orange: colour("--plot-2"), text: colour("color") };
      theme.ground = colour("--md-default-bg-color") || "white";
      map.draw(answers, data, theme);
      chart.draw(runs);
      units.draw(runs, theme);
      const now = () => dlguide.say("trainer.now", { steps: runs.steps, epochs: Math.floor(runs.epochs) });
      text.textContent = runs.runs.length ? `${now()} ${numbers(runs)}` : word("no_points");
      drawn = performance.now();
    }

    function play(isOn) {
      isPlaying = isOn && runs.runs.length > 0;
      start.textContent = dlguide.say(isPlaying ? "figure_pause" : "figure_play");
      if (!isPlaying) return tell();
      figure.tell("\u00a0");
      last = performance.now();
      requestAnimationFrame(frame);
    }

    /** What is read aloud when the training pauses. */
    function tell() {
      if (!runs?.steps) return;
      const isMended = preset && isChanged && dlguide.trainer.isMended(preset, runs);
      figure.tell(...(isMended ? [word("mended")] : []), runs.failed ? word("not_finite") : text.textContent);
    }

    function frame(now) {
      if (!isPlaying) return;
      owed = Math.min(owed + (speed.value * Math.max(0, now - last)) / 1000, speed.value / 5);
      last = now;
      const begun = performance.now(),
        hasTime = (share) => performance.now() - begun < share * BUDGET;
      while (owed >= 1 && hasTime(0.6)) owed -= runs.advance();
      while (hasTime(1) && !answers.update());
      if (now - drawn > (isCalm() ? 1000 : 90)) draw();
      requestAnimationFrame(frame);
    }

    function step() {
      play(false);
      if (!runs.runs.length) return;
      while (!runs.advance());
      while (!answers.update());
      draw();
      tell();
    }

    figure.box.append(
      group("trainer-presets", menu.field, menu.sign),
      group(
        "demo-columns",
        group(
          "demo-column",
          map.box,
          group(
            "demo-row",
            start,
            button(dlguide.say("figure_next"), step),
            button(word("again"), renew),
            button(word("sample"), () => ((settings.sample += 1), changed())),
          ),
          own.field,
          labelled(word("speed"), speed),
        ),
        group("demo-column", chart.svg, text, units.box),
      ),
      controls.box,
    );
    onTheme(() => draw());

    let first = dlguide.trainer.fromHash(location.hash);
    addEventListener("hashchange", () => {
      const found = dlguide.trainer.fromHash(location.hash);
      if (!found) return;
      use(found.preset, found.values);
      renew();
      figure.box.parentElement.scrollIntoView();
    });
    figure.onReset(() => {
      own.points.length = 0;
      isPlaying = false;
      use(first?.preset ?? "", first?.values ?? starting(""));
      if (!first && location.hash.includes("=")) keep();
      first = null;
    });
    dlguide.figures.trainer = { runs: () => runs, settings, answers: () => answers };
    return () => (renew(), play(false));
  });
})();
