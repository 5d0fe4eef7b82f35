/* Train in the page: the controls and the pictures of a session, and presets that fail, for the reader to mend. */
(() => {
  "use strict";

  const { element, group, button, labelled, onTheme, sentences } = dlguide.widgets;
  const { now, loss, numbers, word, starting, isMended, needed, toHash, fromHash } = dlguide.trainer;

  dlguide.figure("trainer", (figure) => {
    let preset = "",
      isChanged = false; // Since the preset was chosen: only then it can be mended.
    const controls = dlguide.trainer.controls(changed),
      { settings } = controls;
    const own = dlguide.trainer.ownPoints(changed),
      menu = dlguide.trainer.presetMenu((name) => {
        use(name, starting(name));
        keep();
        session.renew();
        session.play(true); // Its sign shows within seconds.
        come();
      });
    const map = dlguide.trainer.map(own.listen),
      chart = dlguide.trainer.chart(),
      units = dlguide.trainer.units(() => session.show());
    const [state, text] = ["trainer-state", "trainer-numbers"].map((name) =>
      element("p", { className: name, role: "status" }),
    );
    const start = button("", () => session.play(!session.isPlaying));
    const speed = element("select", {}, ...[10, 100, 1000].map((value) => element("option", { value, label: value })));
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
      controls.open(values);
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
      // Read aloud when the training pauses.
      for (const part of [state, text]) part.setAttribute("aria-live", isPlaying ? "off" : "polite");
      const isCured = Boolean(preset && isChanged && canTrain && isMended(preset, runs));
      const outcome = preset && canTrain ? [word(isCured ? "mended" : "broken")] : [];
      state.textContent = canTrain ? sentences(...outcome, now(runs), loss(runs)) : word("no_points");
      const goal = preset && canTrain ? [needed(preset)] : [];
      text.textContent = canTrain ? sentences(...goal, ...numbers(runs)) : "";
      state.classList.toggle("trainer-mended", isCured);
    }

    const again = button(word("again"), session.renew);
    const buttons = group("demo-row", start, button(dlguide.say("figure_next"), session.step), again);
    const [trainingFields, , dataFields] = controls.folds.map((fold) => fold.lastChild);
    dataFields.lastChild.append(button(word("sample"), () => ((settings.sample += 1), changed())));
    trainingFields.append(labelled(word("speed"), speed));
    const choices = group("trainer-choices", controls.data, menu.field, menu.sign),
      fields = group("trainer-settings demo-stack", controls.box),
      pictures = group("trainer-pictures", map.box, own.field, chart.svg, text);
    const columns = group("trainer-columns");
    figure.box.append(group("trainer-bench", group("trainer-bar", buttons, state), choices, columns));
    // As in the style sheet.
    const [isBroad, isWide] = ["45em", "76.25em"].map((width) =>
      matchMedia(`(min-width: ${width}) and (min-height: 30em)`),
    );
    const place = () => {
      columns.append(...(isBroad.matches ? [fields, pictures] : [pictures, fields])); // In the order of the Tab key.
      (isWide.matches ? pictures : fields).append(units.box);
    };
    isBroad.onchange = isWide.onchange = () => (place(), session.show());
    place();
    onTheme(session.show);

    let first = fromHash(location.hash);
    const come = () => figure.box.closest(".figure").scrollIntoView();
    if (first) addEventListener("load", come); // The browser has gone to the row of the table that had this name.
    addEventListener("hashchange", () => {
      const found = fromHash(location.hash);
      if (!found) return;
      use(found.preset, found.values);
      session.renew();
      come();
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
