// Made by `narthex types` from the server's Structs; do not edit. A test holds this file against them.

/** Close codes of a socket; from 4500 on a client does not come back by itself. */
export const CLOSES = {
  NORMAL: 1000,
  RESTART: 1012,
  TOKEN_EXPIRED: 4001,
  SILENT: 4002,
  NO_HELLO: 4003,
  SLOW: 4008,
  POSITION_LOST: 4009,
  INTERNAL: 4011,
  LIMITED: 4029,
  NOT_ALLOWED: 4501,
  FORBIDDEN: 4503,
  BANNED: 4504,
  PROTOCOL_ERROR: 4510,
} as const;

export type ClientFrame = HelloFrame | JoinFrame | LeaveFrame | PushFrame | TokenFrame | PingFrame;

export type ServerFrame = WelcomeFrame | ReplyFrame | EventFrame | LatestFrame | EphemeralFrame | PlacesFrame | PresenceFrame | LeftFrame | PongFrame | DrainFrame;

/** An alarm on the screens of those who are called; gone from all of them once somebody has seen to it. */
export interface AlarmShown {
  id: string;
  kind: "abuse" | "self_harm" | "unattended" | "unsafe";
  about: "care" | "concern" | "message" | "note" | "prayer" | "queue" | "reply";
  at: string;
  subject?: string | null;
  seen?: boolean;
  seen_by?: string;
}

/** The prayer was answered; a testimony waits for the team before others read it. */
export interface Answered {
  testimony?: string;
}

/** A new key with its text, shown this once. */
export interface ApiKeyMade {
  key: ApiKeyShown;
  text: string;
}

/** An API key without the key itself; `hint` is its last four characters. */
export interface ApiKeyShown {
  id: string;
  name: string;
  hint: string;
  scopes: string[];
  created_by: string | null;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
  stopped: "maker_lost_role" | "maker_suspended" | null;
}

/** API keys in the order they were made, and where to go on. */
export interface ApiKeysPage {
  items: ApiKeyShown[];
  next: string | null;
}

/** Which requests I ask about; who is not signed in gives the `mark` of their device. */
export interface AskMine {
  ids: string[];
  mark?: string | null;
}

/** The answer to a request: it waits. `link` opens it for whoever holds it, is shown once and kept nowhere. */
export interface Asked {
  id: string;
  link: string;
  state: "answered" | "approved" | "archived" | "declined" | "expired" | "held" | "pastor" | "withdrawn";
  card?: string;
}

/** Whose case it is; null: anybody's. */
export interface Assign {
  to?: string | null;
}

/** Who did it. */
export interface AuditActor {
  kind: string;
  id: string | null;
  name: string;
}

/** One thing that was done. */
export interface AuditEntry {
  seq: number;
  at: string;
  actor: AuditActor;
  action: string;
  subject: string;
  details: Record<string, unknown>;
  request_id: string;
  address: string | null;
  prev_hash: string;
  hash: string;
}

/** Entries newest first, and where to go on. */
export interface AuditPage {
  items: AuditEntry[];
  next: string | null;
}

/** Whether the history is what was written; keep seq and hash of the head to prove later that none was cut off. */
export interface AuditVerdict {
  intact: boolean;
  entries: number;
  head_seq: number;
  head_hash: string;
  broken_at: number | null;
  reason: string;
}

/** Who wrote it. `mark` stands behind a name that another person here has too; `label` is a host's badge. */
export interface AuthorShown {
  id: string;
  kind: string;
  name: string;
  mark?: string;
  label?: string;
}

/** A ban as hosts see it. */
export interface BanShown {
  id: string;
  person: string;
  name: string;
  kinds: ("account" | "address" | "device")[];
  reason: string;
  made_by: string;
  made_at: string;
  expires_at: string | null;
  lifted_at: string | null;
  lifted_by: string | null;
}

/** How many members on one node have not been written everything yet. */
export interface Behind {
  node: string;
  count: number;
}

/** Whom I block, or block no more. */
export interface Blocked {
  id: string;
}

/** Whom I blocked. */
export interface Blocks {
  people: string[];
}

/** A card for somebody in need. `country` is empty where we know none of its helplines and show where to look. */
export interface Card {
  country: string;
  language: string;
  text: string;
  danger: string;
  emergency: string;
  helplines: HelplineShown[];
}

/** I would like somebody to pray with. `topic` may stay empty; `minor`: I am under 18. */
export interface CareAsk {
  language?: string;
  topic?: string;
  minor?: boolean;
}

/** What was said in this conversation is erased. */
export interface CareErased {
  id: string;
}

/** Another volunteer has handed this conversation over to you: you are in it now. */
export interface CareGiven {
  id: string;
}

/** A conversation as those in it see it. `needs_second`: nobody writes before a second volunteer is there. */
export interface CareSessionShown {
  id: string;
  version: number;
  state: "active" | "ended" | "handed_off" | "left" | "waiting";
  name: string;
  language: string;
  topic: string;
  words: "erase" | "keep" | "seal";
  asked_at: string;
  room?: string | null;
  first?: string;
  second?: string;
  needs_second?: boolean;
  minor?: boolean;
  card?: string;
  ended_at?: string | null;
}

