import { html } from "../vendor/preact.js";

/** By the root: a burst does not hide what is few. @param {number} value @param {number} most */
const share = (value, most) => Math.sqrt(value / most);

/** A small line of numbers, drawn without axes; the words beside it say what matters.
 * @param {{ values: (number | null)[], label: string, width?: number, height?: number, tone?: string }} props */
export function Spark({ values, label, width = 96, height = 24, tone = "" }) {
  const most = Math.max(1, ...values.map((value) => value ?? 0));
  const step = width / Math.max(1, values.length);
  return html`<svg class="spark" data-tone=${tone} width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${label}>
    ${values.map((value, index) => value !== null && html`<rect key=${index} x=${index * step} width=${Math.max(1, step - 1)} rx="0.5"
      y=${height - Math.max(value > 0 ? 2 : 1, share(value, most) * height)} height=${Math.max(value > 0 ? 2 : 1, share(value, most) * height)} class=${value > 0 ? "" : "none"} />`)}
  </svg>`;
}
