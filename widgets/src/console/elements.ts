/** Every element of the console by its name; the page itself comes last, so that its parts are there. */

import { NarthexEmail } from "./account/email";
import { NarthexFactor } from "./account/factor";
import { NarthexAccount } from "./account/page";
import { NarthexPassword } from "./account/password";
import { NarthexSessions } from "./account/sessions";
import { NarthexConsole } from "./app";
import { NarthexAudit } from "./audit";
import { NarthexConversation } from "./care/conversation";
import { NarthexCare } from "./care/page";
import { NarthexPast } from "./care/past";
import { NarthexCareRules } from "./care/settings";
import { NarthexTask } from "./care/task";
import { NarthexTasks } from "./care/tasks";
import { NarthexCopy } from "./copy";
import { NarthexGathering } from "./gatherings/form";
import { NarthexGatherings } from "./gatherings/page";
import { NarthexHome } from "./home";
import { NarthexForgot } from "./links/forgot";
import { NarthexLink } from "./links/page";
import { NarthexCase } from "./live/case";
import { NarthexControls } from "./live/controls";
import { NarthexLive } from "./live/page";
import { NarthexHere } from "./live/people";
import { NarthexPerson } from "./live/person";
import { NarthexInvitations } from "./people/invitations";
import { NarthexPeople } from "./people/page";
import { NarthexPrayers } from "./prayers/page";
import { NarthexPrint } from "./prayers/print";
import { NarthexReplies } from "./prayers/replies";
import { NarthexRequest } from "./prayers/request";
import { NarthexRequests } from "./prayers/requests";
import { NarthexPrayerRules } from "./prayers/settings";
import { NarthexWeek } from "./prayers/week";
import { NarthexWaiting } from "./queue/case";
import { NarthexConcern } from "./queue/concern";
import { NarthexNotes } from "./queue/notes";
import { NarthexQueue } from "./queue/page";
import { NarthexPhrases } from "./queue/phrases";
import { NarthexPicker } from "./queue/picker";
import { NarthexWording } from "./queue/wording";
import { NarthexRota } from "./rota/page";
import { NarthexShift } from "./rota/shift";
import { NarthexSafety } from "./safety/page";
import { NarthexRestrained } from "./safety/restrained";
import { NarthexSignIn } from "./sign-in";
import { NarthexUndo } from "./undo";
import { NarthexAlarms } from "./watch/alarms";
import { NarthexSnippet } from "./website/page";
import { NarthexPinned } from "./website/pinned";
import { NarthexPreview } from "./website/preview";
import { NarthexTexts } from "./website/texts";

export const ELEMENTS: readonly (readonly [string, CustomElementConstructor])[] = [
  ["narthex-sign-in", NarthexSignIn],
  ["narthex-forgot", NarthexForgot],
  ["narthex-link", NarthexLink],
  ["narthex-copy", NarthexCopy],
  ["narthex-account", NarthexAccount],
  ["narthex-factor", NarthexFactor],
  ["narthex-sessions", NarthexSessions],
  ["narthex-password", NarthexPassword],
  ["narthex-email", NarthexEmail],
  ["narthex-undo", NarthexUndo],
  ["narthex-alarms", NarthexAlarms],
  ["narthex-picker", NarthexPicker],
  ["narthex-phrases", NarthexPhrases],
  ["narthex-wording", NarthexWording],
  ["narthex-concern", NarthexConcern],
  ["narthex-notes", NarthexNotes],
  ["narthex-waiting", NarthexWaiting],
  ["narthex-queue", NarthexQueue],
  ["narthex-task", NarthexTask],
  ["narthex-tasks", NarthexTasks],
  ["narthex-past", NarthexPast],
  ["narthex-care-rules", NarthexCareRules],
  ["narthex-conversation", NarthexConversation],
  ["narthex-care", NarthexCare],
  ["narthex-replies", NarthexReplies],
  ["narthex-request", NarthexRequest],
  ["narthex-requests", NarthexRequests],
  ["narthex-week", NarthexWeek],
  ["narthex-print", NarthexPrint],
  ["narthex-prayer-rules", NarthexPrayerRules],
  ["narthex-prayers", NarthexPrayers],
  ["narthex-shift", NarthexShift],
  ["narthex-rota", NarthexRota],
  ["narthex-case", NarthexCase],
  ["narthex-person", NarthexPerson],
  ["narthex-here", NarthexHere],
  ["narthex-controls", NarthexControls],
  ["narthex-live", NarthexLive],
  ["narthex-gathering", NarthexGathering],
  ["narthex-gatherings", NarthexGatherings],
  ["narthex-restrained", NarthexRestrained],
  ["narthex-safety", NarthexSafety],
  ["narthex-pinned", NarthexPinned],
  ["narthex-texts", NarthexTexts],
  ["narthex-preview", NarthexPreview],
  ["narthex-snippet", NarthexSnippet],
  ["narthex-people", NarthexPeople],
  ["narthex-invitations", NarthexInvitations],
  ["narthex-audit", NarthexAudit],
  ["narthex-home", NarthexHome],
  ["narthex-console", NarthexConsole],
];
