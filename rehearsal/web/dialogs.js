// Toasts, dialogs, menus and forms.

import { h, icon, iconButton } from "./dom.js";
import { t } from "./words.js";

export function toast(text, kind = "") {
  const element = h("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(element);
  setTimeout(() => element.classList.add("leaving"), 4200);
  setTimeout(() => element.remove(), 4600);
}

/** Run an action and say in a toast why it failed. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    toast(error.message, "error");
    return null;
  }
}

function open(dialog) {
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
}

/** Show a bot's answer that asks to be read: an alert. */
export function alertDialog(text) {
  const dialog = h("dialog", { class: "alert", role: "alertdialog", "aria-label": text });
  dialog.append(
    h("p", null, text),
    h("div", { class: "choices" }, h("button", { class: "primary", type: "button", autofocus: true, onclick: () => dialog.close() }, t("ok"))),
  );
  open(dialog);
}

/** Ask for values; fields are {name, label, kind: text|area|check, value}. Gives an object, or null. */
export function ask(title, fields, confirm = t("ok")) {
  return new Promise((resolve) => {
    const inputs = fields.map((field, n) => {
      const common = { name: field.name, autofocus: n === 0 };
      if (field.kind === "area") return h("textarea", { ...common, rows: 4, required: true });
      if (field.kind === "check") return h("input", { ...common, type: "checkbox" });
      return h("input", { ...common, type: "text", required: true, autocomplete: "off", value: field.value ?? "" });
    });
    const labels = fields.map((field, n) => h("label", { class: field.kind ?? "text" }, h("span", null, field.label), inputs[n]));
    const values = () => Object.fromEntries(fields.map((f, n) => [f.name, f.kind === "check" ? inputs[n].checked : inputs[n].value]));
    let result = null;
    const submit = (event) => { event.preventDefault(); result = values(); dialog.close(); };
    const choices = h("div", { class: "choices" },
      h("button", { type: "button", onclick: () => dialog.close() }, t("cancel")), h("button", { class: "primary" }, confirm));
    const dialog = h("dialog", { "aria-label": title }, h("form", { onsubmit: submit }, h("h2", null, title), labels, choices));
    dialog.addEventListener("close", () => resolve(result));
    open(dialog);
  });
}

/** Choose one of {label, value, picture}. */
export function choose(title, options) {
  return new Promise((resolve) => {
    let result = null;
    const pick = (value) => () => { result = value; dialog.close(); };
    const rows = options.map((o) => h("button", { type: "button", class: "row", onclick: pick(o.value) }, o.picture, h("span", null, o.label)));
    const dialog = h("dialog", { class: "chooser", "aria-label": title }, h("h2", null, title), h("div", { class: "rows" }, rows));
    dialog.addEventListener("close", () => resolve(result));
    open(dialog);
  });
}

/** Show a picture large. */
export function lightbox(url, name) {
  const dialog = h("dialog", { class: "lightbox", "aria-label": name || t("photo") },
    iconButton("close", t("close"), () => dialog.close()), h("img", { src: url, alt: name ?? "" }));
  dialog.addEventListener("click", () => dialog.close());
  open(dialog);
}

/** Open a menu at a point; items are {icon, label, run, danger}. Arrow keys move, Escape closes. */
export function menu(x, y, items) {
  const before = document.activeElement;
  const close = () => { element.remove(); document.removeEventListener("pointerdown", outside, true); before?.focus?.(); };
  const outside = (event) => { if (!element.contains(event.target)) close(); };
  const buttons = items.map((item) => h("button", { type: "button", role: "menuitem", class: item.danger ? "danger" : "", onclick: () => { close(); item.run(); } }, icon(item.icon), item.label));
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); close(); }
    if (!step) return;
    event.preventDefault();
    buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
  };
  const element = h("div", { class: "menu", role: "menu", onkeydown: move }, buttons);
  document.body.append(element);
  const box = element.getBoundingClientRect();
  element.style.left = `${Math.max(8, Math.min(x, innerWidth - box.width - 8))}px`;
  element.style.top = `${Math.max(8, Math.min(y, innerHeight - box.height - 8))}px`;
  document.addEventListener("pointerdown", outside, true);
  buttons[0]?.focus();
}
