// Rows that come and go (questions, reminders, stretches of a day), and links to copy. Without this the empty rows
// simply stand there to be filled, and an emptied row is one that is gone.

const inputs = (row) => [...row.querySelectorAll("input, select, textarea")];

const renumber = (row, list) => {
  const name = list.dataset.rows;
  const used = [...list.querySelectorAll("[name]")]
    .map((input) => Number(new RegExp(`^${name}_(\\d+)(_|$)`).exec(input.name)?.[1]))
    .filter(Number.isInteger);
  const next = used.length ? Math.max(...used) + 1 : 0;
  const pattern = new RegExp(`(^|_)${name}_\\d+`);
  for (const element of row.querySelectorAll("[name], [id], [for], [aria-describedby]")) {
    for (const attribute of ["name", "id", "for", "aria-describedby"]) {
      const value = element.getAttribute(attribute);
      if (value) element.setAttribute(attribute, value.replace(pattern, `$1${name}_${next}`));
    }
  }
};

const empty = (row) => {
  for (const input of inputs(row)) {
    if (input.type === "checkbox") input.checked = false;
    else if (input.tagName === "SELECT") input.selectedIndex = [...input.options].findIndex((o) => o.defaultSelected);
    else input.value = "";
    input.removeAttribute("aria-invalid");
  }
  row.querySelectorAll(".error").forEach((error) => error.remove());
};

const shown = (list) => [...list.children].filter((row) => !row.hidden);

const refresh = (list) => {
  const add = document.querySelector(`[data-adds="${list.dataset.rows}"]`);
  add.hidden = shown(list).length >= Number(list.dataset.most);
  const closed = add.parentElement.querySelector("[data-closed]");
  if (closed) closed.hidden = shown(list).length > 0;
};

for (const list of document.querySelectorAll("[data-rows]")) {
  const pattern = list.lastElementChild?.cloneNode(true);
  if (!pattern) continue;
  empty(pattern);
  for (const row of list.querySelectorAll("[data-spare]")) row.remove();
  for (const button of list.querySelectorAll("[data-removes]")) button.hidden = false;
  const add = document.querySelector(`[data-adds="${list.dataset.rows}"]`);
  add.addEventListener("click", () => {
    const row = pattern.cloneNode(true);
    row.removeAttribute("data-spare");
    renumber(row, list);
    row.querySelector("[data-removes]").hidden = false;
    list.append(row);
    refresh(list);
    inputs(row)[0].focus();
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-removes]");
    if (!button) return;
    button.closest("li").remove();
    refresh(list);
    (shown(list).at(-1)?.querySelector("input") ?? add).focus();
  });
  refresh(list);
}

for (const button of document.querySelectorAll("[data-copies]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const says = button.innerHTML;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copies);
    button.textContent = "Copied";
    setTimeout(() => (button.innerHTML = says), 2000);
  });
}
