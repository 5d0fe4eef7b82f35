/* The dialog of the search. What it needs loads when a reader opens it for the first time. */
window.dlguide = window.dlguide || {};
dlguide.search = {};
(() => {
  "use strict";

  const SHOWN = 20;
  const EXCERPT = 180;
  const FILES = ["scripts/search_words.js", "scripts/search_engine.js", "search_index.js"];
  const dialog = document.querySelector(".site-search");
  const [input, status, list] = ["input", "[role=status]", "[role=listbox]"].map((part) => dialog.querySelector(part));
  const { base } = JSON.parse(document.getElementById("__config").textContent);
  const texts = dialog.dataset;
  let active = 0;
  let ready;

  const script = (file) =>
    new Promise((resolve, reject) => {
      const made = document.createElement("script");
      Object.assign(made, { src: `${base}/${file}`, onload: resolve, onerror: reject });
      document.head.append(made);
    });

  /** The search, as a promise of a function. */
  async function load() {
    for (const file of FILES) await script(file);
    return dlguide.search.engine(dlguide.search.index);
  }

  function open() {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    show();
  }

  /** Show the pages of what stands in the field now. */
  async function show() {
    const query = input.value;
    if (!dlguide.search.index) status.textContent = texts.loading;
    try {
      const find = await (ready ??= load());
      if (query !== input.value) return; // The reader has typed on.
      const pages = query.trim() ? find(query) : [];
      list.replaceChildren(...pages.slice(0, SHOWN).map(result));
      input.setAttribute("aria-expanded", pages.length > 0);
      dialog.querySelector(".site-search__results").scrollTop = 0;
      status.textContent = pages.length ? texts.results.replace("{count}", pages.length) : query.trim() && texts.none;
      select(0);
    } catch {
      ready = undefined; // The next letter tries it again.
      status.textContent = texts.failed;
    }
  }

  function element(tag, className, ...children) {
    const made = document.createElement(tag);
    made.className = className;
    made.append(...children);
    return made;
  }

  function result({ page, found, section }, number) {
    const [anchor, heading, text] = section();
    const path = [...page.path, heading].filter(Boolean).join(" › ");
    const title = element("span", "site-search__title", ...marked(page.title, found));
    if (page.plays) title.append(element("span", "site-search__plays", texts.plays));
    const says = element("span", "site-search__text", ...excerpt(text, found));
    const link = element("a", "", title, element("span", "site-search__path", path), says);
    link.href = `${base}/${page.address}${anchor && `#${anchor}`}`;
    link.id = `site-search-${number}`;
    link.tabIndex = -1;
    link.setAttribute("role", "option");
    link.onclick = () => dialog.close();
    return link;
  }

  const hits = (text, found) => dlguide.search.words(text).filter(({ term }) => found.has(term));

  /** The text with the words found in it marked. */
  function marked(text, found) {
    const parts = [];
    let from = 0;
    for (const { start, end } of hits(text, found)) {
      if (end <= from) continue;
      const last = parts.at(-1);
      if (from && start <= from) last.append(text.slice(from, end));
      else parts.push(text.slice(from, start), element("mark", "", text.slice(start, end)));
      from = end;
    }
    return [...parts, text.slice(from)];
  }

  /** The part of a text that has most of the words found. */
  function excerpt(text, found) {
    const all = hits(text, found);
    let [begin, most] = [0, 0];
    for (const { start } of all) {
      const within = all.filter((each) => each.start >= start && each.end < start + EXCERPT);
      const value = [...new Set(within.map(({ term }) => term))].reduce((sum, term) => sum + found.get(term), 0);
      if (value > most) [begin, most] = [start, value];
    }
    const sentence = 1 + Math.max(...[". ", "。", "；"].map((sign) => text.lastIndexOf(sign, begin - 1)));
    if (begin < 60 || text.length < EXCERPT) begin = 0;
    else if (begin - sentence < 60) begin = sentence;
    else begin = Math.min(begin, text.indexOf(" ", begin - 40) + 1 || begin);
    return [begin ? "… " : "", ...marked(text.slice(begin, begin + 2 * EXCERPT), found)];
  }

  function select(number) {
    active = Math.max(0, Math.min(number, list.children.length - 1));
    for (const [place, link] of [...list.children].entries()) link.setAttribute("aria-selected", place === active);
    input.setAttribute("aria-activedescendant", list.children[active]?.id ?? "");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  }

  addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input, textarea, select, [contenteditable]");
    const isCommand = (event.ctrlKey || event.metaKey) && event.key === "k";
    if (!isCommand && (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey)) return;
    event.preventDefault();
    open();
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing || !(step || event.key === "Enter")) return;
    event.preventDefault();
    if (step) select(active + step);
    else list.children[active]?.click();
  });
  input.addEventListener("input", (event) => event.isComposing || show());
  input.addEventListener("compositionend", show);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.querySelector(".site-search-open button").addEventListener("click", open);
})();
