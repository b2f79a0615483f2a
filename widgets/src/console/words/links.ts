/** What the pages behind mailed links say. */

const en = {
  looking: "Opening your link…",
  invite: {
    title: (church: string) => `Welcome to ${church}`,
    intro: (email: string) =>
      `You are invited with the address ${email}. Tell us your name and choose a password, and you are in.`,
    known: (email: string) =>
      `You are invited with the address ${email}, and it has an account here already.`,
    go: "Accept the invitation",
    over: "This invitation does not work any more",
    overWhy:
      "It was used already, has expired, or a newer one was sent. If you accepted it before, just sign in. If not, ask whoever invited you to send a new one: it takes them a moment.",
    done: "The invitation is accepted. Sign in to begin.",
  },
  register: {
    title: (church: string) => `Open your account at ${church}`,
    intro: (email: string) => `Your address ${email} is confirmed. Tell us your name and choose a password.`,
    go: "Open my account",
    over: "This link does not work any more",
    overWhy:
      "It was used already or has expired. If you opened your account before, just sign in. If not, ask for a new link:",
    done: "Your account is open. Sign in to begin.",
  },
  reset: {
    title: "Choose a new password",
    intro: (email: string) => `For your account ${email}. All your other devices will be signed out.`,
    go: "Set the new password",
    over: "This link does not work any more",
    overWhy: "It was used already or has expired: it works once, for one hour. Ask for a new one:",
    done: "Your new password is set. Sign in with it.",
  },
  email: {
    title: "Confirm your new address",
    intro: (email: string) => `From now on your account will belong to ${email}.`,
    go: "Confirm this address",
    over: "This link does not work any more",
    overWhy:
      "It was used already or has expired. If you confirmed before, your new address holds. If not, sign in and ask again under “Your account”.",
    done: "Your new address is confirmed. Sign in with it next time.",
  },
  name: "Your name",
  nameHint: "As others here should see it.",
  newPassword: "New password",
  rules:
    "At least 10 characters. A few words that only you put together are best. Not your name, your address or a password many people use.",
  show: "Show password",
  working: "One moment…",
  forgotLink: "Forgot your password?",
  forgot: "Forgot your password?",
  forgotIntro: "Tell us your address, and we send you a link to choose a new one.",
  forgotGo: "Send me a link",
  sent: "Look into your mailbox",
  sentReset: (email: string) =>
    `If ${email} has an account here, a letter is on its way. Its link works once, for one hour.`,
  sentRegister: (email: string) => `A letter is on its way to ${email}. Its link works once, for 24 hours.`,
  sentHint:
    "Nothing there after a few minutes? Look into the spam folder, or try again with another address.",
  toSignIn: "Go to sign-in",
};

export type LinkWords = typeof en;

const es: LinkWords = {
  looking: "Abriendo tu enlace…",
  invite: {
    title: (church) => `Te damos la bienvenida a ${church}`,
    intro: (email) =>
      `Tienes una invitación con la dirección ${email}. Dinos tu nombre y elige una contraseña, y ya está.`,
    known: (email) => `Tienes una invitación con la dirección ${email}, que ya tiene una cuenta aquí.`,
    go: "Aceptar la invitación",
    over: "Esta invitación ya no sirve",
    overWhy:
      "Ya se usó, venció o se envió una más nueva. Si la aceptaste antes, solo tienes que entrar. Si no, pide una nueva a quien te invitó: es cosa de un momento.",
    done: "La invitación está aceptada. Entra para empezar.",
  },
  register: {
    title: (church) => `Abre tu cuenta en ${church}`,
    intro: (email) => `Tu dirección ${email} está confirmada. Dinos tu nombre y elige una contraseña.`,
    go: "Abrir mi cuenta",
    over: "Este enlace ya no sirve",
    overWhy:
      "Ya se usó o venció. Si abriste tu cuenta antes, solo tienes que entrar. Si no, pide un enlace nuevo:",
    done: "Tu cuenta está abierta. Entra para empezar.",
  },
  reset: {
    title: "Elige una contraseña nueva",
    intro: (email) => `Para tu cuenta ${email}. Se cerrará la sesión en todos tus otros dispositivos.`,
    go: "Guardar la contraseña nueva",
    over: "Este enlace ya no sirve",
    overWhy: "Ya se usó o venció: sirve una vez, durante una hora. Pide uno nuevo:",
    done: "Tu contraseña nueva está guardada. Entra con ella.",
  },
  email: {
    title: "Confirma tu nueva dirección",
    intro: (email) => `Desde ahora tu cuenta será de ${email}.`,
    go: "Confirmar esta dirección",
    over: "Este enlace ya no sirve",
    overWhy:
      "Ya se usó o venció. Si lo confirmaste antes, tu nueva dirección vale. Si no, entra y vuelve a pedirlo en «Tu cuenta».",
    done: "Tu nueva dirección está confirmada. Úsala la próxima vez que entres.",
  },
  name: "Tu nombre",
  nameHint: "Como quieres que lo vean aquí.",
  newPassword: "Contraseña nueva",
  rules:
    "Al menos 10 caracteres. Lo mejor son unas palabras que solo tú juntarías. Ni tu nombre, ni tu dirección, ni una contraseña que usa mucha gente.",
  show: "Mostrar la contraseña",
  working: "Un momento…",
  forgotLink: "¿Olvidaste tu contraseña?",
  forgot: "¿Olvidaste tu contraseña?",
  forgotIntro: "Dinos tu dirección y te enviamos un enlace para elegir una nueva.",
  forgotGo: "Enviarme un enlace",
  sent: "Mira tu buzón",
  sentReset: (email) =>
    `Si ${email} tiene una cuenta aquí, ya va una carta en camino. Su enlace sirve una vez, durante una hora.`,
  sentRegister: (email) => `Va una carta en camino a ${email}. Su enlace sirve una vez, durante 24 horas.`,
  sentHint: "¿No llega en unos minutos? Mira en el correo no deseado, o prueba con otra dirección.",
  toSignIn: "Ir a la entrada",
};

export const linkWords = { en, es };
