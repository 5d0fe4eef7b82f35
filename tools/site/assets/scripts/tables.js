/* A wide table and a long formula scroll by themselves: let the keyboard reach them, and only those that do. */
addEventListener("load", () => {
  const watch = new ResizeObserver((found) => {
    for (const { target } of found)
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
  });
  for (const part of document.querySelectorAll(".md-typeset__scrollwrap, .formula")) watch.observe(part);
});
