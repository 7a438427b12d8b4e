// The behaviour of the staff pages. Every page works without it: menus are details elements, the side bar opens by
// its address, and charts have their table.
import htmx from "htmx.org";

document.documentElement.classList.add("k-js");
const words = document.body.dataset;

// Menus close when attention goes elsewhere, and on Escape give the focus back.
document.addEventListener("click", (e) => {
  for (const menu of document.querySelectorAll("details.k-menu[open]")) {
    if (!menu.contains(e.target)) menu.open = false;
  }
});
document.addEventListener("focusout", (e) => {
  const menu = e.target.closest?.("details.k-menu[open]");
  if (menu && e.relatedTarget && !menu.contains(e.relatedTarget)) menu.open = false;
});
document.addEventListener("keydown", (e) => {
  const menu = document.activeElement?.closest?.("details.k-menu[open]");
  if (menu && e.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (menu && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
    const entries = [...menu.querySelectorAll(".k-menu-list :is(a, button)")];
    const i = entries.indexOf(document.activeElement) + (e.key === "ArrowDown" ? 1 : -1);
    entries.at(i % entries.length)?.focus();
    e.preventDefault();
  } else if (e.key === "Escape" && location.hash === "#nav") {
    location.hash = "#main";
  } else if (e.key === "/" && !e.ctrlKey && !e.metaKey && !e.altKey && !e.target.closest?.("input, textarea, select, [contenteditable]")) {
    const box = document.querySelector('[data-hotkey="/"]');
    if (box) {
      box.focus();
      e.preventDefault();
    }
  }
});

// Appearance changes at once; the server remembers it for the next page.
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (!form.matches("[data-theme-form]") || !e.submitter) return;
  e.preventDefault();
  const theme = e.submitter.value;
  if (theme === "auto") document.documentElement.removeAttribute("data-bs-theme");
  else document.documentElement.dataset.bsTheme = theme;
  for (const b of form.querySelectorAll("button")) b.toggleAttribute("aria-current", b === e.submitter);
  e.submitter.setAttribute("aria-current", "true");
  form.closest("details").open = false;
  fetch(form.action, { method: "POST", body: new URLSearchParams({ theme, back: "/" }), redirect: "manual" });
  document.dispatchEvent(new Event("kolo:theme"));
});

// Dialogs, and the text that must be typed before something goes for good.
document.addEventListener("click", (e) => {
  const opener = e.target.closest?.("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  if (e.target.closest?.("[data-dialog-close]") || e.target.matches?.("dialog.k-dialog")) e.target.closest("dialog").close();
});
document.addEventListener("input", (e) => {
  if (e.target.matches("[data-must-equal]")) {
    e.target.form.querySelector("[type=submit]").disabled = e.target.value !== e.target.dataset.mustEqual;
  }
});

document.addEventListener("click", async (e) => {
  const button = e.target.closest?.("[data-copy]");
  if (!button) return;
  const code = button.closest(".k-code").querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    toast(words.copied, "good");
  } catch {
    getSelection().selectAllChildren(code); // without leave to copy, at least select it
  }
});

// Dropping a file.
for (const type of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (e) => {
    const zone = e.target.closest?.("[data-drop]");
    zone?.classList.toggle("k-over", type === "dragover");
  });
}
document.addEventListener("change", (e) => {
  const zone = e.target.closest?.("[data-drop]");
  if (zone && e.target.files?.length) zone.querySelector("[data-drop-name]").textContent = [...e.target.files].map((f) => f.name).join(", ");
  if (e.target.matches("[data-submit-on-change]")) e.target.form.requestSubmit();
});

// What somebody is typing when an answer to an earlier change comes stays as it is.
let typing;
document.addEventListener("htmx:beforeSwap", (e) => {
  const field = document.activeElement;
  typing = field?.id && field.matches("input:not([type=checkbox], [type=radio]), textarea") && e.detail.target.contains(field) ? { id: field.id, value: field.value } : null;
});
document.addEventListener("htmx:afterSwap", () => {
  const field = typing && document.getElementById(typing.id);
  if (field && field.value !== typing.value) field.value = typing.value;
  typing = null;
});

// How far a file has gone up; after its last byte the server reads it.
document.addEventListener("htmx:beforeRequest", (e) => {
  if (!e.target.matches?.("[data-upload]")) return;
  e.target.querySelector("[data-upload-name]").textContent = e.target.querySelector("[type=file]").files[0]?.name ?? "";
  e.target.querySelector("[data-upload-progress]").hidden = false;
});
document.addEventListener("htmx:xhr:progress", (e) => {
  const bar = e.target.matches?.("[data-upload]") && e.detail.lengthComputable && e.target.querySelector("progress");
  if (!bar) return;
  bar.value = e.detail.loaded / e.detail.total;
  if (e.detail.loaded < e.detail.total) return;
  bar.removeAttribute("value");
  const label = e.target.querySelector("[data-upload-label]");
  label.textContent = label.dataset.then;
});
for (const type of ["htmx:sendError", "htmx:responseError", "htmx:sendAbort"]) {
  document.addEventListener(type, (e) => {
    if (!e.target.matches?.("[data-upload]")) return;
    e.target.querySelector("[data-upload-progress]").hidden = true;
    e.target.reset();
  });
}

// On a narrow screen the tab that is open may stand beyond the edge.
document.querySelector(".k-tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A new workspace most likely lives where its owner's browser does.
const zone = document.querySelector("[data-guess-zone] [name=zone]");
if (zone) {
  const old = { "Asia/Calcutta": "Asia/Kolkata", "Asia/Katmandu": "Asia/Kathmandu", "Asia/Saigon": "Asia/Ho_Chi_Minh", "Europe/Kiev": "Europe/Kyiv" };
  let here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  here = old[here] ?? here; // some browsers keep to the names of before
  if (here && ![...zone.options].some((o) => o.value === here)) zone.add(new Option(here, here));
  if (here) zone.value = here;
}

// Toasts.
function toast(text, tone = "") {
  const box = document.createElement("div");
  box.className = `k-toast k-tone-${tone}`;
  box.dataset.toast = "";
  const icon = { good: "success", bad: "error", warn: "warning" }[tone] ?? "info";
  box.innerHTML = `<svg class="k-icon" aria-hidden="true"><use href="#i-${icon}"></use></svg>`;
  box.append(Object.assign(document.createElement("span"), { textContent: text }));
  document.getElementById("toasts").append(box);
  fade(box);
}
function fade(box) {
  const wait = () => setTimeout(() => (box.matches(":hover") ? wait() : box.remove()), 6000);
  if (!box.dataset.fading) {
    box.dataset.fading = "1";
    wait();
  }
}
document.addEventListener("htmx:responseError", () => toast(words.failed, "bad"));
document.addEventListener("htmx:sendError", () => toast(words.failed, "bad"));

// Charts are a chunk of their own, fetched by the first page that has one.
async function settle(root) {
  root.querySelectorAll("[data-toast]").forEach(fade);
  document.querySelectorAll("#toasts [data-toast]").forEach(fade);
  const boxes = root.querySelectorAll("[data-chart]");
  if (boxes.length) (await import("./charts.js")).draw(boxes);
}
settle(document);
htmx.on("htmx:load", (e) => e.target !== document.body && settle(e.target));
