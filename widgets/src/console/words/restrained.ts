/** What the list of those who are kept out or held back says. */

const en = {
  title: "Kept out and held back",
  nobody: "Nobody is kept out or held back. May it stay so.",
  bans: "Kept out",
  restraints: "Held back",
  nameless: "Somebody without a name",
  until: (when: string) => `until ${when}`,
  forGood: "for good",
  over: "over",
  madeBy: (name: string, when: string) => `by ${name || "the church"}, ${when}`,
  reason: (text: string) => `Why: ${text}`,
  lifted: (when: string, name: string) => `let in again ${when} by ${name || "the church"}`,
  recognised: (kinds: string) => `recognised by ${kinds}`,
  kinds: { account: "account", device: "device", address: "network" } as Record<string, string>,
  acts: { timeout: "pauses", shadow: "only hosts see what they write" },
  lift: "Let in again",
  end: "End it",
  letIn: (name: string) => `${name} may come in again.`,
  ended: (name: string) => `${name} can write again like everybody.`,
  past: "Also show who was kept out and is not any more",
};

export type RestrainedWords = typeof en;

const es: RestrainedWords = {
  title: "Fuera o en pausa",
  nobody: "Nadie está fuera ni en pausa. Ojalá siga así.",
  bans: "Fuera",
  restraints: "En pausa u ocultos",
  nameless: "Alguien sin nombre",
  until: (when) => `hasta ${when}`,
  forGood: "para siempre",
  over: "terminado",
  madeBy: (name, when) => `por ${name || "la iglesia"}, ${when}`,
  reason: (text) => `Por qué: ${text}`,
  lifted: (when, name) => `puede entrar de nuevo desde ${when}, por ${name || "la iglesia"}`,
  recognised: (kinds) => `se reconoce por ${kinds}`,
  kinds: { account: "cuenta", device: "dispositivo", address: "red" },
  acts: { timeout: "en pausa", shadow: "solo los anfitriones ven lo que escribe" },
  lift: "Dejar entrar de nuevo",
  end: "Terminarlo",
  letIn: (name) => `${name} puede entrar de nuevo.`,
  ended: (name) => `${name} puede escribir de nuevo como todo el mundo.`,
  past: "Mostrar también a quienes estuvieron fuera y ya no",
};

export const restrainedWords = { en, es };
