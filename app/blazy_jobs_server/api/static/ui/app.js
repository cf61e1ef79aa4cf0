import { html, render, useEffect, useState } from "./vendor/preact.js";
import { Problem } from "./core/api.js";
import { UI, to } from "./core/base.js";
import { start as startLive } from "./core/live.js";
import { startKeys } from "./core/keys.js";
import { match, path } from "./core/router.js";
import { ROUTES } from "./core/routes.js";
import { readSession, session } from "./core/session.js";
import { Empty, Failure, Skeleton } from "./kit/empty.js";
import { Button } from "./kit/button.js";
import { Page } from "./kit/page.js";
import { Shell, showKeys } from "./kit/shell.js";

/** @type {Map<string, (props: any) => any>} */
const loaded = new Map();

function App() {
  const found = match(ROUTES, path.value);
  const pattern = found?.route.pattern;
  const [, setLoaded] = useState(0);
  const [error, setError] = useState(/** @type {Error | null} */ (null));
  useEffect(() => {
    setError(null);
    if (found && !loaded.has(found.route.pattern)) {
      found.route.load().then(
        (module) => {
          loaded.set(found.route.pattern, module.default);
          setLoaded((count) => count + 1);
        },
        // A session that is over leads to the log-in by being read.
        () => readSession().catch(() => undefined).then(() => setError(new Problem(503, { detail: "A part of this page could not be loaded: the server may have been updated." }, null))),
      );
    }
  }, [pattern]);
  const Current = pattern === undefined ? null : loaded.get(pattern);
  return html`<${Shell} current=${found?.route.nav ?? ""}>
    ${!found ? html`<${NotFound} />`
      : error ? html`<${Failure} error=${error} what="the page" retry=${() => location.reload()} />`
      : Current ? html`<${Current} key=${`${pattern} ${Object.values(found.params)}`} ...${found.params} />`
      : html`<${Skeleton} />`}
  <//>`;
}

function NotFound() {
  return html`<${Page} title="Not found"><${Empty} icon="search" title="There is no such page" actions=${html`<${Button} href=${UI}>Overview<//><${Button} href=${to("runs")}>Runs<//>`}>The address may be of another version of the server.<//><//>`;
}

async function begin() {
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  try {
    await readSession();
  } catch (error) {
    render(html`<div class="main"><main><${Failure} error=${error} what="the server" retry=${() => location.reload()} /></main></div>`, root);
    return;
  }
  if (session.value) startLive();
  startKeys(showKeys);
  render(html`<${App} />`, root);
}

begin();
