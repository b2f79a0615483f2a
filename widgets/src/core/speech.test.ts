// @vitest-environment node

import { describe, expect, it, vi } from "vitest";
import { learn, Speech, speak } from "./speech";

const en = { hello: "Hello {name}", error_internal: "Something went wrong", error_gone: "It is gone" };
const es = { hello: "Hola {name}", error_internal: "Algo falló", error_gone: "Ya no está" };
const files = { en: async () => en, es: async () => es };

describe("speaking", () => {
  it("takes the first wanted language that we have, with the church's own words", async () => {
    const speech = await speak(files, ["fr", "es-MX", "en"], { es: { hello: "Paz, {name}" } });
    expect(speech.language).toBe("es");
    expect(speech.say("hello", { name: "Ruth" })).toBe("Paz, Ruth");
    expect(speech.error("gone")).toBe(es.error_gone);
  });

  it("says of an error nobody knows that it is on our side", async () => {
    expect((await speak(files, ["en"], {})).error("never_heard_of")).toBe(en.error_internal);
  });

  it("takes another language when a file cannot be had, and gives up only when none can", async () => {
    const broken = { en: vi.fn().mockRejectedValue(new Error("offline")), es: files.es };
    expect((await speak(broken, ["en"], {})).say("hello", { name: "Ruth" })).toBe("Hola Ruth");
    await expect(speak({ en: broken.en, es: broken.en }, ["en"], {})).rejects.toThrow();
  });

  it("tells a document how it is read", () => {
    const root = { lang: "", dir: "" } as HTMLElement;
    new Speech("es", es).settle(root);
    expect([root.lang, root.dir]).toEqual(["es", "ltr"]);
  });
});

describe("learning", () => {
  it("goes by what is wanted when the words are here, not when they were asked for", async () => {
    let wanted = ["en"];
    const load = vi.fn(async ([language]: readonly string[]) => {
      wanted = ["es", "en"];
      return language;
    });
    expect(await learn(() => wanted, load)).toBe("es");
    expect(load).toHaveBeenCalledTimes(2);
  });
});
