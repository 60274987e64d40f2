// Typed client of Partyline over nakama-js 2.8. Generated from the module's Go types: do not edit.
//
//   const party = new Partyline(overSocket(socket));
//   const invite = await party.inviteCreate({ party_id, message: "Come and play!" });
//
// Times are Unix seconds. A later server may know more values of a text and send more fields.

import type { Client, Notification, PartyData, Session, Socket } from "@heroiclabs/nakama-js";

/** What carries a call: overSocket, overHttp or withHttpKey. */
export type Transport = (id: string, payload: object) => Promise<unknown>;

/** Calls over a connected socket. */
export function overSocket(socket: Socket): Transport {
  return async (id, payload) => JSON.parse((await socket.rpc(id, JSON.stringify(payload))).payload ?? "{}");
}

/** Calls over HTTP, for a launcher or a web page. */
export function overHttp(client: Client, session: Session): Transport {
  return async (id, payload) => (await client.rpc(session, id, payload)).payload ?? {};
}

/** Calls of the game's own servers. Never ship the key to players. */
export function withHttpKey(client: Client, httpKey: string): Transport {
  return async (id, payload) => (await client.rpcHttpKey(httpKey, id, payload)).payload ?? {};
}

/** Why a call, or a party message, was refused. The message is for the player. */
export class Refusal extends Error {
  constructor(
    readonly reason: Reason,
    /** The designer's rule that refused; "" for every other reason. */
    readonly rule: string,
    message: string,
    /** In how many seconds to try again; undefined where the server does not say. */
    readonly retryAfterSec?: number,
  ) {
    super(message);
  }

  /** Reads what the SDK has thrown; undefined if it is none of Partyline's. */
  static async of(error: unknown): Promise<Refusal | undefined> {
    let thrown: unknown = error;
    if (typeof Response !== "undefined" && error instanceof Response) thrown = await error.clone().json().catch(() => undefined);
    const text = typeof thrown === "string" ? thrown : (thrown as { message?: unknown } | undefined)?.message;
    const found = /^([a-z_]+)(?:\/([\w-]+))?: (.*)$/s.exec(typeof text === "string" ? text : "");
    if (!found || !(found[1]! in reasonNumbers)) return undefined;
    const wait = /retry_after_sec=(\d+)/.exec(found[3]!);
    return new Refusal(found[1] as Reason, found[2] ?? "", found[3]!, wait ? Number(wait[1]) : undefined);
  }
}

async function call<Answer>(send: Transport, id: string, payload: object): Promise<Answer> {
  try {
    return (await send(id, payload)) as Answer;
  } catch (error) {
    throw (await Refusal.of(error)) ?? error;
  }
}

/** Why something was refused. */
export type Reason =
  /** not JSON, an unknown field, a wrong type, out of bounds; the message names the field */
  | "invalid_request"
  /** nobody is signed in */
  | "unauthenticated"
  /** no such code, or not in the form of one */
  | "invite_not_found"
  /** the invite's time is over */
  | "invite_expired"
  /** the invite was revoked */
  | "invite_revoked"
  /** the invite was used up */
  | "invite_exhausted"
  /** the invite names other players */
  | "invite_not_for_you"
  /** no such party, or not in the form of an ID */
  | "party_not_found"
  /** no free seat; held ones count */
  | "party_full"
  /** nobody may enter while the party looks for a match or is in one */
  | "party_locked"
  /** everybody in the party has lost the connection; the message ends in retry_after_sec=5 */
  | "party_away"
  /** the caller is not in the party */
  | "not_member"
  /** only the leader may do this */
  | "not_leader"
  /** the user is in the party, perhaps on another device */
  | "already_member"
  /** one party per user; leave the other first */
  | "already_in_party"
  /** kicked a short while ago, and not invited by name since */
  | "banned"
  /** a block stands between the user and somebody in the party */
  | "blocked"
  /** a rule of the designers; its ID is behind the slash */
  | "rule_denied"
  /** too often; the message ends in retry_after_sec=12 */
  | "rate_limited"
  /** the player's game does not run */
  | "no_live_session"
  /** the game runs more than once; name a session */
  | "session_ambiguous"
  /** no such queue */
  | "unknown_queue"
  /** the party is larger than the queue takes */
  | "party_too_large"
  /** somebody is not ready, or another search for a match is in the way */
  | "not_ready"
  /** the match's free seats are kept for others */
  | "seat_reserved"
  /** the match has no free seat */
  | "match_full"
  /** the match is not offered to you any more */
  | "proposal_gone"
  /** no game server could be had in time */
  | "no_capacity"
  /** a list's or a ticket's query is too long or has a pattern that could cost the server dearly; see queries in the rules file */
  | "query_not_allowed"
  /** too many changed the same thing at once; try again */
  | "conflict"
  /** a fault on the server's side; its log says more */
  | "internal";

/** The gRPC status number of each reason. */
export const reasonNumbers: Readonly<Record<Reason, number>> = {
  invalid_request: 3,
  unauthenticated: 16,
  invite_not_found: 5,
  invite_expired: 9,
  invite_revoked: 9,
  invite_exhausted: 9,
  invite_not_for_you: 7,
  party_not_found: 5,
  party_full: 8,
  party_locked: 9,
  party_away: 9,
  not_member: 7,
  not_leader: 7,
  already_member: 6,
  already_in_party: 9,
  banned: 7,
  blocked: 7,
  rule_denied: 7,
  rate_limited: 8,
  no_live_session: 9,
  session_ambiguous: 9,
  unknown_queue: 9,
  party_too_large: 9,
  not_ready: 9,
  seat_reserved: 9,
  match_full: 9,
  proposal_gone: 9,
  no_capacity: 8,
  query_not_allowed: 3,
  conflict: 10,
  internal: 13,
};

export type InviteEventName =
  | "created"
  | "redeemed"
  | "declined"
  | "revoked";

