// Sends forms without leaving the page, swaps in fresh pieces as they come, and counts characters.
"use strict";

const LIMIT = 140;

function toEnd(list) {
  list.scrollTop = list.scrollHeight;
}

function swap(name, html) {
  const piece = document.querySelector(`[data-piece="${name}"]`);
  if (!piece) return;
  const open = [...piece.querySelectorAll("details[open]")].map((details) => details.id);
  const focused = piece.contains(document.activeElement) ? document.activeElement.id : "";
  const atEnd = piece.scrollHeight - piece.scrollTop - piece.clientHeight < 40;
  const texts = piece.querySelectorAll(".text").length;
  piece.innerHTML = html;
  piece.classList.toggle("fresh", piece.querySelectorAll(".text").length > texts);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused && focused !== piece.id) document.getElementById(focused)?.focus({ preventScroll: true });
  if (piece.matches(".texts") && atEnd) toEnd(piece);
}

function count(area) {
  const output = document.getElementById(area.dataset.count);
  const length = [...area.value.normalize("NFC").trim()].length;
  output.hidden = length === 0;
  output.textContent = `${length}/${LIMIT}`;
  output.classList.toggle("over", length > LIMIT);
}

async function send(form, button) {
  const body = new URLSearchParams(new FormData(form));
  button?.setAttribute("aria-busy", "true");
  try {
    await fetch(form.action, { method: "POST", body, redirect: "manual" });
    if (!("keep" in form.dataset)) form.reset();
    for (const area of form.querySelectorAll("[data-count]")) count(area);
  } catch {
    gone.hidden = false;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const list = event.target.closest(".screen")?.querySelector(".texts");
  if (list) toEnd(list);
  send(event.target, event.submitter);
});

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-count]")) count(event.target);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches(".write textarea")) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

document.querySelectorAll(".texts").forEach(toEnd);
document.querySelectorAll("[data-count]").forEach(count);

const gone = document.getElementById("gone");
const stream = new EventSource("events");
stream.addEventListener("open", () => (gone.hidden = true));
stream.addEventListener("error", () => (gone.hidden = false));
stream.addEventListener("message", (event) => {
  for (const [name, html] of Object.entries(JSON.parse(event.data))) swap(name, html);
});
