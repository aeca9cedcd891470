// The bar above everything: who am I, the language, the sample day, and the newcomer's hint.

import { post } from "./api.js";
import { avatar, h, icon, iconButton, replace } from "./dom.js";
import { attempt } from "./dialogs.js";
import { t } from "./words.js";

const LANGUAGES = [["zh-CN", "中"], ["en", "EN"]];

export class Top {
  constructor(store, onperson, onbeside) {
    Object.assign(this, { store, onperson, onbeside });
    this.bar = document.getElementById("top");
    this.sample = document.getElementById("sample");
    this.hint = document.getElementById("hint");
    this.beside = h("button", { type: "button", class: "beside", onclick: onbeside });
    this.over = false;
  }

  show() {
    const { store } = this;
    const brand = h("div", { class: "brand" }, h("img", { src: "/web/icon.svg", alt: "" }), h("b", null, t("product")), h("span", null, t("tagline")));
    const people = h("div", { class: "whoami", role: "radiogroup", "aria-label": t("whoAmI") }, h("span", { class: "label" }, t("whoAmI")), [...store.people.values()].map((person) => this.chip(person)));
    const languages = h("div", { class: "languages", role: "group", "aria-label": "语言 / Language" }, LANGUAGES.map(([code, label]) => this.language(code, label)));
    const { running } = store.sample;
    const play = h("button", { type: "button", class: running ? "play running" : "play", onclick: () => this.play(!running) }, icon(running ? "stop" : "play"), h("span", null, t(running ? "stop" : "play")));
    replace(this.beside, icon("split"), h("span", null, t("beside")));
    this.beside.title = t("beside");
    this.beside.setAttribute("aria-label", t("beside"));
    replace(this.bar, brand, people, h("div", { class: "tools" }, this.beside, iconButton("info", t("help"), () => this.showHint(true)), languages, play));
    this.showSample();
    this.showHint(!localStorage.getItem("hinted"));
  }

  chip(person) {
    const chosen = person.id === this.store.person;
    const label = `${person.name}, ${t(`role_${person.role}`)}`;
    return h("button", { type: "button", class: `me ${person.role}`, role: "radio", "aria-checked": String(chosen), "aria-label": label, title: label, "data-person": person.id,
      tabindex: chosen ? 0 : -1, onclick: () => this.onperson(person.id), onkeydown: (event) => this.move(event) },
    avatar(person.id, person.name), h("span", { class: "about" }, h("b", null, person.name), h("small", null, t(`role_${person.role}`))));
  }

  move(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const ids = [...this.store.people.keys()];
    this.onperson(ids[(ids.indexOf(this.store.person) + step + ids.length) % ids.length]);
    this.bar.querySelector('[aria-checked="true"]')?.focus();
  }

  language(code, label) {
    return h("button", { type: "button", lang: code, "aria-pressed": String(this.store.language === code), onclick: () => this.store.chooseLanguage(code) }, label);
  }

  async play(on) {
    this.over = false;
    await attempt(() => post("sample-day", { action: on ? "play" : "stop", language: this.store.language }));
  }

  showSample() {
    const { running, step, of, caption } = this.store.sample;
    this.sample.hidden = !running && !this.over;
    const share = running && of ? (100 * step) / of : 100;
    const close = !running && iconButton("close", t("close"), () => { this.over = false; this.showSample(); }, { class: "round small" });
    replace(this.sample, h("div", { class: "track", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": of || 1, "aria-valuenow": step }, h("i", { style: `width:${share}%` })),
      h("p", null, running && h("b", null, `${step}/${of}`), running ? caption || t("ready") : t("finished")), close);
  }

  showHint(on) {
    this.hint.hidden = !on;
    const dismiss = () => { localStorage.setItem("hinted", "1"); this.showHint(false); };
    const steps = h("ol", null, ["hint1", "hint2", "hint3"].map((key) => h("li", null, t(key))));
    replace(this.hint, h("div", null, h("b", null, t("hintTitle")), h("p", null, t("hint")), steps), h("button", { type: "button", class: "primary", onclick: dismiss }, t("dismiss")));
  }
}
