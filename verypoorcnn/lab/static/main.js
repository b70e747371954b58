// The laboratory's page: asks the server what it holds, builds the bar and the tabs, and opens the
// view that the address names.

import * as api from "./lib/api.js";
import { fill, h } from "./lib/dom.js";
import { Model } from "./lib/model.js";
import { tellable } from "./lib/names.js";
import { State } from "./lib/state.js";
import { watchConnection } from "./shell/connection.js";
import { header } from "./shell/header.js";
import { listenToKeys } from "./shell/keys.js";
import { applyTheme } from "./shell/theme.js";
import { welcome } from "./shell/welcome.js";
import { VIEWS, load } from "./views/index.js";

/**
 * @typedef {object} Lab  what every view is given
 * @property {typeof import("./lib/api.js")} api
 * @property {State} state  what the address says
 * @property {Model} model  what is known of the model, kept until it changes
 * @property {() => object} session  the answer of /api/session
 * @property {typeof api.on} on  hear the server's events
 * @property {() => Promise<object>} renew  ask for the session anew
 * @property {typeof say} say
 * @property {typeof complain} complain
 */

const main = document.getElementById("main");
const status = document.getElementById("status");
let silence = 0; // the timer that empties the status line

/** Say something in the status line; it leaves by itself. */
function say(text, { seconds = 6 } = {}) {
  status.textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => (status.textContent = ""), seconds * 1000);
}

/** What went wrong, in the status line; a question that a newer one replaced is no fault. */
function complain(error) {
  if (error instanceof api.Superseded || error?.name === "AbortError") return;
  say(error?.message ?? String(error), { seconds: 15 });
}

async function boot() {
  const state = new State(window);
  applyTheme(state);
  let session = await sessionNow();
  const lab = { api, state, say, complain, session: () => session, on: api.on };
  lab.model = new Model(state, session);
  lab.renew = async () => (session = await sessionNow());
  document.title = `${session.title} – VeryPoorCNN lab`;
  window.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    complain(event.reason);
  });
  header(document.getElementById("header"), lab);
  watchConnection(document.getElementById("connection"), lab);
  const router = new Router(lab);
  listenToKeys(lab);
  followModel(lab, router);
  router.open();
  welcome(lab);
}

/** What the server holds, with names of classes that can be told apart. */
async function sessionNow() {
  const session = await api.get("/api/session");
  return { ...session, class_names: tellable(session.class_names) };
}

/**
 * Another network, as a training with other filters makes it, needs new columns; a view that says
 * it is `lasting` has none, and stays.
 */
function followModel(lab, router) {
  lab.model.on(async ({ trial }) => {
    if (trial) return;
    const before = JSON.stringify(lab.session().network);
    const { network } = await lab.renew();
    if (JSON.stringify(network) !== before && !router.view?.lasting) router.open();
  });
}

/** Shows one view at a time. */
class Router {
  constructor(lab) {
    this.lab = lab;
    this.view = null;
    this.tabs = VIEWS.map((view) => this.tab(view));
    fill(
      document.getElementById("tabs"),
      h(
        "ul",
        {},
        this.tabs.map((tab) => h("li", {}, tab)),
      ),
    );
    lab.state.on(["view"], () => this.open());
    lab.on("reopened", () => this.failed && this.open());
    document.getElementById("skip").addEventListener("click", (event) => {
      event.preventDefault();
      main.focus();
    });
  }

  tab({ id, title, key }) {
    const show = (event) => {
      event.preventDefault();
      this.lab.state.set({ view: id });
    };
    const props = {
      href: `#view=${id}`,
      dataset: { view: id },
      onclick: show,
      "aria-keyshortcuts": key,
    };
    return h("a", props, h("kbd", { "aria-hidden": "true" }, key), title);
  }

  async open() {
    const id = this.lab.state.get("view", "network");
    const chosen = VIEWS.find((view) => view.id === id) ?? VIEWS[0];
    this.tabs.forEach((tab) => {
      if (tab.dataset.view === chosen.id) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    });
    this.view?.destroy?.();
    this.view = null;
    say(""); // what was said of another view
    const root = h("div", { class: `view view-${chosen.id}` });
    fill(main, root);
    main.dataset.view = chosen.id;
    this.failed = false;
    try {
      const module = await load(chosen.id);
      if (root.isConnected) this.view = module.mount(root, this.lab);
    } catch (error) {
      const why = `The view “${chosen.title}” could not be opened: ${error.message}`;
      fill(root, h("p", { class: "note", role: "alert" }, why));
      this.failed = root.isConnected;
    }
  }
}

boot().catch((error) => {
  fill(main, h("p", { class: "note" }, "The laboratory could not start."));
  complain(error);
});