/** InviteKind is the form of an invite's code. */
export type InviteKind =
  /** 16 Crockford base32 characters, 80 random bits */
  | "link"
  /** 8 characters to read aloud; short-lived and guess-limited */
  | "code"
  /** DigitsInvite is 12 digits, for keypads and for platforms whose party codes are digits. It is as easy to guess as a code, and expires as soon. */
  | "digits";

/** InviteState is the state of an invite in a preview. */
export type InviteState =
  | "open"
  | "full"
  /** the rules let nobody in while the party is in a queue or a match */
  | "locked"
  /** all members have lost the connection and may come back */
  | "away"
  /** it follows its inviter, who is in no party that it could lead to at the moment */
  | "between"
  | "expired"
  | "revoked"
  | "exhausted"
  | "party_gone";

/** JudgeCheckAction is an action that party_check answers about. */
export type JudgeCheckAction =
  | "create"
  | "join"
  | "invite"
  | "matchmake";

/** QueueDropReason says why a ticket was dropped. */
export type QueueDropReason =
  /** the event needs no reason. */
  | ""
  /** somebody joined or left. The host has removed the ticket. The party's next ticket keeps its age. */
  | "membership"
  /** the host removed the ticket for a match that then could not be made. The next ticket keeps its age. */
  | "internal"
  /** it waited for the queue's max_wait */
  | "expired"
  /** the party is now larger than the queue allows */
  | "party_too_large"
  /** the queue is gone from the rules file */
  | "unknown_queue"
  /** the queue now needs properties that the ticket does not have */
  | "invalid_request"
  /** another ticket of the same players was matched first */
  | "matched"
  /** a player on it declined the match that was found */
  | "declined"
  /** a player on it did not answer in time */
  | "no_answer"
  /** the player's party looks for a match */
  | "party_queued"
  /** the ticket waits again, because nobody was found to replace a player who did not accept. */
  | "no_replacement"
  /** the ticket waits again, because there was no game server in time. */
  | "no_capacity";

/** QueueEventName says what became of a ticket. */
export type QueueEventName =
  /** the ticket waits */
  | "queued"
  /** it no longer waits, for a reason; nobody asked for that */
  | "dropped"
  /** it has a match */
  | "matched"
  /** the leader cancelled it */
  | "cancelled"
  /** there is a match for it, if everybody accepts */
  | "found"
  /** another player is asked in place of one who did not accept */
  | "replaced";

export type ReconnectEventName =
  | "away"
  | "back"
  | "lost"
  | "restored"
  | "removed";

export type ReconnectRemovalKind =
  /** was a member */
  | "kicked"
  /** asked to join */
  | "request_rejected";

/** RulesAction is what a player is about to do. */
export type RulesAction =
  /** a party */
  | "create"
  /** a party, in any way */
  | "join"
  /** another player into the party */
  | "invite"
  /** the party's label, open or hidden */
  | "update"
  /** send a message to the party */
  | "data"
  /** add a ticket, alone or for the party */
  | "matchmake"
  /** a member, also one who is away */
  | "kick"
  /** another member to be the leader */
  | "promote";

/** SeatState is the state of a seat in a match. */
export type SeatState =
  | "open"
  /** for a player who is on the way; nobody else gets it */
  | "held"
  | "taken";

/** ActivityRequest is the request of party_activity. */
export interface ActivityRequest {
  party_id: string;
}

/** ActivityAnswer is the answer of party_activity: a party in the form that the presence and invite APIs of platforms take, within the limits that they publish. All six parts are always present. */
export interface ActivityAnswer {
  generic: ShareGeneric;
  discord: ShareDiscordActivity;
  steam: ShareSteamPresence;
  xbox: ShareXboxActivity;
  /** its limits are not public */
  playstation: ShareLink;
  apple: ShareAppleActivity;
}

/** ShareGeneric is for all other platforms. */
export interface ShareGeneric {
  code: string;
  url: string;
  /** the same for all members; nobody can join the party with it */
  group: string;
  size: number;
  max_size: number;
  /** Unix seconds; ask again before */
  expires_at: number;
}

/** ShareDiscordActivity is Discord's activity. Texts and secrets have 2 to 128 characters. */
export interface ShareDiscordActivity {
  state: string;
  party: ShareDiscordParty;
  /** Secrets.Join is what the friend's game is started with: the code. */
  secrets: ShareDiscordSecrets;
}

export interface ShareDiscordParty {
  id: string;
  /** current and maximum size */
  size: [number, number];
}

export interface ShareDiscordSecrets {
  join: string;
}

/** ShareSteamPresence is the keys and values of Steam's rich presence. Values have at most 256 bytes. */
export interface ShareSteamPresence {
  /** the command line of the friend's game */
  connect: string;
  steam_player_group: string;
  steam_player_group_size: string;
}

/** ShareXboxActivity is Xbox's multiplayer activity. The connection string has less than 512 characters, the group less than 128. Counts are from 1 to 100. */
export interface ShareXboxActivity {
  connectionString: string;
  /** Followed for an open party, otherwise InviteOnly */
  joinRestriction: string;
  groupId: string;
  /** omitted if above Xbox's limit */
  currentPlayers?: number;
  maxPlayers?: number;
}

/** ShareLink is the part that every platform can carry. */
export interface ShareLink {
  code: string;
  url: string;
}

/** ShareAppleActivity is for a game activity of Game Center. Its party codes have two parts of up to six digits, so the party has a second, short-lived invite for them. */
export interface ShareAppleActivity {
  code: string;
  url: string;
  party_code: string;
  /** of the party code; Unix seconds */
  expires_at: number;
}

export interface AdminPartiesRequest {
  /** from 1 to 100; 50 if absent */
  limit?: number;
  /** cursor from the previous page */
  cursor?: string;
}

/** AdminPartiesAnswer is the answer of party_admin_parties. */
export interface AdminPartiesAnswer {
  parties: OverviewParty[];
  /** for the next page, with the same limit; "" on the last page */
  cursor: string;
  /** why parties, attributes or display names are missing; absent if all could be read */
  problem?: string;
}

