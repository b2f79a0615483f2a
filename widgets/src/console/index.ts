/** The console's page: set the reader's language, then define its elements. */

import "../core/tokens.css";
import "./console.css";
import "./styles/home.css";
import "./styles/live.css";
import "./styles/queue.css";
import "./styles/care.css";
import "./styles/prayers.css";
import "./styles/website.css";
import { chooseLanguage } from "../core/language";
import { ELEMENTS } from "./elements";

document.documentElement.lang = chooseLanguage(navigator.languages);
for (const [name, element] of ELEMENTS) customElements.define(name, element);
