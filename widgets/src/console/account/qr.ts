/** A QR code drawn here, as one SVG path: no picture is asked of anybody, because it holds a secret. */

import { html, svg, type TemplateResult } from "lit";
import qrcode from "qrcode-generator";

const QUIET = 4; // modules of white around it, which scanners need (ISO/IEC 18004)

/** Return the dark modules as an SVG path, and how many modules a side has. */
export function modules(text: string): { readonly path: string; readonly side: number } {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const side = code.getModuleCount();
  let path = "";
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++)
      if (code.isDark(row, column)) path += `M${column} ${row}h1v1h-1z`;
  return { path, side };
}

/** Draw a text as a QR code with words for who cannot see it. Always dark on white: scanners need that. */
export function qr(text: string, label: string): TemplateResult {
  const { path, side } = modules(text);
  const box = `${-QUIET} ${-QUIET} ${side + 2 * QUIET} ${side + 2 * QUIET}`;
  return html`<svg class="qr" viewBox=${box} role="img" aria-label=${label} shape-rendering="crispEdges">
    ${svg`<path d=${path} />`}
  </svg>`;
}
