import { expect, test } from "vitest";
import { poll, untilClear } from "../../../src/do/wait.js";
import { UserError } from "../../../src/errors.js";

const late = (why: string) => new UserError(`late: ${why}`);
/** Results of successive queries; the last one repeats. */
const finding = (...found: string[]) => {
  const left = [...found];
  return () => Promise.resolve((left.length > 1 ? left.shift() : left[0]) ?? "");
};

test("it ends when nothing stands in the way, and tells what is new", async () => {
  const told: string[] = [];
  const look = finding("2 calls", "2 calls", "1 call", "");
  await untilClear(look, { timeout: 10_000, pause: 1, tell: (line) => told.push(line), late });
  expect(told).toEqual(["2 calls", "1 call"]);
});

test("when the time is over it says what stood in the way last; it has looked once in any case", async () => {
  const told: string[] = [];
  const wait = (timeout: number) =>
    untilClear(finding("a", "b"), { timeout, pause: 5, tell: (line) => told.push(line), late });
  await expect(wait(0)).rejects.toThrow("late: a");
  await expect(wait(30)).rejects.toThrow("late: b");
  expect(told).toEqual(["a", "a", "b"]);
});

test("the first thing to see ends a poll, also one that is no success; what fails is thrown", async () => {
  const seen = [undefined, false, true];
  expect(await poll(() => Promise.resolve(seen.shift()), { timeout: 10_000, pause: 1 })).toBe(false);
  const failing = () => Promise.reject(new UserError("denied"));
  await expect(poll(failing, { timeout: 10_000, pause: 1 })).rejects.toThrow("denied");
});

test("the last look is made when the time is over, however long the pause", async () => {
  let looks = 0;
  const look = () => Promise.resolve(void looks++);
  expect(await poll(look, { timeout: 20, pause: 60_000 })).toBeUndefined();
  // a timer may fire a millisecond early; then there is one more short wait
  expect(looks).toBeGreaterThanOrEqual(2);
  expect(looks).toBeLessThanOrEqual(3);
});