/** A church's rules for one-to-one prayer. */
export interface CareSettings {
  open?: boolean;
  words?: "erase" | "keep" | "seal";
  keep_days?: number;
  two_adults?: "always" | "minors" | "never";
  minors?: "allow" | "form";
  patience_seconds?: number;
  promise?: string;
}

/** Somebody who asks for a person to pray with; the case's reason is `second` when one is there and two must be. */
export interface CareShown {
  id: string;
  name: string;
  language: string;
  topic: string;
  minor: boolean;
}

/** How a conversation stands, and while somebody waits their place in the queue. */
export interface CareSnapshot {
  session: CareSessionShown;
  place: Place | null;
}

/** A case with what it is about, as everybody who works on this queue sees it. Newest state by `id`. */
export interface CaseShown {
  id: string;
  kind: "care" | "concern" | "flag" | "message" | "prayer" | "reply" | "report";
  team: "care" | "chat" | "pastors" | "prayer";
  state: "closed" | "decided" | "open";
  weight: number;
  version: number;
  subject: string;
  subject_version: number;
  opened_at: string;
  reason?: string;
  crisis?: string;
  request?: TeamRequest | null;
  reply?: ReplyHeldShown | null;
  message?: MessageShown | null;
  room?: string;
  care?: CareShown | null;
  flags?: FlagShown[];
  reports?: ReportedShown[];
  notes?: number;
  claimed_by?: string | null;
  claimed_by_name?: string;
  claimed_until?: string | null;
  assigned_to?: string | null;
  assigned_to_name?: string;
  verdict?: string;
  decided_by_name?: string;
  decided_at?: string | null;
  undo_until?: string | null;
}

/** What shall be different; what is left out stays. */
export interface Change {
  title?: string;
  starts_at?: string;
  ends_at?: string;
  zone?: string;
  video_url?: string;
  opens_before?: number;
  closes_after?: number;
}

/** What anybody may know of a church. `slug` is its present one, also when it was asked for by an older one. */
export interface Church {
  slug: string;
  name: string;
  status: "active" | "suspended";
}

/** The church one is signed in to. */
export interface ChurchShown {
  slug: string;
  name: string;
}

/** Whose messages are taken down: in one room, or without `room` in all. */
export interface Clear {
  person: string;
  room?: string | null;
}

/** How many messages were taken down. */
export interface Cleared {
  removed: number;
}

/** A concern, as pastors read it; `about` names who else was in the conversation. Decide over its `version`. */
export interface ConcernShown {
  id: string;
  version: number;
  session: string;
  by: string;
  about: string[];
  reason: "other" | "private" | "unkind" | "unsafe";
  note: string;
  at: string;
}

/** It arrived. `card`: the note speaks of a great need; show helplines of this kind at once. */
export interface ConcernTold {
  card: string;
}

/** What a visitor agrees to before the first message: the version of the text, and where to read it. */
export interface Consent {
  version?: string;
  url?: string;
}

/** Who is signed in to the console, and the token that each write repeats in `X-CSRF-Token`. */
export interface ConsoleSession {
  person: SignedIn;
  church: ChurchShown;
  csrf: string;
}

/** A decision over the version that was read; `public_body` is the wording that is put up with it. */
export interface Decide {
  verdict: "approve" | "decline" | "keep" | "pastor" | "remove";
  version: number;
  public_body?: string;
}

/** This server is about to stop: the close comes within `after_ms`, come back after it. */
export interface DrainFrame {
  type: "drain";
  after_ms: number;
}

/** The new words of a message. */
export interface Edit {
  body: string;
}

/** The answer to an edit: the message as it is now. `card` names a helpline card to show to the author. */
export interface Edited {
  id: string;
  room: string;
  number: number | null;
  at: string;
  author?: AuthorShown | null;
  body?: string;
  reply_to?: string | null;
  mentions?: string[];
  edited_at?: string | null;
  pinned?: boolean;
  state?: "declined" | "held" | "posted" | "removed";
  removed_by?: "author" | "erasure" | "host" | null;
  card?: string;
}

/** What the team changes about a request; its asker's own words stay. */
export interface Editing {
  version: number;
  public_body?: string;
  visibility?: "members" | "pastors" | "team" | "wall";
  category?: "faith" | "family" | "grief" | "health" | "other" | "thanks" | "work" | "world";
  urgent?: boolean;
}

/** The token that the new address was sent. */
export interface EmailConfirmed {
  token: string;
}

/** One emoji. */
export interface EmojiBody {
  emoji: string;
}

/** The answer to an encouragement: it waits. `card` names a need that was found. */
export interface Encouraged {
  id: string;
  state: string;
  card?: string;
}

/** Something passing, such as typing; never replayed. */
export interface EphemeralFrame {
  type: "ephemeral";
  topic: string;
  event: string;
  data: unknown;
}

/** One event of a topic's log. `data` is the entity's full state, null when a later event took it away. */
export interface EventFrame {
  type: "event";
  topic: string;
  seq: number;
  event: string;
  at: string;
  data: unknown;
}

/** What is needed to plan a gathering. */
export interface EventsPlan {
  title: string;
  starts_at: string;
  ends_at: string;
  zone: string;
  video_url?: string;
  opens_before?: number;
  closes_after?: number;
}