/** OverviewParty is one live party. */
export interface OverviewParty {
  party_id: string;
  size: number;
  max_size: number;
  /** seats held or kept for users who are not in it */
  held: number;
  open: boolean;
  hidden: boolean;
  label: string;
  /** idle | matchmaking | in_match */
  state: string;
  match_id: string;
  created_at: number;
  /** requests to join that are still open */
  requests: number;
  /** in the order they joined */
  members: OverviewMember[];
  /** on the wait list */
  waiting: OverviewWaiter[];
  /** users who may not come back yet */
  kicked: OverviewKicked[];
  /** a change is under way: held, requests, waiting and kicked are not known */
  busy: boolean;
  /** absent if none are set */
  attributes?: AttributesDocument;
}

/** OverviewMember is one member with the last status. */
export interface OverviewMember {
  user_id: string;
  username: string;
  display_name: string;
  leader: boolean;
  /** 0 if not known */
  joined_at: number;
  stage: string;
  /** 0..1; absent if none was set */
  progress?: number;
  text: string;
}

/** OverviewWaiter is a user on the wait list of a full party. */
export interface OverviewWaiter {
  user_id: string;
  username: string;
  display_name: string;
  since: number;
  /** while a seat is held for them */
  held_until?: number;
}

/** OverviewKicked is a user whom the leader removed. */
export interface OverviewKicked {
  user_id: string;
  username: string;
  display_name: string;
  until: number;
}

/** AttributesDocument is all attributes of a party, and the answer of party_attributes_get. The message to the party (op code OpAttributes) has the same form, with only the changes; many changes go out in several messages. */
export interface AttributesDocument {
  /** rises with every write; 0 before the first */
  version: number;
  party: Record<string, unknown>;
  /** by user ID */
  members: Record<string, Record<string, unknown>>;
}

export interface AdminRulesRequest {
  /** read the file now; it is watched in any case */
  reload?: boolean;
}

/** AdminRulesAnswer is the answer of party_admin_rules. */
export interface AdminRulesAnswer {
  /** path of the file; "" = defaults */
  source: string;
  version: number;
  loaded_at: number;
  /** SHA-256 of the file in force; "" for defaults */
  hash: string;
  /** why the newest file is not in force; "" if it is */
  error: string;
  /** of the newest file */
  problems: OverviewProblem[];
  /** in force, in the order they are asked */
  rules: OverviewRule[];
  /** the whole file in force, with defaults filled in */
  config: unknown;
  /** the next rules, which are tried too; absent if there are none */
  next?: OverviewNext;
  /** the state of the recording; absent if there is none */
  record?: JudgeRecordReport;
  /** address of the page to try rules on; absent if the operator sets none */
  playground?: string;
  /** files that were in force on any node, also before restarts, the newest first */
  history: JudgeVersion[];
  /** why history is empty; absent if it could be read */
  history_problem?: string;
}

/** OverviewProblem is one problem of the file. */
export interface OverviewProblem {
  /** error | warning */
  severity: string;
  file: string;
  /** from 1; 0 if it has no place */
  line: number;
  column: number;
  path: string;
  problem: string;
  /** what would be right */
  allowed: string;
  /** the line of the file, and one with a caret */
  excerpt: string;
}

/** OverviewRule is one rule in force, with its counts since it was first loaded. */
export interface OverviewRule {
  /** Name of the rule. Players' clients see it in a refusal, "rule_denied/<id>". */
  id: string;
  /** The actions the rule is about. */
  on: RulesAction[];
  /** Condition under which the action is refused. */
  deny?: string;
  /** Condition under which the action is allowed and no later rule is asked. */
  allow?: string;
  /** Sentence the refused player reads. */
  message: string;
  asked: number;
  /** times its condition held */
  hits: number;
  /** times it could not be evaluated */
  errors: number;
}

/** OverviewNext is a file that is not in force yet, and what it would have answered. */
export interface OverviewNext {
  source: string;
  version: number;
  /** 0 with version 0: before the first file, nothing is asked */
  loaded_at: number;
  /** why the newest file is not asked, and which one is; "" if it is */
  error: string;
  /** of the newest file */
  problems: OverviewProblem[];
  /** from the rules in force, in words */
  changes: string[];
  asked: number;
  /** how many of these were answered differently */
  differs: number;
  /** questions that came faster than they could be asked */
  dropped: number;
  /** by action and the two answers */
  counts: JudgeShadowCount[];
  /** answered differently, the newest first */
  examples: OverviewExample[];
}

/** JudgeShadowCount counts how often a pair of outcomes occurred, in the notation of case files. */
export interface JudgeShadowCount {
  action: RulesAction;
  /** the answer that was given */
  now: string;
  /** the answer that would have been */
  next: string;
  times: number;
}

/** OverviewExample is one question that the next rules answer differently. */
export interface OverviewExample {
  at: number;
  action: RulesAction;
  user_id: string;
  username: string;
  /** "" for an action without a party */
  party_id: string;
  now: string;
  next: string;
}

/** JudgeRecordReport is how a recording fares. */
export interface JudgeRecordReport {
  path: string;
  /** decisions since the process began */
  written: number;
  /** decisions that were left out */
  dropped: number;
  /** why nothing is written; "" when it is */
  error: string;
}

/** JudgeVersion is one rules file that came into force. */
export interface JudgeVersion {
  at: number;
  /** path of the file; "" = defaults */
  source: string;
  /** SHA-256 of the file; "" for the defaults */
  hash: string;
  /** against the version before, in words; empty for the first */
  changes: string[];
  /** changes that are left out */
  more?: number;
}

/** AdminStatsAnswer is the answer of party_admin_stats. It is about this node since the process started, except for the outstanding invites. */
export interface AdminStatsAnswer {
  build: BuildInfo;
  started_at: number;
  uptime_sec: number;
  health: OverviewHealth;
  /** by rule, without rules that denied nothing */
  denials: OverviewRuleDenials[];
  live: LedgerPopulation;
  invites: OverviewInviteStats;
  /** as the last pass left them */
  queues: QueueReport[];
  memory: AdmissionStats;
  /** how many users and addresses each rate limit remembers */
  buckets: Record<string, number>;
}

