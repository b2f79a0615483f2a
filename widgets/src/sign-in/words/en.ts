/** Every word of the sign-in page, in English; the other languages are held against this list. */

import type { Text } from "../../core/words";

export const en = {
  signInTo: "Sign in to {church}",
  email: "E-mail",
  password: "Password",
  signIn: "Sign in",
  working: "One moment…",
  code: "Six-digit code",
  codeHint: "Open your authenticator app and type the code it shows for this church.",
  recovery: "Recovery code",
  recoveryHint: "One of the codes you kept for this. Each works once.",
  useRecovery: "I cannot use my app",
  useApp: "I can use my app",
  forgot: "Forgot your password?",
  letterSent: "If {email} has an account here, a letter is on its way. Its link works once, for one hour.",
  signedIn: "You are signed in as {name}",
  closeIt: "You can close this page.",
  openChat: "Open the chat",
  paused: "{church} has paused its pages. Please look again another day.",

  error_offline: "There is no connection. Try again in a moment.",
  error_internal: "Something went wrong on our side. Try again in a moment.",
  error_bad_credentials: "That e-mail and password do not belong together. Check both and try again.",
  error_bad_totp: "That code is wrong or too old. Type the one your app shows now.",
  error_account_suspended: "This account is paused. Please write to your church.",
  error_limited: "That was a lot at once. Wait a moment.",
  tooMany: "Too many tries. Wait {span}, then try again.",
} satisfies Record<string, Text>;

export type Key = keyof typeof en;
