// The right column: a chat's facts, its members, and the bot's place in it.

import { post } from "./api.js";
import { avatar, h, icon, iconButton, replace } from "./dom.js";
import { attempt } from "./dialogs.js";
import { inChat } from "./pane.js";
import { t } from "./words.js";

export class Facts {
  constructor(root, store, onclose) {
    Object.assign(this, { root, store, onclose });
  }

  show() {
    const { store } = this;
    const chat = store.chats.get(store.chat);
    this.root.setAttribute("aria-label", t("facts"));
    if (!chat) return replace(this.root);
    const title = chat.type === "private" ? store.bot.name : chat.title;
    const kind = chat.type === "private" ? "bot" : chat.is_forum ? "forum" : chat.type;
    return replace(this.root,
      h("header", { class: "head" }, h("h2", null, t("facts")), iconButton("close", t("close"), this.onclose, { class: "round dismiss" })),
      h("div", { class: "scroll" },
        h("div", { class: "portrait" }, avatar(chat.id, title, kind), h("h3", null, title), h("small", null, chat.is_forum ? t("forum") : t(chat.type))),
        chat.type === "private" ? this.about() : [chat.type !== "channel" && this.guard(chat), this.topics(chat), this.linked(chat), this.members(chat)]));
  }

  about() {
    return h("section", { class: "card" }, h("p", { class: "handle" }, `@${this.store.bot.username}`));
  }

  /** The bot's status and rights, with switches for the group's administrators. */
  guard(chat) {
    const { store } = this;
    const allowed = store.isAdministrator(chat.id, store.person);
    const { status } = chat.bot ?? { status: "left" };
    const inside = status === "administrator" || status === "member";
    const act = (action, more = {}) => attempt(() => post("bot", { person: store.person, chat_id: chat.id, action, ...more }));
    const admin = status === "administrator";
    const right = (name, label) => this.toggle(label, admin && chat.bot[name], allowed && admin,
      (on) => act("rights", { can_delete_messages: chat.bot.can_delete_messages, can_restrict_members: chat.bot.can_restrict_members, [name]: on }));
    return h("section", { class: "card" }, h("h4", null, icon("bot"), t("botHere")),
      h("p", { class: `status ${admin && chat.bot.can_delete_messages ? "good" : "poor"}` }, t(`status_${status}`)),
      inside && [
        this.toggle(t("admin"), admin, allowed, (on) => act(on ? "promote" : "demote")),
        right("can_delete_messages", t("canDelete")), right("can_restrict_members", t("canRestrict")),
      ],
      allowed ? h("div", { class: "deeds" },
        inside ? h("button", { type: "button", class: "danger", onclick: () => act("remove") }, t("removeBot")) : h("button", { type: "button", class: "primary", onclick: () => act("add") }, t("addBot")),
        chat.type === "group" && h("button", { type: "button", onclick: () => this.migrate(chat) }, t("migrate")))
        : h("p", { class: "remark" }, t("adminOnly", { name: this.ruler(chat) })));
  }

  ruler(chat) {
    const ruler = chat.members.find((m) => m.status === "creator") ?? chat.members.find((m) => m.status === "administrator");
    return this.store.people.get(ruler?.user_id)?.name ?? "";
  }

  toggle(label, on, allowed, change) {
    const box = h("input", { type: "checkbox", role: "switch", disabled: !allowed, onchange: async () => { if (!(await change(box.checked))) box.checked = on; } });
    box.checked = Boolean(on);
    return h("label", { class: "toggle" }, h("span", null, label), box);
  }

  async migrate(chat) {
    const made = await attempt(() => post("migrate", { chat_id: chat.id }));
    if (!made) return;
    await this.store.load();
    this.store.chooseChat(made.chat_id);
  }

  topics(chat) {
    return chat.is_forum && h("section", { class: "card" }, h("h4", null, icon("forum"), t("topics")), chat.topics.map((topic) => h("p", { class: "topic-name" }, topic.name)));
  }

  linked(chat) {
    const other = this.store.chats.get(chat.linked_chat_id);
    return other && h("section", { class: "card" }, h("h4", null, icon("channel"), t(chat.type === "channel" ? "linkedGroup" : "linked")), h("p", null, other.title));
  }

  members(chat) {
    const { store } = this;
    const person = ({ user_id: id, status }) => {
      const one = store.people.get(id);
      return one && h("li", null, avatar(id, one.name), h("span", { class: "about" }, h("b", null, one.name), h("small", null, `@${one.username ?? ""}`)),
        status !== "member" && h("span", { class: "badge" }, t(`status_${status}`)));
    };
    const bot = ["administrator", "member"].includes(chat.bot?.status) && h("li", null, avatar(store.bot.id, store.bot.name, "bot"),
      h("span", { class: "about" }, h("b", null, store.bot.name), h("small", null, `@${store.bot.username}`)),
      h("span", { class: "badge bot" }, chat.bot.status === "administrator" ? t("status_administrator") : t("bot")));
    return h("section", { class: "card" }, h("h4", null, icon("group"), t("members", { n: chat.members.length + inChat(chat) })), h("ul", { class: "people" }, bot, chat.members.map(person)));
  }
}
