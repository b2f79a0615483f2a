// @vitest-environment node

import { describe, expect, it } from "vitest";
import * as chat from "../chat/words/en";
import { translated } from "../core/testing/words";
import { en } from "./words/en";
import { es } from "./words/es";

translated("es", en, es);

describe("a key that the chat has too", () => {
  it("means the same, because a church's own text takes the place of both", () => {
    const shared = (Object.keys(en) as (keyof typeof en)[]).filter((key) => key in chat.en);
    expect(shared.sort()).toEqual(["error_internal", "error_limited", "error_offline"]);
    for (const key of shared) expect(en[key]).toBe(chat.en[key as keyof typeof chat.en]);
  });
});
