// Writing: text, pictures, files, replies, edits, and as whom.

import { post, postFiles } from "./api.js";
import { h, icon, iconButton, replace } from "./dom.js";
import { ask, attempt, menu } from "./dialogs.js";
import { parse, size } from "./format.js";
import { t } from "./words.js";

const TALLEST = 180; // px
const SHORTCUTS = { b: "**", i: "__" };

export class Composer {
  constructor(pane) {
    this.pane = pane;
    this.files = [];
    this.about = null; // {kind: "reply" | "edit", message, quote}
    this.area = h("textarea", { rows: 1, oninput: () => this.fit(), onkeydown: (event) => this.key(event), onpaste: (event) => this.paste(event) });
    this.picker = h("input", { type: "file", multiple: true, hidden: true, onchange: () => { this.add(this.picker.files); this.picker.value = ""; } });
    this.asFile = h("input", { type: "checkbox", onchange: () => this.showFiles() });
    this.as = h("select");
    this.context = h("div", { class: "context", hidden: true });
    this.tray = h("div", { class: "tray", hidden: true });
    this.root = h("div", { class: "composer" });
  }

  show() {
    const { pane } = this;
    const focused = document.activeElement === this.area;
    const chosen = this.as.value;
    const person = pane.store.people.get(pane.person());
    const chat = pane.world;
    this.area.placeholder = chat.type === "channel" ? t("broadcast") : pane.named ? t("writeAs", { name: person.name }) : t("write");
    this.area.setAttribute("aria-label", t("write"));
    const admin = chat.type !== "private" && chat.type !== "channel" && pane.store.isAdministrator(chat.id, person.id);
    const options = [["", t("asSelf")], ["anonymous", t("asAnonymous")], chat.linked_chat_id && ["channel", t("asChannel")]].filter(Boolean);
    replace(this.as, options.map(([value, label]) => h("option", { value }, label)));
    this.as.value = admin && options.some(([value]) => value === chosen) ? chosen : "";
    this.as.setAttribute("aria-label", t("sendAs"));
    this.as.title = t("sendAs");
    const attach = iconButton("attach", t("attach"), (event) => this.attachMenu(event));
    const send = iconButton("send", t("send"), () => this.send(), { class: "round send" });
    replace(this.root, this.context, this.tray, h("div", { class: "writing" }, attach, this.picker, this.area, admin && this.as, send));
    this.showContext();
    this.showFiles();
    if (focused) queueMicrotask(() => this.area.focus());
  }

  clear() {
    this.files = [];
    this.about = null;
    this.area.value = "";
    this.asFile.checked = false;
    this.fit();
  }

  fit() {
    this.area.style.height = "";
    if (!this.area.value || !this.area.isConnected) return;
    this.area.style.height = `${Math.min(this.area.scrollHeight, TALLEST)}px`;
  }

