// What somebody typed comes back when their session had ended: it is kept in this tab, for a few minutes, until the same
// person has signed in again and sees the same form. Nothing of it goes anywhere else. Without this script nothing is kept.
const KEY = "daybook-typed";
const MINUTES = 30;
const NEVER = new Set(["csrfmiddlewaretoken", "sequence", "seen"]);

const read = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
};
const write = (kept) => {
  try {
    if (kept) sessionStorage.setItem(KEY, JSON.stringify(kept));
    else sessionStorage.removeItem(KEY);
  } catch {
    // No room, or no storage: then nothing is kept.
  }
};

const refill = (form, typed) => {
  for (const field of form.elements) {
    if (!field.name || NEVER.has(field.name) || field.type === "password" || field.type === "file") continue;
    const values = typed.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (values.length && field.type !== "submit" && field.type !== "button") field.value = values[0];
  }
  const told = document.createElement("div");
  told.className = "notice info";
  const words = document.createElement("p");
  words.textContent = "You had been signed out. What you had typed is filled in again; nothing was sent yet.";
  told.append(words);
  document.getElementById("messages")?.append(told);
};

const person = document.body.dataset.person;
const kept = read();
if (person === undefined) {
  // Signing in: what was sent a moment ago did not arrive.
  const next = new URLSearchParams(location.search).get("next")?.split("?")[0];
  if (kept) write(kept.lost || next === kept.path ? { ...kept, lost: true } : null);
} else {
  write(null);
  if (kept?.lost && kept.person === person && kept.path === location.pathname && Date.now() - kept.at < MINUTES * 60_000) {
    const form = [...document.querySelectorAll("main form[method=post]")].find((one) => new URL(one.action).pathname === kept.path);
    if (form) refill(form, kept.typed);
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.querySelector("[type=password]")) return;
    const typed = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !NEVER.has(name));
    write({ person, path: new URL(form.action).pathname, at: Date.now(), typed });
  });
}
