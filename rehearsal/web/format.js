// Text with formatting, dates and sizes. Offsets are UTF-16 units, as JavaScript's own are.

import { h } from "./dom.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote" };

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

/** Render a text with its entities as nodes; entities may nest and overlap. */
export function rich(text, entities = []) {
  const cuts = new Set([0, text.length]);
  for (const { offset, length } of entities) {
    cuts.add(Math.min(offset, text.length));
    cuts.add(Math.min(offset + length, text.length));
  }
  const points = [...cuts].sort((a, b) => a - b);
  const within = (start, end) => entities.filter((e) => e.offset <= start && e.offset + e.length >= end);
  return build(text, points, (start, end) => within(start, end).sort((a, b) => b.length - a.length), 0, text.length, 0);
}

function build(text, points, around, start, end, depth) {
  const nodes = [];
  let at = start;
  while (at < end) {
    const next = points.find((point) => point > at) ?? end;
    const outer = around(at, next)[depth];
    if (!outer) {
      nodes.push(document.createTextNode(text.slice(at, next)));
      at = next;
      continue;
    }
    let stop = next;
    while (stop < end) {
      const further = points.find((point) => point > stop) ?? end;
      if (around(stop, further)[depth] !== outer) break;
      stop = further;
    }
    nodes.push(wrap(outer, text.slice(at, stop), build(text, points, around, at, stop, depth + 1)));
    // A block breaks the line by itself.
    at = BLOCKS.has(outer.type) && text[stop] === "\n" && stop < end ? stop + 1 : stop;
  }
  return nodes;
}

function wrap(entity, part, nodes) {
  if (TAGS[entity.type]) return h(TAGS[entity.type], null, nodes);
  if (entity.type === "spoiler") {
    const show = (event) => { event.stopPropagation(); event.currentTarget.classList.toggle("shown"); };
    const press = (event) => { if (event.key === "Enter") show(event); };
    return h("span", { class: "spoiler", tabindex: 0, role: "button", onclick: show, onkeydown: press }, nodes);
  }
  if (entity.type === "url" || entity.type === "text_link") return link(entity.url ?? part, nodes);
  if (["mention", "text_mention", "hashtag", "bot_command", "email", "phone_number"].includes(entity.type)) {
    return h("span", { class: "mention" }, nodes);
  }
  return h("span", null, nodes);
}

/** A link that opens nothing but web pages; its target shows on hovering. */
function link(target, nodes) {
  const address = /^[a-z][a-z0-9+.-]*:/i.test(target) ? target : `https://${target}`;
  const safe = /^(https?|tg|mailto):/i.test(address);
  return h("a", { href: safe ? address : undefined, title: target, target: "_blank", rel: "noopener noreferrer" }, nodes);
}

const MARKS = [["```", "pre"], ["**", "bold"], ["__", "italic"], ["~~", "strikethrough"], ["||", "spoiler"], ["`", "code"]];

/** Read **bold**, __italic__, ~~struck~~, ||hidden||, `code` and [text](address) as a chat client does. */
export function parse(source) {
  const entities = [];
  let text = "";
  const read = (part) => {
    let at = 0;
    while (at < part.length) {
      const mark = MARKS.find(([sign]) => part.startsWith(sign, at));
      const close = mark ? part.indexOf(mark[0], at + mark[0].length + 1) : -1;
      const anchor = mark ? null : /^\[([^\]\n]+)\]\(([^()\s]+)\)/.exec(part.slice(at));
      if (close > 0) {
        const inner = part.slice(at + mark[0].length, close);
        enclose({ type: mark[1] }, inner, mark[1] === "pre" || mark[1] === "code");
        at = close + mark[0].length;
      } else if (anchor) {
        enclose({ type: "text_link", url: anchor[2] }, anchor[1], false);
        at += anchor[0].length;
      } else {
        text += part[at];
        at += 1;
      }
    }
  };
  const enclose = (entity, inner, literal) => {
    const offset = text.length;
    entities.push({ ...entity, offset });
    const own = entities.at(-1);
    if (literal) text += inner.replace(/^\n|\n$/g, "");
    else read(inner);
    own.length = text.length - offset;
  };
  read(source);
  return { text, entities };
}

export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

export function day(seconds, language) {
  return new Date(seconds * 1000).toLocaleDateString(language, { month: "long", day: "numeric" });
}

export function size(bytes) {
  if (!bytes) return "";
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
