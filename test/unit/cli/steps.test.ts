import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { withSignsOfLife } from "../../../src/cli/steps.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a step that reports nothing for 30 s is said to be still running, in a log", () => {
  const lines: string[] = [];
  const { tell, stop } = withSignsOfLife((line) => lines.push(line), false);
  vi.advanceTimersByTime(20_000);
  tell("unpacking");
  vi.advanceTimersByTime(29_000);
  expect(lines).toEqual(["unpacking"]);
  vi.advanceTimersByTime(31_000);
  expect(lines).toEqual(["unpacking", "still running after 50 s", "still running after 80 s"]);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(3);
});

test("a terminal shows the elapsed time, and gets no such lines", () => {
  const lines: string[] = [];
  withSignsOfLife((line) => lines.push(line), true);
  vi.advanceTimersByTime(60_000);
  expect(lines).toEqual([]);
});