/** One line of a room's export. */
export interface Exported {
  number: number;
  at: string;
  state: string;
  author?: string;
  author_id?: string | null;
  body?: string;
  reply_to?: string | null;
  edited_at?: string | null;
  reactions?: Record<string, number>;
  id?: string | null;
}

/** Whether signing in asks for a code, and how many recovery codes are left. */
export interface FactorState {
  totp: boolean;
  recovery_codes: number;
}

/** Name one wrong field: a JSON pointer, a code for programs, a sentence for people, the limit broken. */
export interface FieldError {
  pointer: string;
  code: string;
  detail: string;
  limit?: number | string | null;
}

/** Why the team should look at it again. */
export interface Flag {
  reason: "other" | "private" | "spam" | "unkind" | "unsafe";
  note?: string;
}

/** A flag as the team sees it; never who raised it. */
export interface FlagShown {
  reason: "other" | "private" | "spam" | "unkind" | "unsafe";
  note: string;
  team: boolean;
  at: string;
}

/** Emoji that were thrown within the last second, with how often. */
export interface Floats {
  emoji: Record<string, number>;
}

/** An address whose password is forgotten. */
export interface Forgotten {
  email: string;
}

/** A gathering as everyone may see it; the doors are open from `opens_at` to `closes_at`. */
export interface GatheringShown {
  id: string;
  title: string;
  starts_at: string;
  ends_at: string;
  zone: string;
  video_url: string;
  opens_before: number;
  closes_after: number;
  opens_at: string;
  closes_at: string;
  cancelled: boolean;
}

/** A guest. */
export interface GuestShown {
  id: string;
  nickname: string;
}

/** A visitor's nickname, what they agreed to, and the page they are on. */
export interface GuestSignIn {
  nickname: string;
  consent: string;
  site?: string;
  locale?: string;
}

/** Who goes on; null: back to the front of the queue. */
export interface HandOver {
  to?: string | null;
}

/** What waits for a decision in one room, oldest first. */
export interface HeldList {
  held: HeldShown[];
}

/** A message that waits, as hosts see it. */
export interface HeldShown {
  message: MessageShown;
  reason: string;
  shadow: boolean;
}

/** The first frame, within 10 s; without a token the session is an anonymous viewer. */
export interface HelloFrame {
  type: "hello";
  token?: string | null;
}

/** Who listens, and how they are reached; what they do not offer is empty, and `hours` where it is not all day. */
export interface HelplineShown {
  name: string;
  kinds: ("abuse" | "self_harm")[];
  languages: string[];
  phone: string;
  text: string;
  url: string;
  hours: string;
}

/** I am here now, or not any more; to be said again every two minutes. */
export interface Here {
  here: boolean;
  languages?: string[];
}

/** Messages in the room's order. Go on with `before` the first number or `after` the last one. */
export interface History {
  messages: MessageShown[];
  reactions: Record<string, Record<string, number>>;
  versions: Record<string, number>;
  older: boolean;
  newer: boolean;
}

/** A public key of the church's website. */
export interface HostKeyShown {
  id: string;
  name: string;
  kid: string;
  issuer: string;
  algorithm: string;
  created_at: string;
  revoked_at: string | null;
}

/** Public keys in the order they were added, and where to go on. */
export interface HostKeysPage {
  items: HostKeyShown[];
  next: string | null;
}

/** What went wrong (RFC 9457). Programs read `code`, people read `detail`; `errors` names each wrong field. */
export interface HttpProblem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  errors?: FieldError[];
  request_id?: string;
  retry_after?: number | null;
  extra?: Record<string, unknown>;
}

/** A JWT by which the church's own website says who its visitor is; it is taken once and lives five minutes. */
export interface IdentityExchange {
  token: string;
  site?: string;
}

/** The token; name and password only when there is no account yet. */
export interface InvitationAccepted {
  token: string;
  name?: string | null;
  password?: string | null;
}

/** An open invitation. */
export interface InvitationShown {
  id: string;
  email: string;
  roles: string[];
  invited_by: string | null;
  created_at: string;
  expires_at: string;
}

/** Open invitations in the order they were sent, and where to go on. */
export interface InvitationsPage {
  items: InvitationShown[];
  next: string | null;
}

/** Subscribe to a topic; `after` is the last position this client has, without it a snapshot comes. */
export interface JoinFrame {
  type: "join";
  ref: number;
  topic: string;
  after?: Position | null;
}

/** The `data` of a join's reply: what was missed when `recovered`, else the channel's snapshot. */
export interface Joined {
  epoch: string;
  seq: number;
  recovered: boolean;
  events?: unknown[];
  snapshot?: unknown;
}

/** The newest value of something; older ones may have been skipped. */
export interface LatestFrame {
  type: "latest";
  topic: string;
  event: string;
  data: unknown;
}

/** End a subscription. */
export interface LeaveFrame {
  type: "leave";
  ref: number;
  topic: string;
}

/** The server ends one subscription. */
export interface LeftFrame {
  type: "left";
  topic: string;
  code: string;
}

/** One message of a conversation that was kept. */
export interface Line {
  at: string;
  name: string;
  body: string;
}

/** A link to be looked at before it is used. */
export interface LinkLook {
  kind: "email" | "invite" | "register" | "reset";
  token: string;
}

