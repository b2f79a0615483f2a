/** Every word the loader shows beside the names of its elements; # stands for what is opening, or for a number. */

import type { Language } from "../core/language";

export const texts = {
  en: {
    close: "Close",
    opening: "Opening #…",
    failed: "Could not open # just now. ",
    again: "Try again",
    unread: "# unread",
  },
  es: {
    close: "Cerrar",
    opening: "Abriendo #…",
    failed: "No se pudo abrir # en este momento. ",
    again: "Intentar de nuevo",
    unread: "# sin leer",
  },
} satisfies Record<Language, Record<string, string>>;
