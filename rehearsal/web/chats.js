// The left column: the chats of the chosen person.

import { post } from "./api.js";
import { avatar, h, iconButton, replace } from "./dom.js";
import { ask, attempt } from "./dialogs.js";
import { clock } from "./format.js";
import { t } from "./words.js";

export class Chats {
  constructor(root, store, onchoose) {
    Object.assign(this, { root, store, onchoose, filter: "" });
    this.search = h("input", { type: "search", oninput: () => { this.filter = this.search.value.trim().toLowerCase(); this.showRows(); } });
    this.rows = h("ul", { class: "rows" });
  }

  show() {
    this.root.setAttribute("aria-label", t("chats"));
    this.search.placeholder = t("search");
    this.search.setAttribute("aria-label", t("search"));
    replace(this.root, h("header", { class: "head" }, this.search, iconButton("plus", t("newGroup"), () => this.newGroup())), this.rows);
    this.showRows();
  }

  showRows() {
    const { store } = this;
    const fits = (chat) => this.title(chat).toLowerCase().includes(this.filter);
    replace(this.rows, store.chatsOf(store.person).filter(fits).map((chat) => this.row(chat)));
  }

  title(chat) {
    return chat.type === "private" ? this.store.bot.name : chat.title;
  }

  row(chat) {
    const { store } = this;
    const title = this.title(chat);
    const kind = chat.type === "private" ? "bot" : chat.is_forum ? "forum" : chat.type;
    const last = store.last(chat.id);
    const unread = chat.id === store.chat ? 0 : store.unread(chat.id);
    const choose = () => this.onchoose(chat.id);
    return h("li", null, h("button", { type: "button", class: "chat", "aria-current": chat.id === store.chat ? "true" : undefined, onclick: choose, "data-chat": chat.id },
      avatar(chat.id, title, kind),
      h("span", { class: "top" }, h("b", null, title), last && h("time", null, clock(last.date))),
      h("span", { class: "under" }, h("span", { class: "preview" }, this.preview(chat, last)),
        unread > 0 && h("span", { class: "unread", "aria-label": t("unread", { n: unread }) }, unread))));
  }

  preview(chat, last) {
    if (!last) return chat.type === "private" && !this.store.people.get(this.store.person)?.started ? h("em", null, t("start")) : t("empty");
    if (last.service) return h("em", null, last.service);
    const own = last.sender.id === this.store.person;
    const name = own ? t("you") : chat.type === "private" || chat.type === "channel" ? "" : `${last.sender.name}${this.store.language === "en" ? ": " : "："}`;
    const media = last.media && (last.media.kind === "document" ? last.media.name : t(last.media.kind));
    const what = [media, last.poll?.question, last.contact?.name, last.text].filter(Boolean).join(" · ");
    return [name && h("i", null, name), what];
  }

  async newGroup() {
    const fields = [{ name: "title", label: t("groupTitle") }, { name: "is_forum", label: t("isForum"), kind: "check" }];
    const answer = await ask(t("newGroup"), fields);
    if (!answer) return;
    const type = answer.is_forum ? "supergroup" : "group";
    const made = await attempt(() => post("group", { person: this.store.person, ...answer, type }));
    if (!made) return;
    await this.store.load();
    this.onchoose(made.chat_id);
  }
}
