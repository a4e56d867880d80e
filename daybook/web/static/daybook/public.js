// Booking pages: show the times of the visitor's own device. Where somebody has chosen another zone, only offer them.
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
    if ("zoneGuessed" in offer.dataset) location.replace(there);
    const link = offer.querySelector("a");
    link.href = there.pathname + there.search;
    link.textContent = own.includes("/")
      ? `Show times in ${own.split("/").pop().replaceAll("_", " ")} time`
      : `Show times in ${own}`;
    offer.hidden = false;
  }
}
