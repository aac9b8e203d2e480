// A button that copies a long value (a hash, an id). Without it the value is still whole in the page and selectable.

export function offerCopying(scope) {
  for (const button of scope.querySelectorAll("button[data-copy][hidden]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const label = button.querySelector("[data-copy-label]");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    label.textContent = "Copied";
  } catch {
    // Without a secure context there is no clipboard: select the value so that Ctrl+C takes it.
    window.getSelection().selectAllChildren(button.parentElement.querySelector("code"));
    label.textContent = "Selected";
  }
  setTimeout(() => (label.textContent = "Copy"), 2000);
}
