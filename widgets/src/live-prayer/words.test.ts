// @vitest-environment node

import { expect, it } from "vitest";
import { translated } from "../core/testing/words";
import { speak } from "./speech";
import { en } from "./words/en";
import { es } from "./words/es";

translated("es", en, es);

it("takes the church's own words for this app, and not those for another", async () => {
  const speech = await speak(["en"], { en: { live_title: "Sit with me", title: "Not mine" } });
  expect(speech.say("title")).toBe("Sit with me");
  expect(speech.say("ask")).toBe(en.ask);
});
