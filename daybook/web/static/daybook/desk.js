// Typing a date or a time chooses "Another time".
document.addEventListener("input", (event) => {
  if (event.target.id !== "id_on" && event.target.id !== "id_at") return;
  const other = document.getElementById("id_start_other");
  if (other) other.checked = true;
});
