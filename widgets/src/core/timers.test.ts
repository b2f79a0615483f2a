// @vitest-environment node

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Timers } from "./timers";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("runs once, later, and begins anew when it is set again", () => {
  const timers = new Timers();
  const work = vi.fn();
  timers.later("look", 100, work);
  vi.advanceTimersByTime(90);
  timers.later("look", 100, work);
  vi.advanceTimersByTime(90);
  expect([work.mock.calls.length, timers.has("look")]).toEqual([0, true]);
  vi.advanceTimersByTime(10);
  expect([work.mock.calls.length, timers.has("look")]).toEqual([1, false]);
});

it("waits for what is months away instead of running it at once", () => {
  const work = vi.fn();
  new Timers().later("read", 60 * 86_400_000, work);
  vi.advanceTimersByTime(86_400_000);
  expect(work).not.toHaveBeenCalled();
});
