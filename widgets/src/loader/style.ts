/** The launcher's and panel's styles; tokens.css lives in our own pages, so the few values used here are repeated.
 *  Light or dark is the host page's own `color-scheme`, which the element inherits. */

const common = `
:host{font:16px/1.5 var(--narthex-font,system-ui,sans-serif)}
:host([hidden]),[hidden]{display:none!important}
button{font:inherit;cursor:pointer;min-block-size:44px;min-inline-size:44px;border:0;border-radius:12px;padding:0 16px}
button:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
.panel{display:flex;flex-direction:column;position:relative;overflow:hidden;border-radius:12px;background:Canvas;color:CanvasText}
.close,.again{background:none;color:inherit;text-decoration:underline}
.close{align-self:end}
.status{margin:0;padding:0 16px}
.frame{flex:1;min-block-size:0;border:0;visibility:hidden}
.shown{visibility:visible}
`;

/** In the page's flow. */
export const inline = `${common}
:host{display:block;block-size:600px;max-block-size:100dvh}
.panel{block-size:100%;border:1px solid #8888}
`;

/** A button over the page, and the panel that it opens. */
export const floating = `${common}
:host{position:fixed;z-index:2147483000;inset-block-end:calc(16px + var(--row)*64px);inset-inline-end:16px}
:host([position=start]){inset-inline:16px auto}
.launcher{display:flex;align-items:center;gap:8px;position:relative;margin-inline-start:auto;border-radius:24px;
background:var(--accent);color:var(--on-accent)}
.launcher::before{content:"";inline-size:24px;block-size:24px;background:currentColor;clip-path:var(--icon)}
.launcher,.panel{box-shadow:0 6px 24px rgb(0 0 0/.2)}
.count{position:absolute;inset-block-start:-6px;inset-inline-end:-4px;min-inline-size:14px;padding:0 4px;border-radius:12px;
font:700 12px/22px sans-serif;background:#a63d2a;color:#fff}
.panel{margin-block-end:12px;inline-size:min(380px,100vw - 32px);block-size:min(620px,100dvh - 104px)}
@media (max-width:520px),(max-height:480px){.panel{position:fixed;inset:0;inline-size:auto;block-size:auto;
margin:0}.panel:not([hidden])~.launcher{display:none}}
`;