/** BuildInfo describes a build. */
export interface BuildInfo {
  version: string;
  commit?: string;
  /** "3.40.0"; "server" if it was built for one given server */
  nakama?: string;
  /** "go1.26.5" */
  go: string;
}

/** OverviewHealth reports whether this node's module is well, for a probe, and why not. OK is false only for problems that a person has to look at. Refusals and lost races are normal. */
export interface OverviewHealth {
  ok: boolean;
  /** why it is not OK, for people */
  problems: string[];
  rules: OverviewInForce;
  /** in the order they first ran */
  tasks: OverviewTask[];
  storage: OverviewStorageVitals;
  failures: OverviewFailures;
  /** waiting for a match */
  tickets: number;
  /** made so far */
  matches: number;
  /** for kept seats, and for sessions expected to resume */
  seat_timers: number;
}

/** OverviewInForce is a summary of the rules file. */
export interface OverviewInForce {
  source: string;
  version: number;
  loaded_at: number;
  /** the newest file is not the one in force */
  broken: boolean;
  /** of the newest file, warnings included */
  problems: number;
}

/** OverviewTask is one kind of background work. */
export interface OverviewTask {
  name: string;
  runs: number;
  failures: number;
  /** the last run failed */
  failing: boolean;
  last_run: number;
  last_error: string;
  /** 0 if none ever failed */
  last_error_at: number;
}

/** OverviewStorageVitals counts the module's calls of the host's storage. */
export interface OverviewStorageVitals {
  reads: number;
  writes: number;
  /** writes that lost a race; they are tried again */
  conflicts: number;
  errors: number;
}

/** OverviewFailures counts results of "internal": errors of the host and panics. The log explains each of them. */
export interface OverviewFailures {
  calls: number;
  hooks: number;
  pages: number;
  /** panics of background work */
  background: number;
}

/** OverviewRuleDenials is how often one rule refused an action. */
export interface OverviewRuleDenials {
  rule: string;
  count: number;
}

/** LedgerPopulation counts the parties, members and waiting players of this node, as far as it knows. */
export interface LedgerPopulation {
  parties: number;
  members: number;
  /** places on wait lists */
  waiting: number;
}

/** OverviewInviteStats is what happened to invites. */
export interface OverviewInviteStats {
  created: number;
  /** pages read by chat programs and search engines */
  fetched: number;
  /** pages opened in browsers */
  opened: number;
  redeemed: number;
  /** players who came by an invite and got a match with the party, once a party */
  matched: number;
  declined: number;
  revoked: number;
  /** that can still be used, of all nodes */
  outstanding: number;
  /** there are more than were counted */
  more: boolean;
  /** storage cannot be read, and outstanding is 0; health says why */
  unknown: boolean;
}

/** QueueReport is the state of a queue after the last pass, for operators. */
export interface QueueReport {
  queue: string;
  /** waiting tickets, without those in proposals */
  tickets: number;
  /** seats that the tickets need, including held ones */
  players: number;
  /** the longest wait */
  oldest_sec: number;
  /** by seats, the smallest first */
  sizes: QueueSize[];
  /** proposals that players are asked about */
  proposals: number;
  /** players who have accepted one of them */
  accepted: number;
  /** players who are asked */
  needed: number;
  /** for a ticket made now; null while too little is known */
  eta_sec: QueueETA | null;
}

/** QueueSize is how many tickets of one size wait. */
export interface QueueSize {
  seats: number;
  tickets: number;
}

/** QueueETA estimates the seconds that remain: half of such tickets waited at most p50, nine of ten at most p90. */
export interface QueueETA {
  p50: number;
  p90: number;
}

/** AdmissionStats is what an Admission has in memory, on this node only. */
export interface AdmissionStats {
  /** parties that it has dealt with and not yet forgotten */
  parties: number;
  /** invites that hold seats */
  holds: number;
  /** users who may not come back yet */
  kicks: number;
  /** requests to enter closed parties */
  requests: number;
  /** joins under way */
  joins: number;
  /** sessions that the host counts as members although they are not there */
  lost: number;
  /** parties whose lock was not free in time, so that nothing else is counted of them */
  busy: number;
}

export interface AttributesGetRequest {
  party_id: string;
}

/** AttributesGetAnswer is all attributes of a party, and the answer of party_attributes_get. The message to the party (op code OpAttributes) has the same form, with only the changes; many changes go out in several messages. */
export interface AttributesGetAnswer {
  /** rises with every write; 0 before the first */
  version: number;
  party: Record<string, unknown>;
  /** by user ID */
  members: Record<string, Record<string, unknown>>;
}

/** AttributesSetRequest is the payload of party_attributes_set. */
export interface AttributesSetRequest {
  party_id: string;
  /** an object: what to set for the party, null to remove */
  party?: unknown;
  /** the same for the caller */
  member?: unknown;
  /** write only if the document has this version */
  version?: number;
}

/** AttributesSetAnswer is the answer of party_attributes_set. */
export interface AttributesSetAnswer {
  version: number;
}

export interface CheckRequest {
  action: JudgeCheckAction;
  party_id?: string;
  /** for create, as is open */
  max_size?: number;
  open?: boolean;
  /** for matchmake */
  queue?: string;
}

/** CheckAnswer has the refusal that the action would meet; the texts are empty if it is allowed. */
export interface CheckAnswer {
  allowed: boolean;
  reason: string;
  message: string;
  rule: string;
}

/** FindRequest is the payload of party_find. */
export interface FindRequest {
  /** an object: fields of the party's label, as for party_quick_join */
  label?: unknown;
  /** at least this many */
  free_seats?: number;
  /** from 1 to 50 */
  limit?: number;
  /** of the previous answer */
  cursor?: string;
}

