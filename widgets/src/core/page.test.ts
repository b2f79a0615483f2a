import { afterEach, describe, expect, it } from "vitest";
import { readPage } from "./page";

const at = (url: string) => new URL(url) as unknown as Location;

afterEach(() => {
  document.body.innerHTML = "";
});

describe("the page", () => {
  it("says which church it is, whose sites may hold it, and what is on", () => {
    const script = document.createElement("script");
    script.type = "application/json";
    script.id = "narthex-page";
    script.textContent =
      '{"church":{"slug":"grace","name":"Grace \\u003c3","status":"active"},"sites":["https://a.example"]}';
    document.body.append(script);
    const page = readPage(document, at("https://n.example/w/grace/chat"));
    expect(page.church).toEqual({ slug: "grace", name: "Grace <3", status: "active" });
    expect(page.sites).toEqual(["https://a.example"]);
    expect(page.api).toBe("/api/v1/grace");
    expect(page.live).toBe("wss://n.example/live/grace");
  });

  it("gets along without, by its address alone, and believes no site", () => {
    const page = readPage(document, at("http://127.0.0.1:8000/w/gr%C3%A2ce/chat"));
    expect(page.church.slug).toBe("grâce");
    expect(page.live).toBe("ws://127.0.0.1:8000/live/gr%C3%A2ce");
    expect(page.sites).toEqual([]);
    expect(page.consent.version).toBe("1");
  });
});
