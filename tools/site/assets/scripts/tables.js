/* A wide table scrolls by itself: let the keyboard reach it. */
addEventListener("load", () => {
  for (const frame of document.querySelectorAll(".md-typeset__scrollwrap")) frame.tabIndex = 0;
});
