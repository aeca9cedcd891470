// What the page knows: the world, its messages, and who the visitor is just now.

import { get } from "./api.js";

const MIN_VISIBLE = 900; // ms a message stays on the page, so that the eye can follow its removal

export class Store extends EventTarget {
  constructor() {
    super();
    this.language = localStorage.getItem("language") ?? "";
    this.people = new Map();
    this.chats = new Map();
    this.messages = new Map();
    this.seen = new Map();
    this.bot = null;
    this.person = null;
    this.chat = null;
    this.sample = { running: false, step: 0, of: 0, caption: "" };
    this.own = new Set(); // keys of messages that the visitor removes
    this.removed = new Set();
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  on(names, listener) {
    for (const name of names.split(" ")) this.addEventListener(name, (event) => listener(event.detail));
  }

  /** Read the world and all messages anew. */
  async load() {
    const state = await get("state");
    this.bot = state.bot;
    this.language ||= state.language.startsWith("zh") ? "zh-CN" : "en";
    this.people = new Map(state.people.map((person) => [person.id, person]));
    this.chats = new Map(state.chats.map((chat) => [chat.id, chat]));
    for (const person of state.people) {
      if (this.chats.has(person.id)) continue;
      const members = [{ user_id: person.id, status: "member" }];
      this.chats.set(person.id, { id: person.id, type: "private", title: person.name, topics: [], members });
    }
    this.person ??= Number(sessionStorage.getItem("person")) || state.people.find((p) => p.role === "member")?.id;
    if (!this.people.has(this.person)) this.person = state.people[0].id;
    await Promise.all([...this.chats.keys()].map((id) => this.loadMessages(id)));
    this.emit("state");
  }

  async loadMessages(chatId) {
    const asked = performance.now();
    const started = this.chats.get(chatId).type !== "private" || this.people.get(chatId)?.started;
    const list = started ? await get(`chats/${chatId}/messages`) : [];
    // What happened while the answer was under way is newer than the answer.
    const kept = [...(this.messages.get(chatId)?.values() ?? [])].filter((m) => m.note || m.gone || m.arrived >= asked);
    const standing = list.filter((message) => !this.removed.has(`${chatId}:${message.id}`));
    this.messages.set(chatId, new Map([...standing, ...kept].map((message) => [message.id, message])));
    for (const person of this.people.keys()) {
      const key = `${person}:${chatId}`;
      if (!this.seen.has(key)) this.seen.set(key, this.last(chatId)?.id ?? 0);
    }
    this.emit("messages", chatId);
  }

  list(chatId) {
    return [...(this.messages.get(chatId)?.values() ?? [])].sort((a, b) => a.id - b.id);
  }

  last(chatId) {
    return this.list(chatId).filter((message) => !message.gone && !message.note).at(-1);
  }

  unread(chatId) {
    const seen = this.seen.get(`${this.person}:${chatId}`) ?? 0;
    const counted = (m) => m.id > seen && !m.gone && !m.note && !m.service && m.sender?.id !== this.person;
    return this.list(chatId).filter(counted).length;
  }

  markSeen(chatId, person = this.person) {
    const newest = this.list(chatId).at(-1)?.id ?? 0;
    this.seen.set(`${person}:${chatId}`, newest);
  }

  /** The chats of a person: where a member, the own private one, and channels of own groups. */
  chatsOf(person) {
    const member = (chat) => chat.members?.some((m) => m.user_id === person);
    const linked = (chat) => chat.type === "channel" && chat.linked_chat_id && member(this.chats.get(chat.linked_chat_id) ?? {});
    const visible = (chat) => (chat.type === "private" ? chat.id === person : member(chat) || linked(chat));
    const newest = (chat) => this.last(chat.id)?.date ?? 0;
    return [...this.chats.values()].filter(visible).sort((a, b) => newest(b) - newest(a));
  }

  supervision() {
    const wardens = [...this.people.values()].filter((p) => p.role === "supervisor").map((p) => p.id);
    const all = (chat) => wardens.every((id) => chat.members?.some((m) => m.user_id === id));
    return [...this.chats.values()].find((chat) => chat.type !== "private" && wardens.length && all(chat));
  }

  status(chatId, person) {
    return this.chats.get(chatId)?.members?.find((m) => m.user_id === person)?.status ?? null;
  }

  isAdministrator(chatId, person) {
    return ["creator", "administrator"].includes(this.status(chatId, person));
  }

  choosePerson(person) {
    this.person = person;
    sessionStorage.setItem("person", String(person));
    if (!this.chatsOf(person).some((chat) => chat.id === this.chat)) this.chat = this.favourite();
    this.emit("person");
    this.emit("chat", this.chat);
  }

  /** The chat to open first: the busiest group where the bot already works. */
  favourite() {
    const mine = this.chatsOf(this.person);
    const guarded = mine.find((c) => c.type !== "private" && c.type !== "channel" && !c.is_forum && c.bot?.status === "administrator");
    return (guarded ?? mine[0])?.id ?? null;
  }

  chooseChat(chatId) {
    this.chat = chatId;
    this.emit("chat", chatId);
  }

  chooseLanguage(language) {
    this.language = language;
    localStorage.setItem("language", language);
    this.emit("language");
  }

  receive(event) {
    if (event.kind === "message" || event.kind === "edited") this.put(event.message);
    else if (event.kind === "deleted") for (const id of event.message_ids) this.vanish(event.chat_id, id);
    else if (event.kind === "chat") this.chats.set(event.chat.id, event.chat);
    else if (event.kind === "answer") this.emit("answer", event);
    else if (event.kind === "sample") Object.assign(this.sample, event);
    else if (event.kind === "state") this.load();
    if (event.kind === "sample") this.emit("sample");
    if (event.kind === "chat") this.emit("state");
  }

  put(message) {
    const chat = this.messages.get(message.chat_id) ?? new Map();
    this.messages.set(message.chat_id, chat);
    chat.set(message.id, { ...message, arrived: performance.now() });
    this.emit("messages", message.chat_id);
    this.emit("arrived", message);
  }

  /** Let a message fade, then put a note in its place that says how long it had been visible. */
  vanish(chatId, id) {
    this.removed.add(`${chatId}:${id}`);
    const chat = this.messages.get(chatId);
    const message = chat?.get(id);
    if (!message || message.gone || message.note) return;
    const shown = message.arrived ? performance.now() - message.arrived : Infinity;
    const byHand = this.own.delete(`${chatId}:${id}`) || message.sender?.kind === "bot" || message.service;
    const hold = byHand ? 0 : Math.max(0, MIN_VISIBLE - shown);
    chat.set(id, { ...message, gone: true, hold });
    this.emit("messages", chatId);
    setTimeout(() => {
      const now = this.messages.get(chatId);
      now.delete(id);
      if (!byHand && message.arrived) now.set(id, noteFor(message, shown));
      this.emit("messages", chatId);
    }, hold + 480);
  }
}

function noteFor(message, shown) {
  const { id, chat_id, thread_id, date, sender, album_id } = message;
  return { id, chat_id, thread_id, date, album_id, note: { name: sender?.name ?? "", seconds: shown / 1000 } };
}
