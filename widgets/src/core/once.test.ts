import { expect, it } from "vitest";
import { HttpError } from "./http";
import { Once } from "./once";

it("names an act the same until it is done, and other words otherwise", async () => {
  const once = new Once();
  const first = once.of("/wall/1/encourage", { body: "Courage" });
  expect(once.of("/wall/1/encourage", { body: "Courage" })).toBe(first);
  await expect(once.do(Promise.reject(new HttpError(0, "offline")))).rejects.toMatchObject({ offline: true });
  expect(once.of("/wall/1/encourage", { body: "Courage" })).toBe(first);
  expect(once.of("/wall/2/encourage", { body: "Courage" })).not.toBe(first);
  const other = once.of("/wall/1/encourage", { body: "Courage!" });
  expect(other).not.toBe(first);
  expect(await once.do(Promise.resolve("done"))).toBe("done");
  expect(once.of("/wall/1/encourage", { body: "Courage!" })).not.toBe(other); // meant once more
});

it("takes an act as done whose answer alone is lost", async () => {
  const once = new Once();
  const name = once.of("a");
  expect(await once.do(Promise.reject(new HttpError(409, "answer_lost")))).toBeNull();
  expect(once.of("a")).not.toBe(name);
});
