/* The frame of a demo: what stands there before its models are loaded, while they load, and where they do not run.
   From disk the models load when the reader comes to them; over the net after "Start" or the first use. */
(() => {
  "use strict";

  const { say } = dlguide,
    { element, group, button } = dlguide.widgets;
  const isDisk = location.protocol === "file:";

  /** Build every demo of a kind. `build(demo)` fills `demo.box`
      and returns what is to be done when the models are there. */
  dlguide.demo = (kind, build) => dlguide.each(`.demo[data-demo="${kind}"]`, (div) => mount(div, build));

  function mount(div, build) {
    const { megabytes } = div.dataset;
    const box = element("div", { className: "demo-live", tabIndex: -1 }),
      recorded = group("demo-recorded", ...div.childNodes); // It is printed, and shown where the models do not run.
    const status = element("p", { className: "demo-status", role: "status" }),
      bar = element("progress", { max: megabytes, hidden: true, "aria-label": say("loading") }),
      start = button(say("start_models", { megabytes }), () => begin());
    const demo = { div, box, models: div.dataset.models.split(/\s+/) };
    div.append(group("demo-head", start, bar, status), box, recorded);
    const isStartedByUse = div.dataset.start === "use"; // On the front door: neither a button nor scrolling.
    start.hidden = recorded.hidden = isDisk || isStartedByUse;
    status.textContent = say(isStartedByUse ? "waiting_use" : isDisk ? "waiting" : "waiting_start", { megabytes });

    const end = (state, text) => {
      div.dataset.state = state;
      status.textContent = text;
      start.hidden = bar.hidden = true;
    };
    const fail = (error) => {
      box.hidden = true;
      recorded.hidden = false;
      end("failed", say("failed", { reason: error.message || error }));
      throw error;
    };
    const begin = async () => {
      if (div.dataset.state) return;
      if (document.activeElement === start) box.focus({ preventScroll: true }); // The button goes away.
      const before = dlguide.loaded,
        parts = (div.dataset.parts || div.dataset.models).split(/\s+/);
      end("loading", say("loading_size", { megabytes }));
      bar.hidden = false;
      recorded.hidden = true;
      addEventListener("dlguide-loaded", () => (bar.value = dlguide.loaded - before));
      try {
        demo.parts = await Promise.all(parts.map(dlguide.model));
        await ready();
        end("ready", say("ready"));
      } catch (error) {
        fail(error);
      }
    };
    let ready = null;
    try {
      ready = build(demo);
    } catch (error) {
      fail(error);
    }
    for (const event of [isStartedByUse ? "pointerdown" : "pointerup", "click", "keydown"])
      box.addEventListener(event, ({ key }) => !["Tab", "Shift", "Escape"].includes(key) && begin());
    if (isDisk && !isStartedByUse)
      new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && begin()).observe(div);
  }
})();
