// One chat as one of its people sees it: header, topics, messages, composer.

import { post } from "./api.js";
import { drawBlock } from "./bubble.js";
import { Composer } from "./composer.js";
import { avatar, h, icon, iconButton, replace } from "./dom.js";
import { attempt, ask, choose, menu, toast } from "./dialogs.js";
import { day } from "./format.js";
import { t } from "./words.js";

const GROUPED = 300; // seconds within which one author's messages form a group

export class Pane {
  /** `options`: store, person() and chat() of this pane, header(pane) for extra parts, back(). */
  constructor(root, options) {
    Object.assign(this, options);
    this.root = root;
    this.topic = null;
    this.drawn = new Map();
    this.head = h("header", { class: "head" });
    this.topics = h("div", { class: "topics", role: "tablist" });
    this.list = h("ol", { class: "messages", role: "log", "aria-live": "polite", tabindex: -1 });
    this.pinned = true; // whether the newest message stays in view
    this.scrolled = 0;
    this.list.addEventListener("scroll", () => this.noticeScroll());
    new ResizeObserver(() => { if (this.pinned) this.toEnd(true); }).observe(this.list);
    this.foot = h("footer", { class: "foot" });
    this.composer = new Composer(this);
    this.acts = { press: this.press.bind(this), menu: this.menu.bind(this), reply: (m) => this.composer.reply(m), jump: this.jump.bind(this) };
    replace(root, this.head, this.topics, this.list, this.foot);
    this.composer.acceptDrops(root);
  }

  get world() {
    return this.store.chats.get(this.chat());
  }

  /** Draw everything anew, after the chat, the person or the language changed. */
  show() {
    const key = `${this.chat()}:${this.person()}`;
    if (key !== this.key) {
      this.topic = null;
      this.composer.clear();
    }
    this.key = key;
    this.drawn.clear();
    this.list.replaceChildren();
    this.showHead();
    this.showTopics();
    this.showFoot();
    this.showMessages(true);
  }

  showHead() {
    const chat = this.world;
    if (!chat) return replace(this.head);
    const title = chat.type === "private" ? this.store.bot.name : chat.title;
    const kind = chat.type === "private" ? "bot" : chat.is_forum ? "forum" : chat.type;
    const about = chat.type === "private" ? t("bot") : chat.type === "channel" ? t("channel") : t("members", { n: chat.members.length + inChat(chat) });
    return replace(this.head, this.back && iconButton("back", t("back"), this.back, { class: "round back" }),
      avatar(chat.id, title, kind), h("div", { class: "title" }, h("h2", null, title), h("small", null, about)), this.extras?.(this));
  }

  showTopics() {
    const chat = this.world;
    this.topics.hidden = !chat?.is_forum;
    if (!chat?.is_forum) return;
    const tab = (id, name) => h("button", { type: "button", role: "tab", "aria-selected": String(this.topic === id), onclick: () => { this.topic = id; this.show(); } }, name);
    const add = this.store.isAdministrator(chat.id, this.person()) && iconButton("plus", t("newTopic"), () => this.newTopic(), { class: "round small" });
    replace(this.topics, tab(null, t("allTopics")), chat.topics.map((topic) => tab(topic.id, topic.name)), add);
  }

  async newTopic() {
    const answer = await ask(t("newTopic"), [{ name: "name", label: t("topicName") }]);
    if (answer) await attempt(() => post("topic", { person: this.person(), chat_id: this.chat(), ...answer }));
  }

  showFoot() {
    const chat = this.world;
    const person = this.store.people.get(this.person());
    if (!chat || !person) return replace(this.foot);
    if (chat.type === "private" && !person.started) {
      const start = () => attempt(() => post("start", { person: person.id }));
      return replace(this.foot, h("div", { class: "begin" }, h("p", null, t("startHint")), h("button", { type: "button", class: "primary wide", onclick: start }, t("start"))));
    }
    const reader = chat.type === "channel" && !this.store.isAdministrator(chat.id, person.id);
    this.composer.show();
    return replace(this.foot, reader ? h("p", { class: "reader" }, t("channel")) : this.composer.root);
  }

  showMessages(jump = false) {
    const chat = this.world;
    if (!chat) return replace(this.list, h("li", { class: "vacant" }, h("span", null, t("noChat"))));
    const blocks = this.blocks(chat);
    const lines = blocks.length ? blocks.map((block) => this.line(block, chat)) : [h("li", { class: "vacant" }, h("span", null, t("empty")))];
    const kept = new Set(lines);
    for (const child of [...this.list.children]) if (!kept.has(child)) child.remove();
    lines.forEach((line, n) => { if (this.list.children[n] !== line) this.list.insertBefore(line, this.list.children[n] ?? null); });
    const keys = new Set(blocks.map((block) => block.key));
    for (const key of this.drawn.keys()) if (!keys.has(key)) this.drawn.delete(key);
    if (jump || this.pinned) this.toEnd(jump);
    if (!document.hidden) this.store.markSeen(chat.id, this.person());
    return undefined;
  }

  noticeScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.list;
    const near = scrollHeight - scrollTop - clientHeight < 140;
    if (near) this.pinned = true;
    else if (scrollTop < this.scrolled) this.pinned = false;
    this.scrolled = scrollTop;
  }

  toEnd(atOnce) {
    this.pinned = true;
    this.list.scrollTo({ top: this.list.scrollHeight, behavior: atOnce ? "instant" : "smooth" });
    for (const image of this.list.querySelectorAll("img:not([data-waited])")) {
      image.dataset.waited = "1";
      if (!image.complete) image.addEventListener("load", () => { if (this.pinned) this.toEnd(true); }, { once: true });
    }
  }

  /** Gather messages into blocks: albums together, days marked, authors grouped. */
  blocks(chat) {
    const shown = this.store.list(chat.id).filter((m) => this.topic === null || (m.thread_id ?? null) === this.topic);
    const blocks = [];
    for (const message of shown) {
      const last = blocks.at(-1);
      const joins = message.album_id && last?.messages[0].album_id === message.album_id && Boolean(last.messages[0].note) === Boolean(message.note);
      if (joins) last.messages.push(message);
      else blocks.push({ messages: [message] });
    }
    return this.grouped(blocks, chat);
  }

  grouped(blocks, chat) {
    const marked = [];
    let today = "";
    for (const [n, block] of blocks.entries()) {
      const [head] = block.messages;
      const date = day(head.date, this.store.language);
      if (date !== today) marked.push({ key: `day ${date}`, day: date, messages: [] });
      const same = (other) => other && author(other.messages[0], chat) === author(head, chat) && Math.abs(other.messages[0].date - head.date) < GROUPED;
      block.own = head.sender?.kind === "person" && head.sender.id === this.person();
      block.first = date !== today || !same(blocks[n - 1]);
      block.last = !same(blocks[n + 1]);
      block.key = `${head.note ? "note" : "message"} ${head.album_id ? `album ${head.album_id}` : head.id}`;
      marked.push(block);
      today = date;
    }
    return marked;
  }

  /** The block's element: the one already drawn, as long as nothing about it changed. */
  line(block, chat) {
    const before = this.drawn.get(block.key);
    const gone = block.messages.length > 0 && block.messages.every((message) => message.gone);
    const signature = JSON.stringify([block.messages.map((m) => ({ ...m, arrived: 0, gone: 0, hold: 0 })), block.first, block.last, block.own, chat.topics]);
    if (before && (gone || before.signature === signature)) {
      if (gone && !before.gone) fade(before.element, Math.max(...block.messages.map((m) => m.hold)));
      before.gone = gone;
      return before.element;
    }
    const element = block.day ? h("li", { class: "line day" }, h("span", null, block.day)) : drawBlock(block, this.store, chat, this.acts);
    if (block.messages[0]?.arrived && !before) element.classList.add("arriving");
    this.drawn.set(block.key, { element, signature, gone });
    return element;
  }

  async press(message, row, column, button) {
    button.classList.add("busy");
    await attempt(() => post("press", { person: this.person(), chat_id: message.chat_id, message_id: message.id, row, column }));
    setTimeout(() => button.classList.remove("busy"), 400);
  }

  jump(id) {
    const line = this.list.querySelector(`[data-message="${id}"]`);
    line?.scrollIntoView({ block: "center", behavior: "smooth" });
    line?.classList.add("found");
    setTimeout(() => line?.classList.remove("found"), 1400);
  }

  menu(message, event) {
    event.preventDefault();
    event.stopPropagation();
    const mine = message.sender?.kind === "person" && message.sender.id === this.person();
    const removable = mine || this.store.isAdministrator(message.chat_id, this.person());
    const selected = chosenText(event.currentTarget.closest(".bubble"), message);
    const items = [
      { icon: "reply", label: t("reply"), run: () => this.composer.reply(message) },
      selected && { icon: "reply", label: t("quote"), run: () => this.composer.reply(message, selected) },
      message.text && { icon: "copy", label: t("copy"), run: () => navigator.clipboard.writeText(message.text).then(() => toast(t("copied"))) },
      { icon: "forward", label: t("forward"), run: () => this.forward(message) },
      mine && { icon: "edit", label: t("edit"), run: () => this.composer.edit(message) },
      removable && { icon: "trash", label: t("remove"), danger: true, run: () => this.remove(message) },
    ];
    const box = event.currentTarget.getBoundingClientRect();
    menu(event.clientX || box.left + 20, event.clientY || box.top + 20, items.filter(Boolean));
  }

  async forward(message) {
    const chats = this.store.chatsOf(this.person());
    const label = (chat) => (chat.type === "private" ? this.store.bot.name : chat.title);
    const target = await choose(t("forwardTo"), chats.map((chat) => ({ value: chat.id, label: label(chat), picture: avatar(chat.id, label(chat)) })));
    if (target === null) return;
    await attempt(() => post("post", { person: this.person(), chat_id: target, forward_of: { chat_id: message.chat_id, message_id: message.id } }));
  }

  async remove(message) {
    const key = `${message.chat_id}:${message.id}`;
    this.store.own.add(key);
    const done = await attempt(() => post("delete", { person: this.person(), chat_id: message.chat_id, message_id: message.id }));
    if (!done) this.store.own.delete(key);
  }
}

export function inChat(chat) {
  return ["administrator", "member"].includes(chat.bot?.status) ? 1 : 0;
}

function author(message, chat) {
  if (message.service || message.note) return `line ${message.id}`;
  return `${message.sender.kind} ${message.sender.id} ${chat.is_forum ? message.thread_id ?? "" : ""}`;
}

function chosenText(bubble, message) {
  const selection = getSelection();
  const inside = selection.rangeCount && bubble?.querySelector(".text")?.contains(selection.anchorNode);
  const text = inside ? selection.toString() : "";
  return text && message.text?.includes(text) ? text : "";
}

function fade(element, hold) {
  const height = `${element.offsetHeight}px`;
  element.classList.add("leaving");
  const steps = [
    { height, opacity: 1, filter: "blur(0)", transform: "none" },
    { height, opacity: 0, filter: "blur(9px)", transform: "scale(.97)", offset: 0.62 },
    { height: 0, opacity: 0, filter: "blur(9px)", marginTop: 0 },
  ];
  element.animate(steps, { delay: hold, duration: 480, easing: "ease-in-out", fill: "forwards" });
}
