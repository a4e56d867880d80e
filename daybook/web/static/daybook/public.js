// Booking pages: offer the visitor's own time zone, and send each form once.
const offer = document.querySelector("[data-zone-offer]");
if (offer) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (own && own !== offer.dataset.zoneOffer) {
    const link = offer.querySelector("a");
    const there = new URL(location.href);
    there.searchParams.set("zone", own);
    link.href = there.pathname + there.search;
    link.textContent = `Show times in ${own.split("/").pop().replaceAll("_", " ")} time`;
    offer.hidden = false;
  }
}