/** What a link is for; with an account, accepting an invitation needs no password. */
export interface LinkTold {
  kind: "email" | "invite" | "register" | "reset";
  email: string;
  name: string;
  has_account: boolean;
}

/** Whom to invite, and as what. */
export interface LinksInvitation {
  email: string;
  roles?: ("admin" | "member" | "moderator" | "owner" | "pastor" | "prayer_team")[];
  locale?: string;
}

/** Whether only hosts may write, since when and by whom. */
export interface LockShown {
  locked: boolean;
  since: string | null;
  by: string | null;
}

/** Who is asking. */
export interface Me {
  kind: string;
  id: string | null;
  name: string;
  roles: string[];
  scopes: string[];
  second_factor: boolean;
}

/** What concerns me alone: messages that only I see as sent, and whom I blocked. */
export interface MeSnapshot {
  held: MessageShown[];
  blocked: string[];
}

/** Somebody on the list of a room. */
export interface MemberShown {
  id: string;
  role: "host" | "member";
  joined_at: string;
}

/** The full public state of a message. A client keeps the newest state by `id` and orders by `number`. */
export interface MessageShown {
  id: string;
  room: string;
  number: number | null;
  at: string;
  author?: AuthorShown | null;
  body?: string;
  reply_to?: string | null;
  mentions?: string[];
  edited_at?: string | null;
  pinned?: boolean;
  state?: "declined" | "held" | "posted" | "removed";
  removed_by?: "author" | "erasure" | "host" | null;
}

/** What became of a held message. */
export interface MessagesDecision {
  id: string;
  room: string;
  state: "declined" | "posted";
}

/** What only I see of a room: how far I have read, what I reacted, what of mine waits, until when I pause. */
export interface MessagesMine {
  read_to: number;
  unread: number;
  reactions: Record<string, string[]>;
  held: MessageShown[];
  timeout_until: string | null;
}

/** A key to be made. */
export interface NewApiKey {
  name: string;
  scopes: string[];
  expires_at?: string | null;
}

/** Whom to keep out, by what they are recognised, until when (null: for good). */
export interface NewBan {
  person: string;
  name?: string;
  kinds?: ("account" | "address" | "device")[];
  reason?: string;
  expires_at?: string | null;
  clear?: boolean;
}

/** What was not right in a conversation (`session`) that I am or was in; pastors read it, nobody else. */
export interface NewConcern {
  session: string;
  reason: "other" | "private" | "unkind" | "unsafe";
  note?: string;
}

/** The address to have, and the present password. */
export interface NewEmail {
  email: string;
  password: string;
}

/** A public key by which the church's website vouches for its visitors. */
export interface NewHostKey {
  name: string;
  kid: string;
  issuer: string;
  public_key: PublicKey;
}

/** A remark for the team. */
export interface NewNote {
  body: string;
}

/** Words to be added below a request. */
export interface NewReply {
  body: string;
}

/** A room for hosts or invited people; rooms of gatherings are made by planning the gathering. */
export interface NewRoom {
  kind: "hosts" | "invited";
  title: string;
  people?: string[];
}

/** Something to be done later, after a conversation (`session`) or a prayer request (`request`), or by itself. */
export interface NewTask {
  title: string;
  note?: string;
  session?: string | null;
  request?: string | null;
  assigned_to?: string | null;
  due_on?: string | null;
}

/** Another nickname. */
export interface NicknameChange {
  nickname: string;
}

/** A remark of the team. */
export interface NoteShown {
  id: string;
  body: string;
  name: string;
  at: string;
}

/** What is on at this moment, and what comes next. */
export interface Now {
  current: GatheringShown | null;
  next: GatheringShown | null;
}

/** Whether somebody can be there now. Shown to everybody: no names, and no more than a yes for small numbers. */
export interface Offer {
  open: boolean;
  languages: string[];
  waiting: number;
  wait_seconds: number | null;
  words: "erase" | "keep" | "seal";
  promise: string;
}

/** Who is here now, and whose shift it is by the plan. */
export interface OnDuty {
  here: PresentShown[];
  planned: ShiftShown[];
}

/** The words of a conversation. */
export interface Opened {
  lines: Line[];
}

/** Why kept or sealed words are opened; the reason is kept in the history. */
export interface Opening {
  reason: string;
}

/** A church as the installation sees it. */
export interface OperatorChurch {
  id: string;
  slug: string;
  name: string;
  shard: string;
  region: string | null;
  status: string;
  created_at: string;
}

/** Churches in order of their short name, and where to go on. */
export interface OperatorChurches {
  items: OperatorChurch[];
  next: string | null;
}

/** The operator who asks. */
export interface OperatorShown {
  name: string;
  email: string;
  totp: boolean;
}

/** E-mail, password and, when there is a second factor, its code. */
export interface OperatorSignIn {
  email: string;
  password: string;
  totp?: string | null;
}

/** A token for `/api/v1/operator/…`. */
export interface OperatorToken {
  access_token: string;
  expires_in: number;
}

/** The present password. */
export interface OperatorTotpBegin {
  password: string;
}

/** What was begun, and a first code. */
export interface OperatorTotpConfirm {
  sealed: string;
  code: string;
}

/** What the authenticator app needs, and what comes back with its first code. */
export interface OperatorTotpSecret {
  secret: string;
  uri: string;
  sealed: string;
}