/** FindAnswer is the answer of party_find. */
export interface FindAnswer {
  parties: FinderFound[];
  /** for the next parties, even if there are few here or none; "" at the end */
  cursor: string;
}

/** FinderFound is one party of a list. */
export interface FinderFound {
  party_id: string;
  size: number;
  max_size: number;
  /** seats held or kept for others than the caller */
  held: number;
  open: boolean;
  /** an object */
  label: unknown;
  leader: Profile;
  age_sec: number;
  /** the ones that the rules make public */
  attributes?: Record<string, unknown>;
}

/** Profile is the public profile of a user. */
export interface Profile {
  user_id: string;
  username: string;
  display_name: string;
  avatar_url: string;
}

/** InviteCreateRequest asks for an invite. An optional field that is left out gets the rules' default. */
export interface InviteCreateRequest {
  party_id: string;
  ttl_sec?: number;
  /** 0 = without limit */
  max_uses?: number;
  kind?: InviteKind;
  for_user_ids?: string[];
  hold_seat?: boolean;
  follow_inviter?: boolean;
  /** at most 255 bytes */
  message?: string;
  /** at most 8 */
  info?: InfoField[];
  /** any JSON, at most 1024 bytes */
  launch?: unknown;
}

/** InfoField is one line of the party's card on the landing page. */
export interface InfoField {
  /** at most 63 bytes */
  label: string;
  /** at most 511 bytes */
  value: string;
}

/** InviteCreateAnswer answers party_invite_create. No other answer contains the code. */
export interface InviteCreateAnswer {
  id: string;
  code: string;
  url: string;
  qr_url: string;
  party_id: string;
  kind: InviteKind;
  created_at: number;
  expires_at: number;
  max_uses: number;
  uses: number;
  hold_seat: boolean;
  follow_inviter: boolean;
  for_user_ids: string[];
  message: string;
  info: InfoField[];
  launch?: unknown;
}

export interface InviteDeclineRequest {
  code: string;
}

export interface InviteListRequest {
  party_id: string;
}

export interface InviteListAnswer {
  invites: InviteSummary[];
  /** older ones are left out, because the answer would be too long */
  more?: boolean;
}

/** InviteSummary is one row of party_invite_list. */
export interface InviteSummary {
  id: string;
  kind: InviteKind;
  created_by: string;
  created_at: number;
  expires_at: number;
  max_uses: number;
  uses: number;
  for_user_ids: string[];
  hold_seat: boolean;
  follow_inviter: boolean;
  message: string;
}

export interface InvitePreviewRequest {
  code: string;
}

/** InvitePreviewAnswer answers party_invite_preview. */
export interface InvitePreviewAnswer {
  id: string;
  state: InviteState;
  /** players on the wait list */
  waiting: number;
  inviter: Profile;
  /** absent after the party has ended */
  party?: PartyPreview;
  message: string;
  info: InfoField[];
  launch?: unknown;
  expires_at: number;
  match_id?: string;
}

/** PartyPreview is the party in a preview. */
export interface PartyPreview {
  party_id: string;
  size: number;
  max_size: number;
  /** seats kept for users who are not in: invited players, or members who are away */
  held: number;
  /** held, and users who reported that they are on the way; see Footprint */
  on_the_way: number;
  open: boolean;
  leader_user_id: string;
  members: MemberProfile[];
  /** the party's attributes that the rules make public */
  attributes?: Record<string, unknown>;
}

/** MemberProfile is a member in a preview, with the live status. */
export interface MemberProfile {
  user_id: string;
  username: string;
  display_name: string;
  avatar_url: string;
  stage: string;
  /** 0..1; absent if none was set */
  progress?: number;
  text: string;
  /** no progress for a long time */
  stalled?: boolean;
}

export interface InviteRedeemRequest {
  code: string;
  /** which of the user's running games; needed over HTTP when there are several */
  session_id?: string;
}

/** InviteRedeemAnswer answers party_invite_redeem. */
export interface InviteRedeemAnswer {
  party_id: string;
  joined: boolean;
  match_id?: string;
  message: string;
  info: InfoField[];
  launch?: unknown;
}

export interface InviteRevokeRequest {
  /** either id or code, not both */
  id?: string;
  code?: string;
}

export interface MatchRequest {
  party_id?: string;
  /** instead, for a player without a party */
  match_id?: string;
}

/** MatchAnswer answers party_match: the match that a party is in, with all its seats. All fields are empty if the party is in no match. Whenever it changes, players of the match receive it as match data with op code OpMatch. */
export interface MatchAnswer {
  match_id: string;
  queue: string;
  /** where the match is played, in a queue with regions */
  region?: string;
  seats: MatchSeat[];
  /** Server is the caller's access to the game server. It is set if the match has one and the caller has a seat. */
  server?: ServerAccess;
}

/** MatchSeat is one seat of a match. */
export interface MatchSeat {
  /** absent for an open seat, and for a seat held for a friend whose user ID is not known */
  user_id?: string;
  /** empty for an open seat and for a player without a party */
  party_id: string;
  /** from 0 */
  team: number;
  state: SeatState;
  /** of a held seat */
  expires_at?: number;
}

/** ServerAccess is what a player needs to join a game server. */
export interface ServerAccess {
  /** an IP address, or a name if there is no address */
  address: string;
  /** for clients that need a name, for example for TLS */
  dns_name?: string;
  port: number;
  /** proves who comes; valid for one join of this player */
  pass: string;
  pass_expires_at: number;
  /** the fleet's own session ID, if it has one */
  player_session?: string;
}

export interface MatchAcceptRequest {
  ticket: string;
  accept: boolean;
}

/** MatchAcceptAnswer is how many players of a proposal have accepted so far. Counts are of players; AcceptBy is Unix seconds. */
export interface MatchAcceptAnswer {
  accepted: number;
  needed: number;
  accept_by: number;
}

export interface QueueRequest {
  party_id?: string;
}

