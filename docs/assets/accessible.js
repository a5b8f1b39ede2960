// What the theme's scripts add to a page gets what readers without a mouse or a screen need.
const mend = () => {
  // A copy button's frame is no place to navigate to, and there may be dozens on a page.
  for (const frame of document.querySelectorAll("nav.md-code__nav:not([role])")) frame.setAttribute("role", "none");
  // A section with a page of its own has a label that is only an arrow, so its navigation has no name.
  for (const frame of document.querySelectorAll("nav.md-nav[aria-labelledby]")) {
    if (document.getElementById(frame.getAttribute("aria-labelledby"))?.textContent.trim()) continue;
    frame.removeAttribute("aria-labelledby");
    frame.setAttribute("aria-label", frame.querySelector(".md-nav__title")?.textContent.trim() ?? "");
  }
  // The theme leaves the switch of the colours unchecked, and the keyboard then comes to the one that is not shown.
  for (const label of document.querySelectorAll("input.md-option + label:not([hidden])")) {
    if (!document.querySelector("input.md-option:checked")) label.previousElementSibling.checked = true;
  }
  // What is copied of a console is what one types, without prompts and answers.
  for (const code of document.querySelectorAll(".highlight:not([data-copy]) code:has(.gp)")) {
    const typed = [];
    let before = "";
    for (const line of code.textContent.split("\n")) {
      const isTyped = line.startsWith("$ ") || (before && (line.startsWith("> ") || before.endsWith("\\")));
      if (isTyped) typed.push(line.replace(/^[$>] /, ""));
      before = isTyped ? line : "";
    }
    code.closest(".highlight").dataset.copy = typed.join("\n");
  }
  // A wide table scrolls by keyboard only when it can have the focus.
  for (const frame of document.querySelectorAll(".md-typeset__scrollwrap")) {
    if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  }
};
const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"] };
new MutationObserver(mend).observe(document.body, changes);
addEventListener("resize", mend);
mend();
