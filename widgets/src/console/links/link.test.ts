import { afterEach, describe, expect, it } from "vitest";
import { readLink, takeLink } from "./link";

const token = "abcDEF_-0123456789abcDEF_-0123456789abcDEF0";

afterEach(() => window.history.replaceState(null, "", "/console/grace"));

describe("readLink", () => {
  it.each(["register", "reset", "email", "invite"] as const)("reads the kind and the token of %s", (kind) => {
    expect(readLink(`#${kind}=${token}`)).toEqual({ kind, token });
  });

  it.each(["", "#", "#live", "#invite", "#invite=", "#other=abc", "#invite=a&b", "#invite=<b>"])(
    "takes %j for no link",
    (hash) => expect(readLink(hash)).toBeNull(),
  );
});

describe("takeLink", () => {
  it("leaves no token in the address bar, and no way back to it", () => {
    window.history.replaceState(null, "", `/console/grace?x=1#reset=${token}`);
    const before = window.history.length;
    expect(takeLink(window)).toEqual({ kind: "reset", token });
    expect(window.location.href).not.toContain(token);
    expect(window.location.pathname + window.location.search).toBe("/console/grace?x=1");
    expect(window.history.length).toBe(before);
  });

  it("leaves any other address alone", () => {
    window.history.replaceState(null, "", "/console/grace#live");
    expect(takeLink(window)).toBeNull();
    expect(window.location.hash).toBe("#live");
  });
});
