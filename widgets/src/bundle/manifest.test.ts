// @vitest-environment node

import { expect, it } from "vitest";
import { merged } from "./manifest";

it("puts the entries of two builds into one manifest, the later one's on top", () => {
  const both = JSON.parse(
    merged('{"a":{"file":"1"},"b":{"file":"1"}}', '{"b":{"file":"2"},"c":{"file":"2"}}'),
  );
  expect(both).toEqual({ a: { file: "1" }, b: { file: "2" }, c: { file: "2" } });
});
