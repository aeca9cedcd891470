// One message, or one album, as elements.

import { avatar, h, icon } from "./dom.js";
import { lightbox } from "./dialogs.js";
import { clock, rich, size } from "./format.js";
import { t } from "./words.js";

const NAME_TINTS = 8;

/** Draw a block {messages, first, last, own}; `acts` has press(message, row, column) and menu(message, event). */
export function drawBlock(block, store, chat, acts) {
  const [head] = block.messages;
  if (head.note) return drawNote(head);
  if (head.service) return h("li", { class: "line service", "data-message": head.id }, h("span", null, head.service));
  const classes = ["line", block.own ? "own" : "other", block.first && "opens", block.last && "closes"];
  const kind = head.sender.kind;
  const alone = chat.type === "private" || chat.type === "channel";
  const face = !block.own && !alone && h("span", { class: "face" }, block.last && avatar(head.sender.id, head.sender.name, kind));
  return h("li", { class: classes.filter(Boolean).join(" "), "data-message": head.id }, face,
    h("div", { class: "stack" }, drawBubble(block, store, chat, acts, alone), drawKeyboard(block, acts)));
}

function drawNote(message) {
  const { name, seconds } = message.note;
  const said = seconds > 60 ? t("vanishedLong", { name }) : t("vanished", { name, n: seconds < 10 ? seconds.toFixed(2) : Math.round(seconds) });
  return h("li", { class: "line note" }, h("span", { title: t("vanishedTip") }, icon("eye"), said));
}

function drawBubble(block, store, chat, acts, alone) {
  const [head] = block.messages;
  const worded = block.messages.find((message) => message.text) ?? head;
  const media = block.messages.filter((message) => message.media);
  const pictures = media.filter((m) => ["photo", "video"].includes(m.media.kind));
  const bare = pictures.length > 0 && !worded.text;
  const onmenu = (event) => acts.menu(pickMessage(event, block), event);
  const onkeydown = (event) => { if (event.key === "Enter" && event.target === event.currentTarget) onmenu(event); };
  const more = h("button", { type: "button", class: "more", "aria-label": t("actions"), onclick: onmenu }, icon("more"));
  const body = [drawName(block, chat, store, alone), drawForwarded(head), drawReply(head, acts)];
  if (pictures.length) body.push(drawPictures(pictures));
  for (const message of media.filter((m) => !pictures.includes(m))) body.push(drawFile(message));
  body.push(drawPoll(head.poll), drawContact(head.contact));
  if (worded.text) body.push(h("div", { class: "text" }, rich(worded.text, worded.entities)));
  return h("article", {
    class: ["bubble", bare && "bare", pictures.length && "pictured"].filter(Boolean).join(" "), tabindex: 0,
    "aria-label": `${head.sender.name}, ${clock(head.date)}`, oncontextmenu: onmenu, ondblclick: (event) => acts.reply(pickMessage(event, block)), onkeydown,
  }, body, h("footer", { class: "stamp" }, worded.edit_date && h("span", null, t("edited")), h("time", null, clock(head.date))), more);
}

/** The album's picture under the pointer, or the block's own message. */
function pickMessage(event, block) {
  const id = Number(event.target.closest?.("[data-part]")?.dataset.part);
  return block.messages.find((message) => message.id === id) ?? block.messages[0];
}

function drawName(block, chat, store, alone) {
  const { sender, thread_id: thread } = block.messages[0];
  const topic = chat.is_forum && chat.topics?.find((item) => item.id === thread)?.name;
  const label = topic && h("span", { class: "topic" }, topic);
  if (!block.first || block.own || alone) return label ? h("header", { class: "who" }, label) : null;
  const tint = Math.abs(sender.id ?? 0) % NAME_TINTS;
  const badge = { bot: t("bot"), anonymous: t("anonymous"), channel: t("channel") }[sender.kind];
  return h("header", { class: "who" }, h("b", { class: `name-${tint}` }, sender.name), badge && h("i", null, badge), label);
}

function drawForwarded(message) {
  return message.forwarded_from && h("div", { class: "forwarded" }, icon("forward"), t("forwardedFrom", { name: message.forwarded_from }));
}

function drawReply(message, acts) {
  const reply = message.reply_to;
  if (!reply) return message.quote ? h("div", { class: "replied" }, h("span", null, message.quote)) : null;
  return h("button", { type: "button", class: `replied ${message.quote ? "quoted" : ""}`, onclick: () => acts.jump(reply.id) },
    h("b", null, reply.sender_name), h("span", null, message.quote ?? reply.text ?? ""));
}

function drawPictures(messages) {
  const one = messages.length === 1;
  const cells = messages.map(({ id, media }) => {
    const ratio = one && media.width && media.height ? `${media.width} / ${media.height}` : undefined;
    const style = ratio && `aspect-ratio:${ratio};--ratio:${media.width / media.height}`;
    if (media.kind === "video") return h("video", { src: media.url, controls: true, "data-part": id, style });
    const image = h("img", { src: media.url, alt: media.name || t("photo"), loading: "lazy", draggable: "false" });
    return h("button", { type: "button", class: "picture", "data-part": id, style, "aria-label": t("picture"), onclick: () => lightbox(media.url, media.name) }, image);
  });
  return h("div", { class: `pictures count-${Math.min(messages.length, 4)}` }, cells);
}

function drawFile({ id, media }) {
  if (media.kind === "voice") return h("audio", { src: media.url, controls: true, "data-part": id });
  if (media.kind === "sticker") return h("img", { class: "sticker", src: media.url, alt: t("sticker"), "data-part": id });
  const extension = /\.([\p{L}\p{N}]{1,5})$/u.exec(media.name ?? "")?.[1] ?? "";
  return h("a", { class: "file", href: media.url, download: media.name ?? "", "data-part": id },
    h("span", { class: "sheet" }, extension ? extension.toUpperCase() : icon("file")),
    h("span", { class: "about" }, h("b", null, media.name ?? t("file")), h("small", null, size(media.size))));
}

function drawPoll(poll) {
  return poll && h("div", { class: "poll" }, h("b", null, poll.question), h("small", null, t("options")),
    poll.options.map((option) => h("div", { class: "option" }, h("i"), option)));
}

function drawContact(contact) {
  return contact && h("div", { class: "contact" }, avatar(contact.phone.length, contact.name),
    h("span", { class: "about" }, h("b", null, contact.name), h("small", null, contact.phone)));
}

function drawKeyboard(block, acts) {
  const owner = block.messages.find((message) => message.buttons?.length);
  if (!owner) return null;
  const cell = (button, row, column) => {
    if (button.url) return h("a", { class: "key", href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.text);
    return h("button", { type: "button", class: "key", onclick: (event) => acts.press(owner, row, column, event.currentTarget) }, button.text);
  };
  return h("div", { class: "keyboard" }, owner.buttons.map((keys, row) => h("div", null, keys.map((key, column) => cell(key, row, column)))));
}
