/** What stands around every page of the console. */

const en = {
  pages: {
    queue: "Queue",
    prayers: "Prayers",
    care: "Care desk",
    rota: "Rota",
    live: "Live",
    gatherings: "Gatherings",
    safety: "Safety",
    widgets: "Website",
    people: "People with a key",
    audit: "History",
    account: "Your account",
  },
  navigation: "Pages",
  skip: "Skip to the page",
  loading: "Loading…",
  more: "Show more",
  again: "Try again",
  save: "Save",
  saved: "Saved.",
  cancel: "Cancel",
  copy: "Copy",
  copied: "Copied.",
  notCopied: "It could not be copied. Here it is, marked: copy it yourself.",
  undo: "Undo",
};

export type HomeWords = typeof en;

const es: HomeWords = {
  pages: {
    queue: "Por decidir",
    prayers: "Oraciones",
    care: "Acompañamiento",
    rota: "Turnos",
    live: "En vivo",
    gatherings: "Encuentros",
    safety: "Seguridad",
    widgets: "Sitio web",
    people: "Personas con llave",
    audit: "Historial",
    account: "Tu cuenta",
  },
  navigation: "Páginas",
  skip: "Ir a la página",
  loading: "Cargando…",
  more: "Mostrar más",
  again: "Intentar de nuevo",
  save: "Guardar",
  saved: "Guardado.",
  cancel: "Cancelar",
  copy: "Copiar",
  copied: "Copiado.",
  notCopied: "No se pudo copiar. Aquí está, marcado: cópialo tú.",
  undo: "Deshacer",
};

export const homeWords = { en, es };
