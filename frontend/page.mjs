// What every page loads: GOV.UK and MoJ components, htmx, and the small behaviours of our own components.

import "htmx.org";
import { Alert } from "@ministryofjustice/frontend/moj/components/alert/alert.mjs";
import { createAll, initAll } from "govuk-frontend";

import { foldFiltersOnSmallScreens } from "./filters.mjs";
import { offerCopying } from "./copying.mjs";

initAll();
createAll(Alert);
foldFiltersOnSmallScreens();
offerCopying(document);
document.addEventListener("htmx:after:swap", () => {
  createAll(Alert);
  offerCopying(document);
});
