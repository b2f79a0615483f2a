/** One labelled box of a form, with its hint and with what was wrong in it. */

import { html, nothing, type TemplateResult } from "lit";
import { ApiError } from "./api";
import type { Messages } from "./messages";

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "email" | "password" | "number" | "url" | "date" | "time";
  readonly value?: string;
  readonly hint?: string;
  readonly error?: string | undefined;
  readonly autocomplete?: AutoFill;
  readonly required?: boolean;
  readonly most?: number;
  readonly inputmode?: "numeric" | "text";
}

/** What was wrong in each field, by the field's name. */
export type Wrong = Readonly<Record<string, string>>;

/** Draw a field. Its error is tied to the box, so that it is read out with it. */
export function field(box: Field): TemplateResult {
  const described = [box.hint && `${box.name}-hint`, box.error && `${box.name}-error`]
    .filter(Boolean)
    .join(" ");
  const type = box.type ?? "text";
  return html`
    <label for=${box.name}>${box.label}</label>
    <input id=${box.name} name=${box.name} type=${type} .defaultValue=${box.value ?? ""}
      autocomplete=${box.autocomplete ?? "off"} ?required=${box.required ?? true} maxlength=${box.most ?? 254}
      inputmode=${box.inputmode ?? nothing} spellcheck=${type === "text" ? nothing : "false"}
      autocapitalize=${type === "text" ? nothing : "none"}
      aria-invalid=${box.error ? "true" : nothing} aria-describedby=${described || nothing} />
    ${box.error ? html`<p class="wrong" id="${box.name}-error">${box.error}</p>` : nothing}
    ${box.hint ? html`<p class="hint" id="${box.name}-hint">${box.hint}</p>` : nothing}
  `;
}

/** Return what a refusal says about each field, in the reader's language where we know the code. */
export function wrongIn(error: unknown, say: Messages): Wrong {
  if (!(error instanceof ApiError)) return {};
  return Object.fromEntries(
    error.errors.map((one) => [one.pointer.replace(/^\//, ""), say.codes[one.code] ?? one.detail]),
  );
}

/** Read what was typed into a form's field. */
export function typed(form: HTMLFormElement, name: string): string {
  return String(new FormData(form).get(name) ?? "");
}