/** QueueAnswer answers party_queue: why there is no match yet. It names no other players. */
export interface QueueAnswer {
  tickets: QueueTicket[];
}

/** QueueTicket is one waiting ticket. */
export interface QueueTicket {
  ticket: string;
  queue: string;
  waited_sec: number;
  /** null while too little is known of the queue */
  eta_sec: QueueETA | null;
  window: QueueWindow;
  /** tickets in the queue, including this one */
  pool: number;
  /** other tickets that could be in a match with it */
  in_reach: number;
  holding_back: HoldingBack[];
  /** while its players are asked to accept */
  proposal?: ProposalState;
}

/** QueueWindow is how far a ticket may reach at present; null is without bound. */
export interface QueueWindow {
  skill: number | null;
  latency_ms: number | null;
}

/** HoldingBack counts the tickets that one reason keeps from a ticket: match_on, skill, latency, size, parity, blocks, team_spread, or waiting for others and the next pass. */
export interface HoldingBack {
  reason: string;
  tickets: number;
}

/** ProposalState is how many players of a proposal have accepted so far. Counts are of players; AcceptBy is Unix seconds. */
export interface ProposalState {
  accepted: number;
  needed: number;
  accept_by: number;
}

/** QuickJoinRequest says which parties fit, and is the payload of party_quick_join. */
export interface QuickJoinRequest {
  /** an object: fields of the party's label with a text, a number, or true or false */
  label?: unknown;
  /** at least this many */
  free_seats?: number;
}

/** QuickJoinAnswer is the answer of party_quick_join. */
export interface QuickJoinAnswer {
  party_id: string;
  joined: boolean;
  match_id?: string;
}

/** ResumeAnswer answers party_resume. */
export interface ResumeAnswer {
  party_id: string;
  /** false: the session comes in as soon as the user's older connection has ended */
  joined: boolean;
}

export interface ServerEndRequest {
  match_id: string;
  server_token: string;
  result?: unknown;
}

export interface ServerJoinRequest {
  match_id: string;
  server_token: string;
  pass: string;
}

/** ServerJoinAnswer is a player who has joined a game server. */
export interface ServerJoinAnswer {
  user_id: string;
  /** "" for a player without a party */
  party_id: string;
  /** from 0 */
  team: number;
}

export interface ServerLeaveRequest {
  match_id: string;
  server_token: string;
  user_id: string;
  /** left, dropped, kicked or no_show */
  reason: string;
}

export interface ServerSeatsRequest {
  match_id: string;
  server_token: string;
}

/** ServerSeatsAnswer answers party_match: the match that a party is in, with all its seats. All fields are empty if the party is in no match. Whenever it changes, players of the match receive it as match data with op code OpMatch. */
export interface ServerSeatsAnswer {
  match_id: string;
  queue: string;
  /** where the match is played, in a queue with regions */
  region?: string;
  seats: MatchSeat[];
  /** Server is the caller's access to the game server. It is set if the match has one and the caller has a seat. */
  server?: ServerAccess;
}

/** ShareRequest is the request of party_share. */
export interface ShareRequest {
  party_id: string;
  to: ShareTo;
  /** at most 255 bytes; "" keeps the invite's message */
  message?: string;
}

/** ShareTo says who should see the shared party. At least one field must be set. */
export interface ShareTo {
  /** followers, by the caller's Nakama status */
  status?: boolean;
  /** mutual friends */
  friends?: boolean;
  /** the members of a group that the caller is in */
  group_id?: string;
  /** at most 100 */
  user_ids?: string[];
}

/** ShareAnswer is the answer of party_share. */
export interface ShareAnswer {
  url: string;
  /** the invite's */
  id: string;
  /** Unix seconds */
  expires_at: number;
  delivered: ShareDelivered;
}

/** ShareDelivered counts the users that the call reached. Each user is counted once: a named user who is a friend counts as named, a friend who is in the group counts as a friend. */
export interface ShareDelivered {
  /** 1 if the caller's status was set */
  status: number;
  friends: number;
  group: number;
  users: number;
}

export interface StatusListRequest {
  party_id: string;
}

/** StatusListAnswer is the statuses of a party, and the answer of party_status_list. The message to the party (op code OpStatus) has the same form, with only the rows that changed; many rows go out in several messages. */
export interface StatusListAnswer {
  members: StatusMember[];
  incoming: StatusIncoming[];
}

/** StatusMember is the status of one session in the party. */
export interface StatusMember {
  user_id: string;
  session_id: string;
  username: string;
  leader: boolean;
  /** empty before the first report */
  stage: string;
  /** 0..1; absent if none was reported */
  progress?: number;
  text: string;
  /** no progress for longer than the rules' stall */
  stalled: boolean;
  /** Unix seconds; 0 before the first report */
  updated_at: number;
  /** Lost marks a session that the server counts as a member although its connection ended while joining. The seat is taken until the leader removes the member. */
  lost?: boolean;
}

/** StatusIncoming is the status of a user on the way. In a message, a row without a stage means that the user is no longer on the way: come in, declined, or without a report for too long. */
export interface StatusIncoming {
  user_id: string;
  username: string;
  stage: string;
  progress?: number;
  text: string;
  stalled: boolean;
  updated_at: number;
}

/** StatusSetRequest is a player's status, and the request of party_status_set. It replaces the player's previous report as a whole. */
export interface StatusSetRequest {
  /** of a member's party, or */
  party_id?: string;
  /** of the invite of a user who is not in yet */
  code?: string;
  /** one of the rules' stages */
  stage: string;
  /** within the stage, 0 to 1; a small rounding error is accepted */
  progress?: number;
  /** at most 80 characters */
  text?: string;
  /** rising; a report with a lower number than the last is ignored */
  seq?: number;
}

/** WaitRequest is the payload of party_wait. */
export interface WaitRequest {
  /** of an invite, or */
  code?: string;
  /** an open party */
  party_id?: string;
  leave?: boolean;
}

