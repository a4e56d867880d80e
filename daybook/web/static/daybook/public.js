// Booking pages: offer the times of the visitor's own device when its clock shows something else.
const offer = document.querySelector("[data-zone-offer]");
if (offer) {
  const shown = offer.dataset.zoneOffer;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const clock = (timeZone) => {
    try {
      return new Date().toLocaleString("en-US", { timeZone, dateStyle: "short", timeStyle: "short" });
    } catch {
      return ""; // a zone this browser does not know
    }
  };
  if (own && own !== shown && clock(own) !== clock(shown)) {
    const there = new URL(location.href);
    there.searchParams.set("zone", own);
    const link = offer.querySelector("a");
    link.href = there.pathname + there.search;
    link.textContent = own.includes("/")
      ? `Show times in ${own.split("/").pop().replaceAll("_", " ")} time`
      : `Show times in ${own}`;
    offer.hidden = false;
  }
}
