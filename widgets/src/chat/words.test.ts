// @vitest-environment node

import { describe, expect, it } from "vitest";
import { translated } from "../core/testing/words";
import { speak } from "./speech";
import { en } from "./words/en";
import { es } from "./words/es";

translated("es", en, es, ["announce", "saidAt", "title"]);

describe("the chat", () => {
  it("speaks with its own words", async () => {
    const speech = await speak(["es-MX"], { es: { title: "El atrio" } });
    expect(speech.say("title")).toBe("El atrio");
    expect(speech.error("room_closed")).toBe(es.error_room_closed);
  });
});
