// @vitest-environment node

import { describe, expect, it } from "vitest";
import { tight } from "./templates";

describe("tight templates", () => {
  it("lose their line breaks and indents, and nothing else", () => {
    expect(tight("html`<p>\n    a  b\n  </p>`")).toBe("html`<p> a  b </p>`");
    expect(tight("const a = 1;\n  b = 2;")).toBe("const a = 1;\n  b = 2;");
    expect(tight("css`a {\n  b: c\n}`")).toBe("css`a {\n  b: c\n}`");
  });

  it("are found inside one another, with code between", () => {
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the samples are source code
    const code = "html`<a>\n  ${x ? html`<b>\n  ${y}</b>` : { z: `\n  ` }}\n</a>`;\n  f();";
    expect(tight(code)).toBe("html`<a> ${x ? html`<b> ${y}</b>` : { z: `\n  ` }} </a>`;\n  f();");
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the samples are source code
  });

  it("keep what is escaped", () => {
    expect(tight("html`a \\`\n  b`;\n  c")).toBe("html`a \\` b`;\n  c");
  });
});
