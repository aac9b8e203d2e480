// Clears the kiosk for whoever comes next: half a minute after the last key, press or touch, it starts again.

const script = document.querySelector("script[data-clear-url]");
let clearing;

function waitAgain() {
  clearTimeout(clearing);
  clearing = setTimeout(() => location.replace(script.dataset.clearUrl), script.dataset.clearAfterS * 1000);
}

// A kiosk that already waits has nothing to clear but what was typed or said; while it is empty it stays as it is.
const says = document.querySelector(".moj-alert, .govuk-error-summary, .govuk-inset-text");
if (location.pathname !== script.dataset.clearUrl || says) waitAgain();
for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, waitAgain);
