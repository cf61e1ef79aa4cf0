/** How one text became another, line by line. */

/** @typedef {{ kind: "same" | "out" | "in" | "gap", text: string }} Line */

const AROUND = 2;
const MOST_LINES = 600;

/** The lines that differ, with a few around them.
 * @param {string} before
 * @param {string} after
 * @returns {Line[] | null} null: too long to compare */
export function difference(before, after) {
  const [old, now] = [before.split("\n"), after.split("\n")];
  if (old.length > MOST_LINES || now.length > MOST_LINES) return null;
  // The length of the longest common sequence of lines from each pair of places on.
  const width = now.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = now.length - 1; column >= 0; column -= 1) {
      common[row * width + column] = old[row] === now[column]
        ? common[(row + 1) * width + column + 1] + 1
        : Math.max(common[(row + 1) * width + column], common[row * width + column + 1]);
    }
  }
  /** @type {Line[]} */
  const lines = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < now.length) {
    if (row < old.length && column < now.length && old[row] === now[column]) {
      lines.push({ kind: "same", text: now[column] });
      row += 1;
      column += 1;
    } else if (column >= now.length || (row < old.length && common[(row + 1) * width + column] >= common[row * width + column + 1])) {
      lines.push({ kind: "out", text: old[row] });
      row += 1;
    } else {
      lines.push({ kind: "in", text: now[column] });
      column += 1;
    }
  }
  const isNear = lines.map((_, index) => lines.slice(Math.max(0, index - AROUND), index + AROUND + 1).some((line) => line.kind !== "same"));
  return lines.flatMap((line, index) => (isNear[index] ? [line] : isNear[index - 1] || index === 0 ? [{ kind: "gap", text: "…" }] : []));
}
