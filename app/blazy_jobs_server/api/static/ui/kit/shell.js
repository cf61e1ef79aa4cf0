import { html, useEffect, useState } from "../vendor/preact.js";
import { UI, to } from "../core/base.js";
import { asOf, digest, status, togglePause } from "../core/live.js";
import { path } from "../core/router.js";
import { zone } from "../core/prefs.js";
import { NAVIGATION } from "../core/routes.js";
import { has, session } from "../core/session.js";
import { brief, clockTime } from "../core/text.js";
import { Button } from "./button.js";
import { Dialogs } from "./dialog.js";
import { Icon } from "./icons.js";
import { later } from "./later.js";
import { Toasts, announce } from "./toast.js";

/** What is around every page. @param {{ current: string, children?: any }} props */
export function Shell({ current, children }) {
  const [isOpen, setOpen] = useState(false);
  const here = path.value;
  useEffect(() => {
    setOpen(false);
  }, [here]);
  useEffect(() => {
    if (status.value === "cut") announce("The live stream is cut. The page comes back by itself.");
  }, [status.value]);
  return html`
    <a class="skip" href="#content">Skip to the content</a>
    <div class="shell">
      <header class="top">
        <a class="brand" href=${UI}><${Icon} name="bolt" size=${20} /><span>Blazy Jobs</span></a>
        <${Button} kind="quiet" icon="menu" label="Menu" onClick=${() => setOpen(true)} aria-expanded=${isOpen} />
      </header>
      <${Side} current=${current} isOpen=${isOpen} close=${() => setOpen(false)} />
      <div class="main">
        <${Banner} />
        <main id="content" tabindex="-1">${children}</main>
      </div>
    </div>
    <${Dialogs} /><${Toasts} />`;
}

/** @param {{ current: string, isOpen: boolean, close: () => void }} props */
function Side({ current, isOpen, close }) {
  const groups = new Map();
  for (const entry of NAVIGATION) {
    if (entry.scope && !has(entry.scope)) continue;
    groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  }
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape" && isOpen) close();
  };
  return html`<header class="side" data-open=${isOpen ? "" : null} onKeyDown=${pressed}>
    <a class="brand" href=${UI}><${Icon} name="bolt" size=${20} /><span class="word">Blazy Jobs</span></a>
    <button type="button" class="button quiet icon-only side-close" aria-label="Close the menu" onClick=${close}><${Icon} name="close" /></button>
    <nav aria-label="Pages">${[...groups.values()].map((entries, index) => html`
      <div class="nav-group" key=${index}>${entries.map((/** @type {any} */ entry) => html`
        <a key=${entry.name} class="nav-link" href=${to(entry.path)} title=${entry.title} aria-current=${entry.name === current ? "page" : null}>
          <${Icon} name=${entry.icon} /><span class="word">${entry.title}</span><${Count} name=${entry.name} /></a>`)}</div>`)}
    </nav>
    <div class="side-foot"><${LiveButton} />
      <button type="button" class="nav-link plain-button" title="Settings and keys" onClick=${() => showKeys()}><${Icon} name="user" /><span class="word clip">${session.value?.name || "Settings"}</span></button></div>
  </header>`;
}

/** The one number of an entry that is worth a look. @param {{ name: string }} props */
function Count({ name }) {
  const counts = digest.value?.counts;
  if (name !== "runs" || !counts?.running) return null;
  return html`<span class="count" title="running now">${brief(counts.running)}</span>`;
}

const WORDS = { live: "Live", connecting: "Connecting…", paused: "Paused", cut: "" };

function LiveButton() {
  const text = status.value === "cut" ? `As of ${clockTime(asOf.value, zone.value)}` : WORDS[status.value];
  const does = status.value === "paused" ? "go on" : "pause";
  return html`<button type="button" class="live" data-status=${status.value} title=${`Click, or press p, to ${does}`} aria-label=${`${text}: ${does}`} onClick=${togglePause}>
    <span class="dot" aria-hidden="true"></span><span class="word">${text}</span></button>`;
}

function Banner() {
  if (status.value === "cut") return html`<div class="banner"><${Icon} name="warning" /><span>The live stream is cut. What you see is as of ${clockTime(asOf.value, zone.value)}; the page comes back by itself.</span></div>`;
  const trouble = digest.value?.trouble ?? [];
  if (trouble.includes("store")) return html`<div class="banner bad"><${Icon} name="warning" /><span>The server cannot use its database: nothing is accepted, and what you see may be old.</span></div>`;
  if (trouble.includes("redis")) return html`<div class="banner bad"><${Icon} name="warning" /><span>The server cannot reach Redis: BullMQ queues stand still.</span></div>`;
  return null;
}

/** The dialog is read when it is first asked for. */
export const showKeys = later(() => import("./settings.js"), (module) => module.openSettings);