/** A reply to my request, also my own that wait. `card` names a need that was found: show helplines at once. */
export interface OwnReply {
  id: string;
  kind: "encouragement" | "testimony" | "update";
  state: "declined" | "held" | "posted" | "removed";
  body: string;
  at: string;
  name?: string;
  card?: string;
}

/** My request, as only I see it; its own words that wait and the words of others that stand. */
export interface OwnRequest {
  id: string;
  version: number;
  state: "answered" | "approved" | "archived" | "declined" | "expired" | "held" | "pastor" | "withdrawn";
  visibility: "members" | "pastors" | "team" | "wall";
  for_whom: "other" | "self";
  category: "faith" | "family" | "grief" | "health" | "other" | "thanks" | "work" | "world";
  language: string;
  body: string;
  public_body: string;
  at: string;
  urgent?: boolean;
  anonymous?: boolean;
  name?: string;
  testimony?: string;
  tell_prayed?: boolean;
  prayed?: number;
  expires_at?: string | null;
  replies?: OwnReply[];
  card?: string;
}

/** The present password and the new one. */
export interface PasswordChange {
  old: string;
  new: string;
}

/** The token and the new password. */
export interface PasswordReset {
  token: string;
  password: string;
}

/** Until when a host has asked somebody to write nothing; null once they may again. */
export interface Pause {
  until: string | null;
}

/** Accounts in the order they were opened, and where to go on. */
export interface PeoplePage {
  items: PersonShown[];
  next: string | null;
}

/** Somebody with an account in this church. */
export interface PersonShown {
  id: string;
  name: string;
  email: string | null;
  locale: string;
  status: string;
  roles: string[];
  has_password: boolean;
  created_at: string;
}

/** Words to be kept for using again. */
export interface PhraseBody {
  title: string;
  body: string;
  scripture?: string;
  language?: string;
}

/** A saved phrase. */
export interface PhraseShown {
  id: string;
  version: number;
  title: string;
  body: string;
  scripture: string;
  language: string;
}

/** Ask for a pong. */
export interface PingFrame {
  type: "ping";
}

/** Where somebody stands in the queue: 1 is next. `form`: it takes longer than promised, offer the form. */
export interface Place {
  place: number;
  wait_seconds: number | null;
  form: boolean;
}

/** Where the server is in each joined topic; a client that is behind has lost something and joins again. */
export interface PlacesFrame {
  type: "position";
  topics: Record<string, Position>;
}

/** The answer to ping. */
export interface PongFrame {
  type: "pong";
}

/** A place in a topic's log, `["3.1",1201]` on the wire; `seq` 0 is before the first event. */
export type Position = [epoch: string, seq: number];

/** I prayed. Who is signed in needs no `mark`; nobody else learns who did. */
export interface Pray {
  mark?: string | null;
}

/** How many prayed; null where the count is too small to be shown under an anonymous request. */
export interface Prayed {
  id: string;
  count: number | null;
}

/** A prayer request. It waits for the team, whatever it says. */
export interface PrayerAsk {
  body: string;
  visibility?: "members" | "pastors" | "team" | "wall";
  for_whom?: "other" | "self";
  consent?: boolean;
  wall_consent?: boolean;
  public_body?: string;
  category?: "faith" | "family" | "grief" | "health" | "other" | "thanks" | "work" | "world";
  urgent?: boolean;
  language?: string;
  anonymous?: boolean;
  name?: string;
  email?: string;
  tell_prayed?: boolean;
  secret?: string | null;
}

/** What the team decides over the version it has read; `public_body` is the wording that is put up. */
export interface PrayerDecision {
  verdict: "approve" | "decline" | "pastor";
  version: number;
  public_body?: string;
}

/** Something became of a request that I asked for or follow. */
export interface PrayerMoved {
  id: string;
  state: "answered" | "approved" | "archived" | "declined" | "expired" | "held" | "pastor" | "withdrawn";
}

/** A church's rules for prayer. */
export interface PrayerSettings {
  expires_days?: number;
  archive_days?: number;
  flags?: number;
  reports?: number;
  encouragement?: boolean;
  asks_a_day?: number;
  links?: boolean;
  unattended_minutes?: number;
  weekly_list?: boolean;
}

/** Who is here. `full` replaces what was known before; otherwise `joined` and `left` (ids) change it. */
export interface PresenceFrame {
  type: "presence";
  topic: string;
  count: number;
  full?: boolean;
  joined?: unknown[];
  left?: string[];
}

/** Somebody on duty now. */
export interface PresentShown {
  person: string;
  name: string;
  languages: string[];
  since: string;
}

/** A new name or language; what is left out stays. */
export interface ProfileChange {
  name?: string | null;
  locale?: string | null;
}

/** A public JWK (RFC 7517): `OKP`/`Ed25519`, or `EC`/`P-256`. A private part is refused. */
export interface PublicKey {
  kty: string;
  crv: string;
  x: string;
  y?: string | null;
}

/** Ask a joined topic to do something; `id` is the client's own id of the thing, so that a retry is safe. */
export interface PushFrame {
  type: "push";
  ref: number;
  topic: string;
  event: string;
  data?: unknown;
  id?: string | null;
}