  key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape" && this.about) {
      this.setAbout(null);
    } else if ((event.ctrlKey || event.metaKey) && SHORTCUTS[event.key]) {
      event.preventDefault();
      const { selectionStart: from, selectionEnd: to, value } = this.area;
      const sign = SHORTCUTS[event.key];
      this.area.setRangeText(sign + value.slice(from, to) + sign, from, to, "end");
    } else if (event.key === "ArrowUp" && !this.area.value) {
      const mine = (m) => m.sender?.kind === "person" && m.sender.id === this.pane.person() && m.text && !m.gone;
      const last = this.pane.store.list(this.pane.chat()).filter(mine).at(-1);
      if (last) this.edit(last);
    }
  }

  paste(event) {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    this.add(files.map((file, n) => (file.name ? file : new File([file], `paste-${n + 1}.png`, { type: file.type }))));
  }

  acceptDrops(root) {
    const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    root.addEventListener("dragover", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      root.dataset.drop = t("drop");
    });
    root.addEventListener("dragleave", (event) => { if (!root.contains(event.relatedTarget)) delete root.dataset.drop; });
    root.addEventListener("drop", (event) => {
      delete root.dataset.drop;
      if (!carries(event)) return;
      event.preventDefault();
      this.add(event.dataTransfer.files);
    });
  }

  add(files) {
    this.files.push(...files);
    this.showFiles();
    this.area.focus();
  }

  attachMenu(event) {
    const pick = (accept) => () => { this.picker.accept = accept; this.picker.click(); };
    const items = [
      { icon: "eye", label: t("photos"), run: () => { this.asFile.checked = false; pick("image/*")(); } },
      { icon: "file", label: t("document"), run: () => { this.asFile.checked = true; pick("")(); } },
      { icon: "poll", label: t("poll"), run: () => this.poll() },
      { icon: "contact", label: t("contact"), run: () => this.contact() },
    ];
    const box = event.currentTarget.getBoundingClientRect();
    menu(box.left, box.top - 190, items);
  }

  where() {
    return { person: this.pane.person(), chat_id: this.pane.chat() };
  }

  async poll() {
    const answer = await ask(t("poll"), [{ name: "question", label: t("pollQuestion") }, { name: "options", label: t("pollOptions"), kind: "area" }], t("send"));
    if (!answer) return;
    const options = answer.options.split("\n").map((line) => line.trim()).filter(Boolean);
    await attempt(() => post("poll", { ...this.where(), question: answer.question, options }));
  }

  async contact() {
    const answer = await ask(t("contact"), [{ name: "name", label: t("contactName") }, { name: "phone", label: t("contactPhone") }], t("send"));
    if (answer) await attempt(() => post("contact", { ...this.where(), ...answer }));
  }

  showFiles() {
    this.tray.hidden = !this.files.length;
    const chip = (file, n) => {
      const drop = iconButton("close", t("removeFile", { name: file.name }), () => { this.files.splice(n, 1); this.showFiles(); }, { class: "round small" });
      const picture = file.type.startsWith("image/") && !this.asFile.checked;
      const face = picture ? h("img", { src: URL.createObjectURL(file), alt: file.name, onload: (event) => URL.revokeObjectURL(event.target.src) }) : icon("file");
      return h("div", { class: picture ? "chip thumb" : "chip" }, face, !picture && h("span", null, file.name, h("small", null, size(file.size))), drop);
    };
    const choice = this.files.some((file) => file.type.startsWith("image/")) && h("label", null, this.asFile, t("asFile"));
    replace(this.tray, this.files.map(chip), choice);
  }

  reply(message, quote = "") {
    this.setAbout({ kind: "reply", message, quote });
  }

  edit(message) {
    this.setAbout({ kind: "edit", message });
    this.area.value = message.text ?? "";
    this.fit();
  }

  setAbout(about) {
    if (this.about?.kind === "edit" && !about) this.area.value = "";
    this.about = about;
    this.showContext();
    this.fit();
    this.area.focus();
  }

  showContext() {
    this.context.hidden = !this.about;
    if (!this.about) return;
    const { kind, message, quote } = this.about;
    const title = kind === "edit" ? t("editing") : t("replying", { name: message.sender?.name ?? "" });
    replace(this.context, icon(kind === "edit" ? "edit" : "reply"),
      h("div", null, h("b", null, title), h("span", null, quote || message.text || message.poll?.question || message.contact?.name || message.media?.name || t("photo"))),
      iconButton("close", t("cancel"), () => this.setAbout(null), { class: "round small" }));
  }

  async send() {
    const written = this.area.value.trim();
    const { about, files } = this;
    if (!written && !files.length) return;
    const { text, entities } = parse(written);
    const body = { ...this.where(), text, entities: entities.length ? entities : undefined };
    const sent = await attempt(() => {
      if (about?.kind === "edit") return post("edit", { ...body, message_id: about.message.id });
      Object.assign(body, { thread_id: this.pane.topic ?? undefined, as: this.as.value || undefined });
      if (about) Object.assign(body, { reply_to: about.message.id, quote: about.quote || undefined });
      if (about && this.pane.world.is_forum) body.thread_id = about.message.thread_id ?? undefined;
      if (!files.length) return post("post", body);
      return postFiles("post", { ...body, as_document: this.asFile.checked || undefined }, files);
    });
    if (!sent) return;
    this.clear();
    this.showContext();
    this.showFiles();
    this.pane.toEnd(false);
    this.area.focus();
  }
}
