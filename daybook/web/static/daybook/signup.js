// Offer the zone of this computer, unless something else was chosen.
const select = document.querySelector("select[data-own-zone]");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
const untouched = select && ![...select.options].some((o) => o.selected !== o.defaultSelected);
if (untouched && !document.querySelector("[role=alert]") && [...select.options].some((o) => o.value === own)) {
  select.value = own;
}
