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
      units = dlguide.trainer.units(() => session.show());
    const text = element("p", { className: "trainer-numbers", role: "status" });
    const start = button("", () => session.play(!session.isPlaying));
    const speeds = [10, 100, 1000].map((value) => element("option", { value, textContent: word(`speed_${value}`) }));
    const speed = element("select", {}, ...speeds);
    const session = dlguide.trainer.loop(settings, own.points, () => Number(speed.value), [
      drawUnits,
      drawMap,
      drawChart,
    ]);

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

    function colours() {
      const style = getComputedStyle(figure.box),
        colour = (name) => style.getPropertyValue(name).trim();
      const ground = colour("--md-default-bg-color") || "white";
      return { blue: colour("--plot-1"), orange: colour("--plot-2"), text: colour("color"), ground };
    }

    function drawUnits({ runs }) {
      units.draw(runs, colours());
    }

    function drawMap({ data, answers }) {
      map.renew(data, settings);
      map.draw(answers, data, colours(), units.chosen());
    }

    function drawChart({ runs, isPlaying, canTrain }) {
      chart.draw(runs);
      start.textContent = dlguide.say(isPlaying ? "figure_pause" : "figure_play");
      text.setAttribute("aria-live", isPlaying ? "off" : "polite"); // Read aloud when the training pauses.
      const now = () => dlguide.say("trainer.now", { steps: runs.steps, epochs: Math.floor(runs.epochs) });
      const mended = preset && isChanged && canTrain && isMended(preset, runs) ? [word("mended")] : [];
      const sentences = canTrain ? [...mended, now(), ...numbers(runs)] : [word("no_points")];
      text.textContent = dlguide.widgets.sentences(...sentences);
      text.classList.toggle("trainer-mended", mended.length > 0);
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
    );
    controls.folds[0].lastChild.append(button(word("sample"), () => ((settings.sample += 1), changed())));
    onTheme(session.show);

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
