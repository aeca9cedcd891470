// Puts the page together and follows the server's events.

import { follow } from "./api.js";
import { Chats } from "./chats.js";
import { avatar, h, iconButton } from "./dom.js";
import { alertDialog, attempt, toast } from "./dialogs.js";
import { Facts } from "./facts.js";
import { Pane } from "./pane.js";
import { Store } from "./store.js";
import { Top } from "./top.js";
import { setLanguage, t } from "./words.js";

const WIDE = matchMedia("(min-width: 1180px)");

const store = new Store();
const first = document.getElementById("first");
const second = document.getElementById("second");
let beside = false;
let supervisor = null;
let leading = false; // whether the page follows the sample day from chat to chat

const view = (name) => { document.body.dataset.view = name; };
const factsButton = () => iconButton("info", t("facts"), toggleFacts, { class: "round facts-toggle" });

const main = new Pane(first, { store, person: () => store.person, chat: () => store.chat, back: () => view("chats"), extras: factsButton });
const side = new Pane(second, { store, person: () => supervisor, chat: () => store.supervision()?.id ?? null, extras: wardens, named: true });
const chats = new Chats(document.getElementById("chats"), store, chooseChat);
const facts = new Facts(document.getElementById("facts"), store, closeFacts);
const top = new Top(store, choosePerson, () => setBeside(!beside));

function chooseChat(chatId) {
  leading = false;
  store.chooseChat(chatId);
  view("messages");
}

function choosePerson(person) {
  store.choosePerson(person);
}

function toggleFacts() {
  if (WIDE.matches && !beside) document.body.classList.toggle("without-facts");
  else view(document.body.dataset.view === "facts" ? "messages" : "facts");
}

function closeFacts() {
  if (WIDE.matches && !beside) document.body.classList.add("without-facts");
  else view("messages");
}

/** The supervisors' pane says as whom its buttons are pressed. */
function wardens() {
  const people = [...store.people.values()].filter((person) => person.role === "supervisor");
  return h("div", { class: "wardens", role: "group", "aria-label": t("whoAmI") }, people.map((person) => h("button", {
    type: "button", "aria-pressed": String(person.id === supervisor), title: t("asPerson") + person.name, onclick: () => { supervisor = person.id; showSide(); },
  }, avatar(person.id, person.name), person.name)));
}

function setBeside(on) {
  beside = on;
  showSide();
}

function showSide() {
  const shown = beside && store.supervision() && store.chat !== store.supervision().id;
  supervisor ??= [...store.people.values()].find((person) => person.role === "supervisor")?.id ?? null;
  second.hidden = !shown;
  document.body.classList.toggle("split", Boolean(shown));
  top.beside.setAttribute("aria-pressed", String(beside));
  if (shown) side.show();
}

function showAll() {
  setLanguage(store.language);
  document.documentElement.lang = store.language;
  document.title = `${t("product")} · ${t("tagline")}`;
  first.setAttribute("aria-label", t("chats"));
  second.setAttribute("aria-label", t("role_supervisor"));
  top.show();
  chats.show();
  main.show();
  facts.show();
  showSide();
}

function showState() {
  chats.showRows();
  for (const pane of beside && !second.hidden ? [main, side] : [main]) {
    pane.showHead();
    pane.showTopics();
    pane.showFoot();
    pane.showMessages();
  }
  facts.show();
}

function showMessages(chatId) {
  if (chatId === store.chat) main.showMessages();
  if (!second.hidden && chatId === store.supervision()?.id) side.showMessages();
  chats.showRows();
}

function answer({ person, text, alert }) {
  const here = person === store.person || (beside && person === supervisor);
  if (!here || !text) return;
  if (alert && !store.sample.running) alertDialog(text);
  else toast(text);
}

let wasRunning = false;

/** While the sample day plays, a newcomer sees both ends: a member's groups and the supervisors. */
function sample() {
  const { running } = store.sample;
  if (running && !wasRunning) {
    leading = true;
    if (store.people.get(store.person)?.role === "supervisor") choosePerson([...store.people.values()].find((p) => p.role === "member").id);
    if (WIDE.matches) setBeside(true);
  }
  if (running !== wasRunning) {
    top.over = wasRunning;
    wasRunning = running;
    top.show();
  }
  top.showSample();
}

function followSample(message) {
  const chat = store.chats.get(message.chat_id);
  const away = message.chat_id !== store.chat && message.chat_id !== store.supervision()?.id;
  const mine = chat && chat.type !== "private" && store.chatsOf(store.person).includes(chat);
  if (store.sample.running && leading && away && mine && message.sender?.kind !== "bot" && !message.service) store.chooseChat(chat.id);
}

function start() {
  store.chat ??= store.favourite();
  showAll();
  store.on("language person", showAll);
  store.on("chat", () => { chats.showRows(); main.show(); facts.show(); showSide(); });
  store.on("state", showState);
  store.on("messages", showMessages);
  store.on("arrived", followSample);
  store.on("answer", answer);
  store.on("sample", sample);
}

/** Listen first and read then, so that nothing is missed in between; the same after a lost connection. */
function begin() {
  let started = false;
  let lost = false;
  const connected = () => attempt(async () => {
    await store.load();
    if (!started) start();
    else if (lost) toast(t("back_online"));
    started = true;
    lost = false;
  });
  follow((event) => store.receive(event), connected, () => {
    if (!lost) toast(t("lost"), "error");
    lost = true;
  });
}

begin();