/** The open cases of one team, the heaviest and oldest first, at most 100; `waiting` counts all. */
export interface QueueSnapshot {
  cases: CaseShown[];
  waiting: number;
  oldest_at: string | null;
}

/** One week of the queue in figures: median seconds from opened to decided, by kind, and how many. */
export interface QueueWeek {
  decided: Record<string, number>;
  waiting_seconds: Record<string, number>;
  open: number;
  oldest_at: string | null;
}

/** All reactions to one message; of two such values the one with the higher `version` counts. */
export interface ReactionTotals {
  message: string;
  totals: Record<string, number>;
  version: number;
}

/** The reactions to a message after one was given or taken back. */
export interface Reactions {
  totals: Record<string, number>;
}

/** The number of the last message that was seen; a mark never goes back. */
export interface ReadMark {
  number: number;
}

/** How far I have read, and how many messages of others came after (100 means: or more). */
export interface ReadState {
  number: number;
  unread: number;
}

/** The answer to a send, after COMMIT. `card` names a helpline card to show to the author. */
export interface Receipt {
  id: string;
  at: string;
  state: "held" | "posted";
  card?: string;
}

/** Codes for the day the phone is lost; each works once, and they are shown once. */
export interface RecoveryCodes {
  codes: string[];
}

/** The newest refresh token of a session. */
export interface RefreshTokens {
  refresh_token: string;
}

/** An address that wants an account. */
export interface Registration {
  email: string;
  locale?: string;
}

/** What opens the account. */
export interface RegistrationConfirmed {
  token: string;
  name: string;
  password: string;
}

/** The answer to a join, push or leave. `ref` is null when the request's could not be read. */
export interface ReplyFrame {
  type: "reply";
  ref: number | null;
  ok: boolean;
  data?: unknown;
  error?: SocketProblem;
}

/** Words somebody wants to add below a prayer request. */
export interface ReplyHeldShown {
  id: string;
  request: string;
  kind: "encouragement" | "testimony" | "update";
  body: string;
  name: string;
  below: string;
}

/** Something that stands below a request; without a name it is by the asker or by nobody. */
export interface ReplyShown {
  id: string;
  kind: "encouragement" | "testimony" | "update";
  body: string;
  name?: string;
  on?: string | null;
}

/** Why the hosts should look at a message. */
export interface ReportBody {
  reason: "other" | "private" | "spam" | "unkind" | "unsafe";
  note?: string;
}

/** A message somebody asks the hosts to look at. */
export interface ReportShown {
  message: MessageShown;
  reporter: string;
  reason: "other" | "private" | "spam" | "unkind" | "unsafe";
  note: string;
  at: string;
}

/** A report of a message; who reported stays with the hosts' list. */
export interface ReportedShown {
  reason: "other" | "private" | "spam" | "unkind" | "unsafe";
  note: string;
  at: string;
}

/** A request as everybody sees it who may: no person, no address, and for an anonymous one no more than a day. */
export interface RequestShown {
  id: string;
  state: "answered" | "approved" | "archived" | "declined" | "expired" | "held" | "pastor" | "withdrawn";
  category?: "faith" | "family" | "grief" | "health" | "other" | "thanks" | "work" | "world";
  for_whom?: "other" | "self";
  urgent?: boolean;
  language?: string;
  name?: string;
  body?: string;
  testimony?: string;
  on?: string | null;
  replies?: ReplyShown[];
}

/** A timeout or shadow hold as hosts see it. */
export interface RestraintShown {
  person: string;
  kind: "shadow" | "timeout";
  name: string;
  until: string;
  made_by: string;
  made_at: string;
}

/** What shall be different; what is left out stays. Words or a wider audience go to the team again. */
export interface Rewording {
  body?: string;
  public_body?: string;
  visibility?: "members" | "pastors" | "team" | "wall";
  wall_consent?: boolean;
  category?: "faith" | "family" | "grief" | "health" | "other" | "thanks" | "work" | "world";
  urgent?: boolean;
  tell_prayed?: boolean;
}

/** All roles that somebody is to have; `member` is always among them. */
export interface RolesChange {
  roles: ("admin" | "member" | "moderator" | "owner" | "pastor" | "prayer_team")[];
}

/** What shall be different; what is left out stays. `null` for a time: no bound. */
export interface RoomChange {
  title?: string;
  opens_at?: string | null;
  closes_at?: string | null;
  slow_seconds?: number;
  hold?: "all" | "first" | "guests" | "none";
  locked?: boolean;
}

/** A room as everyone in it sees it. `lockdown` is the church's, `locked` this room's own. */
export interface RoomShown {
  id: string;
  kind: "care" | "direct" | "gathering" | "group" | "hosts" | "invited";
  title: string;
  gathering: string | null;
  opens_at: string | null;
  closes_at: string | null;
  phase: "closed" | "open" | "waiting";
  slow_seconds: number;
  hold: "all" | "first" | "guests" | "none";
  locked: boolean;
  lockdown: boolean;
  archived: boolean;
  rehearses: string | null;
}

/** What a client needs to show a room: the newest messages with their reactions, the pins, the room's state. */
export interface RoomSnapshot {
  room: RoomShown;
  messages: MessageShown[];
  reactions: Record<string, Record<string, number>>;
  versions: Record<string, number>;
  pins: MessageShown[];
  older: boolean;
}