/** WaitAnswer answers party_wait. */
export interface WaitAnswer {
  /** from 1; 0 for a player who has a seat, or has left the wait list */
  place: number;
  /** how many wait */
  of: number;
  /** Unix seconds, while a seat is held */
  held_until?: number;
}

/** StatusEvent is the statuses of a party, and the answer of party_status_list. The message to the party (op code OpStatus) has the same form, with only the rows that changed; many rows go out in several messages. */
export interface StatusEvent {
  members: StatusMember[];
  incoming: StatusIncoming[];
}

/** InviteEvent is a message to the party, with op code OpInvite. By is the user who caused it. User is the user it is about, if any. */
export interface InviteEvent {
  event: InviteEventName;
  /** the invite's */
  id: string;
  by: string;
  user: string;
}

/** MatchmakingEvent is a message to the party, op code OpMatchmaking. A player without a party gets it in a notification. */
export interface MatchmakingEvent {
  event: QueueEventName;
  /** "" if the host itself matches */
  queue: string;
  ticket: string;
  /** "" if the event needs none */
  reason: QueueDropReason;
  /** AcceptBy is the deadline for an answer, Unix seconds; only with found and replaced. */
  accept_by?: number;
}

/** MatchEvent is what a party hears about its match, as party data with op code OpMatch. Players also get the end as match data. An end with a user ID is only for the device that gets it: the user plays on with another one. */
export interface MatchEvent {
  event: string;
  match_id: string;
  /** absent for a seat held for a friend not known by name */
  user_id?: string;
  /** from 0; absent when the match ended */
  team?: number;
  expires_at?: number;
  /** an IP address, or a name if there is no address */
  address?: string;
  /** for clients that need a name, for example for TLS */
  dns_name?: string;
  port?: number;
  /** proves who comes; valid for one join of this player */
  pass?: string;
  pass_expires_at?: number;
  /** the fleet's own session ID, if it has one */
  player_session?: string;
  /** with ended, where a game server gave one */
  result?: unknown;
}

/** MemberEvent is the message to members, op code OpMember. */
export interface MemberEvent {
  event: ReconnectEventName;
  user_id: string;
  /** Unix seconds; the end of the kept seat */
  until?: number;
  /** for removed: the leader's user ID */
  by?: string;
  /** for restored: the party's native ID before */
  was?: string;
  /** for back: the user who led when the connection was lost */
  led?: string;
}

/** AttributesEvent is all attributes of a party, and the answer of party_attributes_get. The message to the party (op code OpAttributes) has the same form, with only the changes; many changes go out in several messages. */
export interface AttributesEvent {
  /** rises with every write; 0 before the first */
  version: number;
  party: Record<string, unknown>;
  /** by user ID */
  members: Record<string, Record<string, unknown>>;
}

/** InviteNotice is the content of notification 1001: who invites to which party. */
export interface InviteNotice {
  party_id: string;
  url: string;
  code: string;
  /** the inviter's username */
  from: string;
  message: string;
}

/** DeclinedNotice is the content of notification 1002: who will not come. */
export interface DeclinedNotice {
  party_id: string;
  /** the invite's */
  id: string;
  /** the username of the player who declined */
  from: string;
}

/** DroppedNotice is a message to the party, op code OpMatchmaking. A player without a party gets it in a notification. */
export interface DroppedNotice {
  event: QueueEventName;
  /** "" if the host itself matches */
  queue: string;
  ticket: string;
  /** "" if the event needs none */
  reason: QueueDropReason;
  /** AcceptBy is the deadline for an answer, Unix seconds; only with found and replaced. */
  accept_by?: number;
}

/** RemovedNotice is the content of notification 1004. */
export interface RemovedNotice {
  party_id: string;
  /** the leader's user ID */
  by: string;
  kind: ReconnectRemovalKind;
}

/** SeatFreeNotice is the content of notification 1005: the player takes the seat by redeeming the code or, in an open party, by joining it. In a closed party party_wait with its ID takes the seat too; with a code it does not. */
export interface SeatFreeNotice {
  party_id: string;
  /** Unix seconds */
  held_until: number;
}

/** FoundNotice is the content of notification 1006. */
export interface FoundNotice {
  ticket: string;
  queue: string;
  /** the deadline for an answer, Unix seconds */
  accept_by: number;
}

/** ServerNotice is what a party hears about its match, as party data with op code OpMatch. Players also get the end as match data. An end with a user ID is only for the device that gets it: the user plays on with another one. */
export interface ServerNotice {
  event: string;
  match_id: string;
  /** absent for a seat held for a friend not known by name */
  user_id?: string;
  /** from 0; absent when the match ended */
  team?: number;
  expires_at?: number;
  /** an IP address, or a name if there is no address */
  address?: string;
  /** for clients that need a name, for example for TLS */
  dns_name?: string;
  port?: number;
  /** proves who comes; valid for one join of this player */
  pass?: string;
  pass_expires_at?: number;
  /** the fleet's own session ID, if it has one */
  player_session?: string;
  /** with ended, where a game server gave one */
  result?: unknown;
}

/** What players call. */
export class Partyline {
  constructor(private readonly send: Transport) {}

  /** Gives the party as the presence and invite APIs of platforms take it. */
  activity(request: ActivityRequest): Promise<ActivityAnswer> {
    return call(this.send, "party_activity", request);
  }

  /** Gives the attributes of the party and of its members. */
  attributesGet(request: AttributesGetRequest): Promise<AttributesGetAnswer> {
    return call(this.send, "party_attributes_get", request);
  }

  /** Writes attributes of the party, of the caller in it, or both. */
  attributesSet(request: AttributesSetRequest): Promise<AttributesSetAnswer> {
    return call(this.send, "party_attributes_set", request);
  }

  /** Says whether an action would be refused, and why, without doing it. */
  check(request: CheckRequest): Promise<CheckAnswer> {
    return call(this.send, "party_check", request);
  }

  /** Lists open parties that fit, with live counts, the longest open first. */
  find(request: FindRequest): Promise<FindAnswer> {
    return call(this.send, "party_find", request);
  }

