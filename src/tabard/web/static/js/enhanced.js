// Before the first paint: tell the styles that modules run, so that nothing jumps when the page module arrives.
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("js-enabled", "govuk-frontend-supported");
}
