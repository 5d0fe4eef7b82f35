/* Train in the page: the controls and the pictures of a session, and presets that fail, for the reader to mend. */
(() => {
  "use strict";

  const { element, group, button, labelled, onTheme } = dlguide.widgets;
  const { numbers, word, starting, isMended, toHash, fromHash } = dlguide.trainer;

  dlguide.figure("trainer", (figure) => {
    let preset = "",
      isChanged = false; // Since the preset was chosen: only then it can be mended.
    const controls = dlguide.trainer.controls(changed),
      { settings } = controls;
    const own = dlguide.trainer.ownPoints(changed),
      menu = dlguide.trainer.presetMenu((name) => (use(name, starting(name)), keep(), session.renew()));
    const map = dlguide.trainer.map(own.listen),
      chart = dlguide.trainer.chart(),
      units = dlguide.trainer.units(() => draw(session));
    const text = element("p", { className: "trainer-numbers", role: "status" });
    const start = button("", () => session.play(!session.isPlaying));
    const speeds = [10, 100, 1000].map((value) => element("option", { value, textContent: word(`speed_${value}`) }));
    const speed = element("select", {}, ...speeds);
    const session = dlguide.trainer.loop(settings, own.points, () => Number(speed.value), draw);

    function changed() {
      isChanged = true;
      keep();
      session.renew();
    }

    function use(name, values) {
      [preset, isChanged] = [name, false];
      controls.set(values);
      menu.show(name);
    }

    const keep = () => history.replaceState(null, "", `#${toHash(preset, settings)}`);

    function draw({ data, runs, answers, isPlaying, canTrain }) {
      const style = getComputedStyle(figure.box),
        colour = (name) => style.getPropertyValue(name).trim();
      const theme = { blue: colour("--plot-1"), orange: colour("--plot-2"), text: colour("color") };
      theme.ground = colour("--md-default-bg-color") || "white";
      map.renew(data, settings);
      units.draw(runs, theme);
      map.draw(answers, data, theme, units.chosen());
      chart.draw(runs);
      start.textContent = dlguide.say(isPlaying ? "figure_pause" : "figure_play");
      text.setAttribute("aria-live", isPlaying ? "off" : "polite"); // Read aloud when the training pauses.
      const now = () => dlguide.say("trainer.now", { steps: runs.steps, epochs: Math.floor(runs.epochs) });
      const mended = preset && isChanged && canTrain && isMended(preset, runs) ? [word("mended")] : [];
      const sentences = canTrain ? [...mended, now(), ...numbers(runs)] : [word("no_points")];
      text.textContent = sentences.join(dlguide.language === "zh" ? "" : " ");
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
            button(dlguide.say("figure_next"), session.step),
            button(word("again"), session.renew),
          ),
          own.field,
        ),
        group("demo-column", chart.svg, text, labelled(word("speed"), speed)),
      ),
      units.box,
      controls.box,
      group(
        "demo-row",
        button(word("sample"), () => ((settings.sample += 1), changed())),
      ),
    );
    controls.folds[0].lastChild.append(button(word("sample"), () => ((settings.sample += 1), changed())));
    onTheme(() => draw(session));

    let first = fromHash(location.hash);
    addEventListener("hashchange", () => {
      const found = fromHash(location.hash);
      if (!found) return;
      use(found.preset, found.values);
      session.renew();
      figure.box.parentElement.scrollIntoView();
    });
    figure.onReset(() => {
      own.points.length = 0;
      session.isPlaying = false;
      speed.value = 100;
      use(first?.preset ?? "", first?.values ?? starting(""));
      if (!first && location.hash.includes("=")) keep();
      first = null;
    });
    dlguide.figures.trainer = session;
    return session.renew;
  });
})();