  /** Makes an invite into a party that the caller is in. */
  inviteCreate(request: InviteCreateRequest): Promise<InviteCreateAnswer> {
    return call(this.send, "party_invite_create", request);
  }

  /** Declines an invite that names the caller, frees the seat and tells the inviter. */
  inviteDecline(request: InviteDeclineRequest): Promise<Record<string, never>> {
    return call(this.send, "party_invite_decline", request);
  }

  /** Lists the invites of a party, for its members, the newest first. */
  inviteList(request: InviteListRequest): Promise<InviteListAnswer> {
    return call(this.send, "party_invite_list", request);
  }

  /** Says what an invite leads to, without using it. */
  invitePreview(request: InvitePreviewRequest): Promise<InvitePreviewAnswer> {
    return call(this.send, "party_invite_preview", request);
  }

  /** Uses an invite: the caller's running game becomes a member at once. */
  inviteRedeem(request: InviteRedeemRequest): Promise<InviteRedeemAnswer> {
    return call(this.send, "party_invite_redeem", request);
  }

  /** Ends an invite, for the user who made it and for the leader. */
  inviteRevoke(request: InviteRevokeRequest): Promise<Record<string, never>> {
    return call(this.send, "party_invite_revoke", request);
  }

  /** Names the match that the party is in, with its seats. */
  match(request: MatchRequest): Promise<MatchAnswer> {
    return call(this.send, "party_match", request);
  }

  /** Answers for the caller whether they take the match that was found. */
  matchAccept(request: MatchAcceptRequest): Promise<MatchAcceptAnswer> {
    return call(this.send, "party_match_accept", request);
  }

  /** Says why a ticket has no match yet; without a party, of all tickets that the caller is on. */
  queue(request: QueueRequest): Promise<QueueAnswer> {
    return call(this.send, "party_queue", request);
  }

  /** Makes the caller a member of an open party that fits, at once. */
  quickJoin(request: QuickJoinRequest): Promise<QuickJoinAnswer> {
    return call(this.send, "party_quick_join", request);
  }

  /** Puts the caller back into the seat kept after a dropped connection. */
  resume(): Promise<ResumeAnswer> {
    return call(this.send, "party_resume", {});
  }

  /** Makes the party known to followers, friends, a group or certain users. */
  share(request: ShareRequest): Promise<ShareAnswer> {
    return call(this.send, "party_share", request);
  }

  /** Lists how far everybody in the party and on the way to it is. */
  statusList(request: StatusListRequest): Promise<StatusListAnswer> {
    return call(this.send, "party_status_list", request);
  }

  /** Tells how far the caller is, as a member or, by an invite's code, as somebody on the way. */
  statusSet(request: StatusSetRequest): Promise<Record<string, never>> {
    return call(this.send, "party_status_set", request);
  }

  /** Puts the caller on the wait list of a full party, or takes them off it. */
  wait(request: WaitRequest): Promise<WaitAnswer> {
    return call(this.send, "party_wait", request);
  }
}

/** What the game's own servers call, with the HTTP key. */
export class PartylineServer {
  constructor(private readonly send: Transport) {}

  /** Lists the parties there are. */
  parties(request: AdminPartiesRequest): Promise<AdminPartiesAnswer> {
    return call(this.send, "party_admin_parties", request);
  }

  /** Shows the rules in force and what is wrong with the newest file. */
  rules(request: AdminRulesRequest): Promise<AdminRulesAnswer> {
    return call(this.send, "party_admin_rules", request);
  }

  /** Counts denials, invites and what the module remembers. */
  stats(): Promise<AdminStatsAnswer> {
    return call(this.send, "party_admin_stats", {});
  }

  /** The match is over; its parties hear the result. */
  serverEnd(request: ServerEndRequest): Promise<Record<string, never>> {
    return call(this.send, "party_server_end", request);
  }

  /** A player has come with a pass. It works once. */
  serverJoin(request: ServerJoinRequest): Promise<ServerJoinAnswer> {
    return call(this.send, "party_server_join", request);
  }

  /** A player has gone, or has lost the connection and may come back. */
  serverLeave(request: ServerLeaveRequest): Promise<Record<string, never>> {
    return call(this.send, "party_server_leave", request);
  }

  /** The seats of the match, and a sign of life of its game server. */
  serverSeats(request: ServerSeatsRequest): Promise<ServerSeatsAnswer> {
    return call(this.send, "party_server_seats", request);
  }
}

/** A message of the server's to the party, by its op code. */
export type PartyEvent =
  | { op: -1; data: StatusEvent }
  | { op: -2; data: InviteEvent }
  | { op: -3; data: MatchmakingEvent }
  | { op: -4; data: MatchEvent }
  | { op: -5; data: MemberEvent }
  | { op: -6; data: AttributesEvent };

/** Reads what onpartydata brings; undefined for what members send and for messages of a newer server. */
export function partyEvent(message: PartyData): PartyEvent | undefined {
  const op = Number(message.op_code);
  if (!(op <= -1 && op >= -6)) return undefined;
  return { op, data: JSON.parse(new TextDecoder().decode(message.data)) } as PartyEvent;
}

/** A notification of Partyline's, by its code. */
export type PartyNotice =
  | { code: 1001; content: InviteNotice }
  | { code: 1002; content: DeclinedNotice }
  | { code: 1003; content: DroppedNotice }
  | { code: 1004; content: RemovedNotice }
  | { code: 1005; content: SeatFreeNotice }
  | { code: 1006; content: FoundNotice }
  | { code: 1007; content: ServerNotice };

/** Reads what onnotification brings; undefined for other notifications. */
export function partyNotice(notification: Notification): PartyNotice | undefined {
  const code = Number(notification.code);
  if (![1001, 1002, 1003, 1004, 1005, 1006, 1007].includes(code)) return undefined;
  return { code, content: notification.content } as unknown as PartyNotice;
}
