// Building elements. Content only ever becomes text nodes and attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  send: "M4 12 20 4l-5 16-3-7z",
  attach: "m20 11-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 5 5l-8.5 8.3a1.7 1.7 0 0 1-2.4-2.4L15 7",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  info: "M12 11v6M12 7.5h.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  split: "M4 5h16v14H4zM12 5v14",
  play: "M7 4.5v15l12-7.5z",
  stop: "M6 6h12v12H6z",
  group: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c0-4 3-6 6.5-6s6.5 2 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6.3M18 14.5c2.2.8 3.5 2.6 3.5 5.5",
  plus: "M12 5v14M5 12h14",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  reply: "M10 6 4 12l6 6M4 12h9c4 0 7 2 7 6",
  edit: "M4 20l1-5L16 4l4 4L9 19zM14 6l4 4",
  trash: "M5 7h14M10 4h4M7 7l1 13h8l1-13",
  forward: "M14 6l6 6-6 6M20 12h-9c-4 0-7 2-7 6",
  copy: "M8 8h12v12H8zM4 16V4h12",
  channel: "M4 10v4h3l8 5V5L7 10zM18.5 9a4 4 0 0 1 0 6",
  forum: "M4 5h16v11H10l-4 4v-4H4zM8 9h8M8 12.5h5",
  bot: "M5 9h14v10H5zM12 9V5M9 13.5h.01M15 13.5h.01M3 13v3M21 13v3",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  check: "M5 12.5l4.5 4.5L19 7.5",
  poll: "M5 20V10M12 20V4M19 20v-7",
  contact: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.5-6.5 8-6.5s8 2.5 8 6.5",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
};

/** Make an element; `on…` props are listeners, `class` and the rest attributes, false ones left out. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button with an icon and a spoken name. */
export function iconButton(name, label, onclick, extra = {}) {
  return h("button", { type: "button", class: "round", title: label, "aria-label": label, onclick, ...extra }, icon(name));
}

const TINTS = 8;

/** A round avatar with initials, its colour taken from the id. */
export function avatar(id, name, kind = "person") {
  const tint = Math.abs(Number(id) % 1000 * 7 + Math.floor(Math.abs(Number(id)) / 1000)) % TINTS;
  const sign = { bot: "bot", anonymous: "lock", channel: "channel", forum: "forum", lock: "lock" }[kind];
  return h("span", { class: `avatar tint-${tint} ${kind}`, "aria-hidden": "true" }, sign ? icon(sign) : initials(name));
}

export function initials(name) {
  const letters = [...(name || "?").trim()].filter((c) => /[\p{L}\p{N}]/u.test(c));
  if (!letters.length) return "?";
  if (/\p{Script=Han}/u.test(letters[0])) return letters.length <= 3 ? letters.at(-1) : letters[0];
  const parts = name.trim().split(/\s+/).map((part) => part.match(/[\p{L}\p{N}]/u)?.[0] ?? "").filter(Boolean);
  return (parts[0] + (parts.length > 1 ? parts.at(-1) : "")).toUpperCase();
}
