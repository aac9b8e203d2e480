// A filter panel is open beside its results on a wide screen and folded above them on a narrow one.

export function foldFiltersOnSmallScreens() {
  const wide = window.matchMedia("(min-width: 48.0625em)");
  const settle = () => {
    for (const panel of document.querySelectorAll("details[data-filter-panel]")) {
      panel.open = wide.matches || panel.querySelector(".govuk-error-message") !== null;
    }
  };
  settle();
  wide.addEventListener("change", settle);
}
