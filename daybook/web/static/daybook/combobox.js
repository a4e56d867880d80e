// The client pick list: a search box with a down arrow, narrowing at every keystroke (ARIA combobox, list autocomplete).
const PAUSE = 60; // milliseconds without a key before asking
const fields = (form) => ["contact", "name", "email", "phone"].map((name) => form.elements[name]);

const combobox = (root) => {
  const input = root.querySelector("input");
  const arrow = root.querySelector(".combobox-arrow");
  const list = root.querySelector("ul");
  const form = input.form;
  const field = root.closest(".field");
  const status = field.querySelector("[data-combobox-status]");
  const chosen = field.querySelector("[data-chosen]");
  const [contact, name, email, phone] = fields(form);
  let found = [];
  let active = -1;
  let timer = 0;
  let asking = null;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-haspopup", "listbox");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");
  arrow.hidden = false;
  root.classList.add("with-arrow");

  const isOpen = () => !list.hidden;
  const close = () => {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (index) => {
    active = index;
    [...list.children].forEach((line, at) => {
      if (line.getAttribute("role") === "option") line.setAttribute("aria-selected", String(at === index));
    });
    if (index < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[index].id);
    list.children[index].scrollIntoView({ block: "nearest" });
  };
  const line = (client, index) => {
    const item = document.createElement("li");
    item.id = `${list.id}-${index}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const who = document.createElement("span");
    who.textContent = client.name;
    const note = document.createElement("span");
    note.className = "option-note";
    note.textContent = client.note;
    item.append(who, " ", note);
    return item;
  };
  const show = (clients) => {
    found = clients;
    list.replaceChildren(...clients.map(line));
    if (!clients.length) {
      const none = document.createElement("li");
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.setAttribute("aria-selected", "false");
      none.textContent = "Nobody of that name yet. Fill in the fields below.";
      list.append(none);
    }
    list.hidden = false;
    active = -1;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
    status.textContent = clients.length ? `${clients.length} clients in the list` : "Nobody of that name";
  };
  const ask = async (select) => {
    asking?.abort();
    asking = new AbortController();
    const mine = asking;
    try {
      const answer = await fetch(`${root.dataset.combobox}?q=${encodeURIComponent(input.value)}`, {
        signal: mine.signal,
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const { clients } = await answer.json();
      if (mine !== asking) return;
      show(clients);
      if (select !== undefined && clients.length) mark(select < 0 ? clients.length - 1 : select);
    } catch (error) {
      if (error.name === "AbortError") return;
      close();
      status.textContent = "The list cannot be shown just now. Fill in the fields below.";
    }
  };
  const choose = (index) => {
    const client = found[index];
    if (!client) return;
    contact.value = client.id;
    name.value = client.name;
    email.value = client.email;
    phone.value = client.phone;
    input.value = client.name;
    chosen.hidden = false;
    chosen.querySelector("[data-chosen-name]").textContent = client.name;
    close();
    status.textContent = `${client.name} chosen. Name, email and phone are filled in.`;
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    const move = (to) => {
      event.preventDefault();
      if (!isOpen()) return void ask(to < 0 ? -1 : 0);
      if (found.length) mark((to + found.length) % found.length);
    };
    switch (event.key) {
      case "ArrowDown":
        if (event.altKey) return event.preventDefault(), void ask();
        return move(isOpen() ? active + 1 : 0);
      case "ArrowUp":
        return move(active < 0 ? -1 : active - 1);
      case "Home":
      case "End":
        if (!isOpen() || active < 0) return;
        return move(event.key === "Home" ? 0 : found.length - 1);
      case "Enter":
        event.preventDefault(); // never sends the form from the search box
        if (isOpen() && active >= 0) choose(active);
        return;
      case "Tab":
        if (isOpen() && active >= 0) choose(active);
        return close();
      case "Escape":
        event.preventDefault();
        if (isOpen()) return close();
        input.value = "";
    }
  });
  input.addEventListener("click", () => isOpen() || ask());
  arrow.addEventListener("click", () => {
    const open = isOpen();
    input.focus();
    if (open) close();
    else ask();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the box
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) choose([...list.children].indexOf(item));
  });
  input.addEventListener("blur", () => setTimeout(() => root.contains(document.activeElement) || close(), 0));
  field.querySelector("[data-clear]").addEventListener("click", () => {
    for (const one of [contact, name, email, phone, input]) one.value = "";
    chosen.hidden = true;
    status.textContent = "Cleared.";
    input.focus();
  });
};

document.querySelectorAll("[data-combobox]").forEach(combobox);
