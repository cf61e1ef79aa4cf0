import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { theme, zone } from "../core/prefs.js";
import { clockTime, dateFormat } from "../core/text.js";

/** @typedef {{ name: string, values: (number | null)[], tone?: string, area?: boolean }} Line `tone`: accent, ok, bad, warn or ink */

const MOST_ROWS = 500;
/** What the axis of durations steps by, so that its marks are whole. */
const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800];

/**
 * Lines over time, with a legend, and the same as a table. A gap stays a gap. With `onBrush` a span can be chosen with
 * the pointer.
 * @param {{ label: string, times: number[], lines: Line[], format: (value: number) => string, height?: number, bars?: boolean, isSeconds?: boolean, aside?: any, onBrush?: (from: number, to: number) => void }} props `times` in seconds
 */
export function Plot({ label, times, lines, format, height = 148, bars = false, isSeconds = false, aside, onBrush }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {any} */ (null));
  const [at, setAt] = useState(/** @type {number | null} */ (null));
  const [isTable, setTable] = useState(false);
  const [scheme, setScheme] = useState(0);
  const shape = `${lines.map((line) => line.name + line.tone).join()} ${height} ${theme.value} ${scheme} ${zone.value} ${isTable}`;
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => setScheme((count) => count + 1);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, []);
  useEffect(() => {
    if (isTable) return undefined;
    let isGone = false;
    /** @type {ResizeObserver | undefined} */
    let observer;
    import("../vendor/uplot.js").then(({ default: UPlot }) => {
      const element = box.current;
      if (isGone || !element) return;
      plot.current = new UPlot(options(UPlot, element, { lines, format, height, bars, isSeconds, onBrush, setAt }), /** @type {any} */ ([times, ...lines.map((line) => line.values)]), element);
      observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
      observer.observe(element);
    }, () => {
      if (!isGone) setTable(true); // the server is gone, or the session is over
    });
    return () => {
      isGone = true;
      observer?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => {
    plot.current?.setData([times, ...lines.map((line) => line.values)]);
  }, [times, lines]);
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = Math.min(Math.max((at ?? (step > 0 ? -1 : times.length)) + step, 0), times.length - 1);
    setAt(next);
    plot.current?.setCursor({ left: plot.current.valToPos(times[next], "x"), top: 0 });
  };
  const index = at ?? lastKnown(lines, times.length);
  return html`<figure class="plot">
    <figcaption class="plot-head"><span class="plot-title">${label}</span>
      <span class="plot-legend" aria-live="off">${lines.map((line) => html`<span key=${line.name} class="legend">${lines.length > 1 && html`<i data-tone=${line.tone ?? "ink"}></i>${line.name}`}
        <strong class="num">${line.values[index] === null || line.values[index] === undefined ? "–" : format(/** @type {number} */ (line.values[index]))}</strong></span>`)}
        <span class="faint num legend-time">${at !== null && times[at] !== undefined ? clockTime(times[at] * 1000, zone.value) : ""}</span></span>
      <button type="button" class="link plot-switch" aria-pressed=${isTable} onClick=${() => setTable(!isTable)}>${isTable ? "As a plot" : "As a table"}</button>${aside}</figcaption>
    ${isTable
      ? html`<div class="plot-table"><table class="table"><caption class="hidden-text">${label}</caption><thead><tr><th scope="col">Time</th>${lines.map((line) => html`<th scope="col" class="end" key=${line.name}>${line.name}</th>`)}</tr></thead>
          <tbody>${times.slice(-MOST_ROWS).map((time, row) => ({ time, row: row + Math.max(0, times.length - MOST_ROWS) })).reverse().map(({ time, row }) => html`<tr key=${time}><td>${clockTime(time * 1000, zone.value)}</td>
            ${lines.map((line) => html`<td class="end" key=${line.name}>${line.values[row] === null || line.values[row] === undefined ? "–" : format(/** @type {number} */ (line.values[row]))}</td>`)}</tr>`)}</tbody></table></div>`
      : html`<div class="plot-box" ref=${box} style=${{ height: `${height}px` }} tabindex="0" role="img" aria-label=${`${label}: ${lines.map((line) => line.name).join(", ")}. Arrow keys read the values; the same is there as a table.`} onKeyDown=${pressed} onBlur=${() => setAt(null)}></div>`}
  </figure>`;
}

/** The last time of which a line says something. @param {Line[]} lines @param {number} count */
function lastKnown(lines, count) {
  for (let index = count - 1; index >= 0; index -= 1) if (lines.some((line) => typeof line.values[index] === "number")) return index;
  return count - 1;
}

/** @param {any} UPlot @param {HTMLElement} element
 * @param {{ lines: Line[], format: (value: number) => string, height: number, bars: boolean, isSeconds: boolean, onBrush?: (from: number, to: number) => void, setAt: (index: number | null) => void }} given
 * @returns {any} */
function options(UPlot, element, { lines, format, height, bars, isSeconds, onBrush, setAt }) {
  const probe = document.createElement("span");
  element.append(probe);
  const colour = (/** @type {string} */ name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const names = { accent: "accent", ok: "ok", bad: "bad", warn: "warn", ink: "ink-3" };
  const axis = { stroke: colour("ink-3"), font: "11px Inter, system-ui, sans-serif", ticks: { show: false }, grid: { stroke: colour("line"), width: 1 } };
  const strokes = lines.map((line) => colour(names[/** @type {keyof typeof names} */ (line.tone ?? "ink")]));
  probe.remove();
  const utc = zone.value === "utc";
  return {
    width: element.clientWidth,
    height,
    tzDate: utc ? (/** @type {number} */ ts) => UPlot.tzDate(new Date(ts * 1000), "Etc/UTC") : undefined,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: Boolean(onBrush), y: false, setScale: false } },
    select: { show: Boolean(onBrush), left: 0, top: 0, width: 0, height: 0 },
    scales: { y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ most) => [0, most > 0 ? most * 1.15 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 24, gap: 4, values: (/** @type {any} */ _, /** @type {number[]} */ ticks, /** @type {any} */ __, /** @type {any} */ ___, /** @type {number} */ step) => ticks.map((tick) => tickText(tick, step)) },
      { ...axis, show: !bars, size: 48, gap: 6, space: 32, ...(isSeconds ? { incrs: SECONDS } : {}), values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((tick) => format(tick)) },
    ],
    series: [
      {},
      ...lines.map((line, index) => ({
        label: line.name,
        stroke: bars ? undefined : strokes[index],
        width: 1.5,
        points: { show: false },
        spanGaps: false,
        fill: line.area || bars ? strokes[index].replace("rgb(", "rgba(").replace(")", bars ? ", 0.75)" : ", 0.1)") : undefined,
        paths: bars ? UPlot.paths.bars({ size: [0.72, 24], radius: 0.15 }) : UPlot.paths.linear(),
      })),
    ],
    hooks: {
      setCursor: [(/** @type {any} */ u) => setAt(u.cursor.idx ?? null)],
      setSelect: onBrush ? [(/** @type {any} */ u) => {
        if (u.select.width < 4) return;
        onBrush(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x"));
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      }] : [],
    },
  };
}

/** @param {number} seconds @param {number} step */
function tickText(seconds, step) {
  const timeZone = zone.peek() === "utc" ? "UTC" : undefined;
  /** @type {Intl.DateTimeFormatOptions} */
  const shown = step >= 86_400 ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit", ...(step < 60 ? { second: "2-digit" } : {}) };
  return dateFormat("en-GB", { ...shown, timeZone }).format(seconds * 1000);
}
