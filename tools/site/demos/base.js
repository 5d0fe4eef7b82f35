/* What every script of a page needs first: its words, and how it finds its places on the page. */
(() => {
  "use strict";

  const dlguide = (window.dlguide = window.dlguide || {});
  dlguide.language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";

  /** The page's words for a key, with the values for its {names}. */
  dlguide.say = (key, values = {}) =>
    dlguide.words[dlguide.language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

  /** Call `mount(element)` for every element that fits a selector, when the page is there. */
  dlguide.each = (selector, mount) => {
    const mountAll = () => document.querySelectorAll(selector).forEach((found) => mount(found));
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mountAll);
    else mountAll();
  };
})();
