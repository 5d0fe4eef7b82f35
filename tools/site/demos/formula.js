/* polynomial_regression_mpg: a slider for each measure of a car, the formula's answer, and what a bit more changes. */
dlguide.demo("formula", (demo) => {
  "use strict";

  const { say, element, group, button, slider, liveText, fixed, latest } = dlguide.widgets;
  // A car in the middle of the data, the step of each slider, and the change whose effect is shown.
  const FEATURES = {
    cylinders: { typical: 4, step: 1, more: 1 },
    displacement: { typical: 151, step: 1, more: 10 },
    horsepower: { typical: 93, step: 1, more: 10 },
    weight: { typical: 2800, step: 10, more: 100 },
    acceleration: { typical: 15.5, step: 0.1, more: 1 },
    year: { typical: 76, step: 1, more: 1 },
    origin: { typical: 1, step: 1, more: null }, // The numbers of three regions, not an amount.
  };
  const names = Object.keys(FEATURES),
    answer = liveText();
  const shows = (name) => (value) => {
    if (name === "origin") return say(`origin_${value}`);
    return say("with_unit", { value: name === "year" ? 1900 + value : value, unit: say(`unit_${name}`) });
  };
  const show = latest(async () => {
    if (!demo.parts) return;
    const values = names.map((name) => sliders[name].input.valueAsNumber);
    const rows = names.map((name, i) => values.map((value, j) => value + (i === j ? (FEATURES[name].more ?? 0) : 0)));
    const data = await demo.parts[0].answer([values, ...rows].flat(), [names.length + 1, names.length]);
    answer.textContent = say("mpg_answer", {
      mpg: data[0].toFixed(1),
      litres: data[0] > 1 ? (235.215 / data[0]).toFixed(1) : "–",
    });
    names.forEach((name, i) => {
      const { more } = FEATURES[name],
        change = data[i + 1] - data[0];
      const signed = `${change < 0 ? "" : "+"}${fixed(change, 2)}`;
      effects[name].textContent =
        more === null ? "" : say("effect", { more, unit: say(`unit_${name}`), change: signed });
    });
  });

  const sliders = {},
    effects = {},
    fields = names.map((name) => {
      const { typical, step } = FEATURES[name];
      sliders[name] = slider(
        say(`feature_${name}`),
        { min: 0, max: 2 * typical, step, value: typical, show: shows(name) },
        show,
      );
      effects[name] = element("small", { className: "demo-effect", textContent: "\u00a0" });
      sliders[name].field.append(effects[name]);
      return sliders[name].field;
    });
  const again = button(say("typical_car"), () => {
    names.forEach((name) => sliders[name].set(FEATURES[name].typical));
    show();
  });
  answer.classList.add("demo-big");
  demo.box.append(
    group("demo-stack", answer, ...fields, group("demo-row", again), element("p", { textContent: say("no_such_car") })),
  );
  return () => {
    const { feature_names, lowest, highest } = demo.parts[0].info.input;
    feature_names.forEach((name, i) => {
      const { step } = FEATURES[name]; // The steps are counted from the lowest value.
      Object.assign(sliders[name].input, { min: step * Math.floor(lowest[i] / step), max: highest[i] });
      sliders[name].set(FEATURES[name].typical);
    });
    return show();
  };
});