/** The rooms I see. */
export interface Rooms {
  rooms: SeatShown[];
}

/** Who may come in, and as what. */
export interface RoomsInvitation {
  people: string[];
  role?: "host" | "member";
}

/** What holds in all rooms of the church. */
export interface RoomsSettings {
  host_label?: string;
  keep_days?: number;
}

/** A shift to be planned. A weekly one repeats until the end of the day `until`, or for ever. */
export interface RotaPlan {
  person: string;
  duty: "leader" | "prayer";
  starts_at: string;
  ends_at: string;
  zone: string;
  weekly?: boolean;
  until?: string | null;
  languages?: string[];
}

/** A church's rules. Seconds and counts of 0 switch a check off. */
export interface Rules {
  words?: WordRule[];
  links?: "allow" | "hold" | "hold_guests" | "refuse";
  link_hosts?: string[];
  flood_messages?: number;
  flood_seconds?: number;
  duplicate_seconds?: number;
  crisis?: boolean;
  country?: string;
}

/** A room in my list: how far I have read, and how many messages came after (100 means: or more). */
export interface SeatShown {
  room: RoomShown;
  read_to: number;
  unread: number;
}

/** How far somebody has read in a room for two. */
export interface Seen {
  person: string;
  number: number;
}

/** A message to send. `id` is a UUID of the client's making: sending it again is safe and gets the first answer. */
export interface Send {
  body: string;
  id?: string | null;
  reply_to?: string | null;
  mentions?: string[];
}

/** A conversation in the team's list; not a word of it. */
export interface SessionRow {
  id: string;
  version: number;
  state: "active" | "ended" | "handed_off" | "left" | "waiting";
  language: string;
  words: "erase" | "keep" | "seal";
  asked_at: string;
  accepted_at?: string | null;
  ended_at?: string | null;
  first?: string;
  second?: string;
  minor?: boolean;
  crisis?: string;
  words_left?: boolean;
}

/** One sign-in on one device. */
export interface SessionsSessionShown {
  id: string;
  kind: string;
  device: string;
  site: string;
  second_factor: boolean;
  created_at: string;
  used_at: string;
  current: boolean;
}

/** One's own open sessions, the last used first; at most 200. */
export interface SessionsShown {
  items: SessionsSessionShown[];
  next: string | null;
}

/** Whether only hosts may write. */
export interface SetLock {
  locked: boolean;
}

/** Let only hosts and the author see what somebody writes. */
export interface Shadow {
  name?: string;
}

/** A shift as it shall be. Of a weekly one the times before `instead_of` stay as they were. */
export interface ShiftChange {
  person: string;
  duty: "leader" | "prayer";
  starts_at: string;
  ends_at: string;
  zone: string;
  weekly?: boolean;
  until?: string | null;
  languages?: string[];
  instead_of?: string | null;
}

/** A shift as staff sees it; `starts_at` and `ends_at` of a weekly one are those of its next time. */
export interface ShiftShown {
  id: string;
  person: string;
  name: string;
  duty: "leader" | "prayer";
  starts_at: string;
  ends_at: string;
  zone: string;
  weekly: boolean;
  until: string | null;
  languages: string[];
}

/** E-mail, password and, when the account has a second factor, its code. */
export interface SignIn {
  email: string;
  password: string;
  totp?: string | null;
}

/** Somebody in the console. */
export interface SignedIn {
  id: string;
  name: string;
  roles: string[];
}

/** A website that is no longer the church's. */
export interface SiteGone {
  site: string;
}

/** How many sessions ended with it. */
export interface SitesEnded {
  sessions: number;
}

/** Why a request was refused; `retry_after` in seconds, `extra` whatever else the product tells with it. */
export interface SocketProblem {
  code: string;
  detail: string;
  retry_after?: number | null;
  extra?: unknown;
}

/** A token for one socket's hello; keep it in memory only. */
export interface SocketToken {
  token: string;
  expires_in: number;
}

/** Words that stand below a request, as the team sees them; without a name they are by its asker or by nobody. */
export interface StandingReply {
  id: string;
  kind: "encouragement" | "testimony" | "update";
  body: string;
  at: string;
  name?: string;
}

/** Something in the public wording that may say who it is about: `start` and `end` are places of code points. */
export interface Suggestion {
  kind: "address" | "email" | "link" | "name" | "number" | "phone";
  start: number;
  end: number;
}

/** A task. */
export interface TaskShown {
  id: string;
  version: number;
  title: string;
  note: string;
  session: string | null;
  request: string | null;
  assigned_to: string | null;
  assigned_name: string;
  due_on: string | null;
  done: boolean;
  done_by: string;
}

/** A request as the team sees it; `sealed`: there is an envelope that a permission and a reason open. */
export interface TeamRequest {
  id: string;
  version: number;
  round: number;
  state: "answered" | "approved" | "archived" | "declined" | "expired" | "held" | "pastor" | "withdrawn";
  visibility: "members" | "pastors" | "team" | "wall";
  for_whom: "other" | "self";
  category: "faith" | "family" | "grief" | "health" | "other" | "thanks" | "work" | "world";
  language: string;
  body: string;
  at: string;
  public_body?: string;
  suggestions?: Suggestion[];
  urgent?: boolean;
  anonymous?: boolean;
  name?: string;
  asker?: string | null;
  sealed?: boolean;
  reason?: string;
  crisis?: string;
  testimony?: string;
  prayed?: number;
  flags?: number;
  decided_at?: string | null;
  decided_by?: string;
  expires_at?: string | null;
}

