/** Take the line breaks and indents out of html`…` templates: they are for who reads the source, and weigh a tenth. */
export function tightTemplates() {
  return {
    name: "tight-templates",
    apply: "build" as const,
    enforce: "pre" as const,
    transform: (code: string, id: string) =>
      /\/src\/.*\.ts$/.test(id) && code.includes("html`") ? { code: tight(code), map: null } : null,
  };
}

/** Return the source with each run of white space around a line break in an html template made one space. */
export function tight(code: string): string {
  const open: ("html" | "text" | number)[] = []; // templates we are in; a number counts braces of code inside one
  let out = "";
  for (let at = 0; at < code.length; at++) {
    const inside = open.at(-1);
    const char = code[at] as string;
    if (char === "`" && inside !== "html" && inside !== "text")
      open.push(/\bhtml$/.test(out.slice(-5)) ? "html" : "text");
    else if (char === "`") open.pop();
    else if (typeof inside === "string" && char === "\\") out += code[at++];
    else if (typeof inside === "string" && char === "$" && code[at + 1] === "{") {
      open.push(0);
      out += code[at++];
    } else if (typeof inside === "number") {
      if (char === "{") open[open.length - 1] = inside + 1;
      else if (char === "}" && inside === 0) open.pop();
      else if (char === "}") open[open.length - 1] = inside - 1;
    } else if (inside === "html" && /\s/.test(char)) {
      const space = (/^\s+/.exec(code.slice(at)) as RegExpExecArray)[0];
      out += space.includes("\n") ? " " : space;
      at += space.length - 1;
      continue;
    }
    out += code[at];
  }
  return out;
}
