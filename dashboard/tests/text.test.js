import assert from "node:assert/strict";
import { test } from "node:test";
import { brief, bytes, clockTime, duration, firstLine, plural, relative, shellQuoted } from "../../app/blazy_jobs_server/api/static/ui/core/text.js";

test("durations have two units at most", () => {
  const expected = { 0: "0 ms", 0.0042: "4.2 ms", 0.84: "840 ms", 4.25: "4.3 s", 9.96: "10.0 s", 59.4: "59 s", 59.6: "1 min", 192: "3 min 12 s", 3600: "1 h", 18_120: "5 h 2 min", 86_399: "1 d", 273_600: "3 d 4 h" };
  for (const [seconds, text] of Object.entries(expected)) assert.equal(duration(Number(seconds)), text);
});

test("times are told from now", () => {
  assert.equal(relative(-500), "just now");
  assert.equal(relative(-61_000), "1 min ago");
  assert.equal(relative(20_000), "in 20 s");
  assert.equal(relative(-3 * 86_400_000), "3 d ago");
});

test("what was a while ago is told in tens of seconds, what is to come in seconds", () => {
  assert.deepEqual([-9000, -10_000, -19_400, -59_000].map(relative), ["9 s ago", "10 s ago", "10 s ago", "50 s ago"]);
  assert.deepEqual([9000, 19_000].map(relative), ["in 9 s", "in 19 s"]);
});

test("large numbers are brief", () => {
  assert.deepEqual([0, 999, 1000, 12_345, 999_999, 1_250_000, 3e9].map(brief), ["0", "999", "1.0k", "12k", "999k", "1.3M", "3.0G"]);
  assert.deepEqual([0.5, 12.34].map(brief), ["0.5", "12"]);
});

test("sizes are binary", () => {
  assert.deepEqual([0, 1023, 1024, 1_258_291, 200 * 1024 ** 3].map(bytes), ["0 B", "1023 B", "1.0 KiB", "1.2 MiB", "200 GiB"]);
});

test("a time of another day comes with its date, and none is invented for what is no time", () => {
  assert.equal(clockTime("2020-02-03T04:05:06.789Z", "utc"), "2020-02-03 04:05:06");
  assert.match(clockTime(new Date(), "utc"), /^\d\d:\d\d:\d\d$/);
  assert.equal(clockTime("never", "utc"), "never");
});

test("texts are cut at their first line", () => {
  assert.equal(firstLine("\n two\nlines"), "two");
  assert.equal(firstLine("x".repeat(300), 10), `${"x".repeat(10)}…`);
  assert.equal(firstLine(null), "");
});

test("a quoted text is one word of the shell", () => {
  assert.equal(shellQuoted(`it's "$HOME"`), `'it'\\''s "$HOME"'`);
});

test("numbers agree with their nouns", () => {
  assert.equal(plural(1, "run"), "1 run");
  assert.equal(plural(1234, "run"), "1,234 runs");
  assert.equal(plural(0, "entry", "entries"), "0 entries");
});