/** A church's own look; empty values are ours. Contrast is computed where it is shown, so any may be chosen. */
export interface Theme {
  scheme?: "auto" | "dark" | "light";
  accent?: string;
  surface?: string;
  radius?: number;
  font?: string;
}

/** For how many minutes somebody pauses: 1, 5, 10 or 60. */
export interface Timeout {
  minutes: number;
  name?: string;
}

/** Renew the token on the open socket, for the same person. */
export interface TokenFrame {
  type: "token";
  token: string;
}

/** An access token for `Authorization: Bearer`, and the refresh token that brings the next one; it works once. */
export interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  id: string;
  token_type: string;
}

/** The present password, so that nobody sets it up at a desk left open. */
export interface TotpBegin {
  password: string;
}

/** A code of the app. */
export interface TotpCode {
  code: string;
}

/** The present password and a code. */
export interface TotpEnd {
  password: string;
  code: string;
}

/** What the authenticator app needs; shown once. */
export interface TotpSecret {
  secret: string;
  uri: string;
}

/** Words to try rules on, before these hold for anybody; floods and repetition are left out. */
export interface Trial {
  rules: Rules;
  text: string;
  guest?: boolean;
}

/** What would become of the words, and why; empty when they would simply be taken. */
export interface TrialShown {
  act: "hold" | "refuse" | "shadow" | "take";
  reason: string;
}

/** Some of those who typed within the last second, and how many they were; show it for five seconds. */
export interface Typing {
  people: Typist[];
  count: number;
}

/** Somebody who is typing. */
export interface Typist {
  id: string;
  name: string;
}

/** What shall be taken back: it must be the newest act about the message, so that nobody undoes another's. */
export interface Undo {
  act: "approve" | "decline" | "keep" | "remove";
}

/** Who asked. */
export interface Unsealed {
  person: string | null;
  kind: string;
  name: string;
  email: string;
}

/** Why the envelope is opened; the reason is kept in the history. */
export interface Unsealing {
  reason: string;
}

/** How many cases wait on a queue, and since when the oldest does. */
export interface Waiting {
  waiting: number;
  oldest_at: string | null;
}

/** What only I know of these requests: which I prayed for, which I follow. */
export interface WallMine {
  prayed: string[];
  following: string[];
}

/** Requests of the walls the reader may see, newest first, and the cursor of the next page. */
export interface WallPage {
  items: RequestShown[];
  prayed: Record<string, number>;
  next: string | null;
}

/** The newest requests of one wall with their totals, newest first; older ones come by page. */
export interface WallSnapshot {
  requests: RequestShown[];
  prayed: Record<string, number>;
  older: boolean;
}

/** One week of prayer in figures; `waiting_seconds` is the median from asked to decided. */
export interface WeekShown {
  asked: number;
  approved: number;
  declined: number;
  answered: number;
  prayed: number;
  waiting_seconds: number | null;
  waiting_now: number;
  oldest_at: string | null;
}

/** The answer to hello; `ping` in seconds: something is heard from the server at least that often. */
export interface WelcomeFrame {
  type: "welcome";
  session: string;
  person: unknown;
  ping: number;
  time: string;
  protocol: number;
}

/** The same for a widget on a website, with the access token of the guest who turns out to be this member. */
export interface WidgetSignIn {
  email: string;
  password: string;
  totp?: string | null;
  site?: string;
  guest?: string;
}

/** Everything at once: what is left out is set back to ours. */
export interface WidgetsChange {
  sites?: string[];
  theme?: Theme;
  texts?: Record<string, Record<string, string>>;
  consent?: Consent;
}

/** What a church has set for its websites; anybody may know it, since every visitor's browser does. */
export interface WidgetsShown {
  sites: string[];
  theme: Theme;
  texts: Record<string, Record<string, string>>;
  consent: Consent;
}

/** A word for the hosts, 1 to 500 characters. With an `id` of the client's own it may be sent again. */
export interface WordForHosts {
  body: string;
  id?: string | null;
}

/** The hosts will read it. `card` names a helpline card to show to its author. */
export interface WordReceipt {
  id: string;
  at: string;
  card?: string;
}

/** A word or phrase and what happens to a text that holds it; `*` stands for any letters at that place. */
export interface WordRule {
  pattern: string;
  act?: "hold" | "refuse" | "shadow";
}

/** A note as hosts read it; `need` names the kind of need that its words speak of, if any. */
export interface WordShown {
  id: string;
  room: string;
  title: string;
  author: string;
  name: string;
  body: string;
  need: string;
  at: string;
}

/** Which words of a message were read: of its last change, null for its first ones; left out, it is not asked. */
export interface WordsRead {
  edited_at?: string | null;
}

/** Somebody who works on the caller's queues, and on which of them. */
export interface WorkerShown {
  id: string;
  name: string;
  teams: ("care" | "chat" | "pastors" | "prayer")[];
}
