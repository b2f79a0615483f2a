/** Every word of the sign-in page, in Spanish. */

import type { Texts } from "../../core/words";
import type { Key } from "./en";

export const es: Texts<Key> = {
  signInTo: "Entrar en {church}",
  email: "Correo electrónico",
  password: "Contraseña",
  signIn: "Entrar",
  working: "Un momento…",
  code: "Código de seis cifras",
  codeHint: "Abre tu aplicación de autenticación y escribe el código que muestra para esta iglesia.",
  recovery: "Código de recuperación",
  recoveryHint: "Uno de los códigos que guardaste para esto. Cada uno sirve una vez.",
  useRecovery: "No puedo usar mi aplicación",
  useApp: "Puedo usar mi aplicación",
  forgot: "¿Olvidaste tu contraseña?",
  letterSent:
    "Si {email} tiene una cuenta aquí, una carta va en camino. Su enlace sirve una vez, durante una hora.",
  signedIn: "Entraste como {name}",
  closeIt: "Puedes cerrar esta página.",
  openChat: "Abrir el chat",
  paused: "{church} puso sus páginas en pausa. Vuelve a mirar otro día.",

  error_offline: "No hay conexión. Inténtalo de nuevo en un momento.",
  error_internal: "Algo falló de nuestro lado. Inténtalo de nuevo en un momento.",
  error_bad_credentials: "Ese correo y esa contraseña no van juntos. Revisa los dos e inténtalo de nuevo.",
  error_bad_totp: "Ese código es incorrecto o ya venció. Escribe el que tu aplicación muestra ahora.",
  error_account_suspended: "Esta cuenta está en pausa. Escribe a tu iglesia.",
  error_limited: "Fue mucho de una vez. Espera un momento.",
  tooMany: "Demasiados intentos. Espera {span} e inténtalo de nuevo.",
};
