import assert from "node:assert/strict";
import { test } from "node:test";
import { kept, same } from "../../app/blazy_jobs_server/api/static/ui/core/memo.js";

test("JSON values that say the same are the same", () => {
  const run = { id: "run_1", tags: ["a", "b"], error: null, progress: { percent: 50, message: "half" } };
  assert.ok(same(run, structuredClone(run)));
  for (const other of [{ ...run, tags: ["b", "a"] }, { ...run, error: {} }, { ...run, progress: { percent: 50 } }, { ...run, more: undefined }, { ...run, tags: { 0: "a", 1: "b" } }, null, "run_1"]) {
    assert.ok(!same(run, other), JSON.stringify(other));
    assert.ok(!same(other, run), JSON.stringify(other));
  }
});

test("a name that objects inherit is no value of theirs", () => {
  assert.ok(!same({ toString: 1 }, { other: 1 }));
  assert.ok(!same(JSON.parse('{"__proto__": {"a": 1}}'), { a: {} }));
});

test("what says the same stays the object that it was", () => {
  const before = { a: [1] };
  assert.equal(kept(before, { a: [1] }), before);
  const found = { a: [2] };
  assert.equal(kept(before, found), found);
});
