/** The part of HAProxy's configuration that is the same for every app: limits, header rules, routing, pages. */
import { PAGES, type Page, pageHtml } from '../../pages.ts';
import { LIST_FILE, type RenderInput } from './renderInput.ts';

/** Fields that only the router may say, that belong to one connection, or that have tricked servers behind a proxy. */
const STRIPPED = ['forwarded', 'x-real-ip', 'x-request-id', 'proxy', 'keep-alive', 'te', 'http2-settings'];
const STRIPPED_BEGINNINGS = ['x-forwarded-', 'proxy-', 'teal-'];

/** What is logged of each request, separated by tabs: see `trafficLines.ts`. */
const LOG_FORMAT = [
  'T',
  '%[date(0,ms)]',
  '%[var(sess.client)]',
  '%[var(txn.app)]',
  '%b',
  '%s',
  '%ST',
  '%ts',
  '%U',
  '%B',
  '%Ta',
  '%ft',
  '%[var(txn.host)]',
  '%HM',
  '%HU',
].join('\\t');

/**
 * Beginnings of the fields that need a closer look: those that are taken away, and those that say how a message ends or what
 * becomes of its connection; a host with more behind its colon than a port. Names are in lower case by then.
 */
const ODD_FIELDS = [
  ...STRIPPED.filter((name) => name !== 'proxy').map((name) => `${name}:`),
  ...STRIPPED_BEGINNINGS.filter((beginning) => beginning !== 'proxy-'),
  'proxy[-:]',
  'connection:',
  'upgrade:',
  'transfer-encoding:',
  'content-length:',
  'host:[^\\r\\n]*:(?![0-9]{0,5}\\r)',
].join('|');

/** Matches the text of all fields where one is odd. Each begins with a fixed character or place, which makes it quick. */
const ODD_REQUEST = `'^(${ODD_FIELDS})' '\\x00|\\n(${ODD_FIELDS})'`;

/** What `host.ts` takes for a host with an optional port, roughly: the map knows no others. */
const HOST = '^([a-z0-9_-]+\\.)*[a-z0-9_-]+\\.?(:[0-9]{0,5})?$|^\\[[0-9a-f:.]+\\](:[0-9]{0,5})?$'.replaceAll(
  '\\',
  '\\\\',
);

/** Longer than this may not fit into the socket buffers on the way. */
const LONG_BODY_BYTES = 16 * 1024;

/** Kept free of what a client's headers may fill, for those that are added. */
const REWRITE_BYTES = 1_024;

/** WebSockets are cut at the end of a drain: a HAProxy that was told to go has nothing to wait for after this. */
const HARD_STOP = '6m';

export function globals({ options, adminSocket, luaFile }: RenderInput): string {
  const { limits, runAs, threads } = options;
  const lines = [
    'global',
    `  stats socket "${adminSocket}" mode 600 level admin`,
    '  stats timeout 20d',
    `  nbthread ${threads}`,
    ...(runAs === null ? [] : [`  user ${runAs.user}`, `  group ${runAs.group}`]),
    `  hard-stop-after ${HARD_STOP}`,
    `  lua-load-per-thread "${luaFile}"`,
    `  tune.bufsize ${limits.maxHeaderBytes + REWRITE_BYTES}`,
    `  tune.maxrewrite ${REWRITE_BYTES}`,
    // Longer than what the access log shows of a path.
    '  tune.http.logurilen 1100',
    '  ssl-default-bind-options ssl-min-ver TLSv1.2',
    '  log stdout len 4000 format raw local0',
    'defaults base',
    '  mode http',
    `  timeout connect ${limits.connectTimeoutMs}`,
    `  timeout client ${limits.uploadIdleMs}`,
    `  timeout server ${limits.answerTimeoutMs}`,
    '  timeout tunnel 24h',
    `  timeout queue ${limits.queueTimeoutMs}`,
    `  timeout http-request ${limits.headersTimeoutMs}`,
    `  timeout http-keep-alive ${limits.keepAliveMs}`,
    `  timeout client-fin ${limits.lingerMs}`,
    '  option idle-close-on-response',
    '  option abortonclose',
    '  option clitcpka',
    '  option srvtcpka',
    '  balance roundrobin',
    // A dead member costs a try, not an answer; a request that may have arrived is tried again only where that is safe.
    '  retries 2',
    '  option redispatch 1',
    '  retry-on conn-failure empty-response',
    '  http-reuse always',
  ];
  return lines.join('\n');
}

/** For what HAProxy answers itself; it cannot choose by Accept. */
export function errorPages(): string {
  const page = (of: Page) =>
    `  http-error status ${of.status} content-type "text/html; charset=utf-8" string ${quote(pageHtml(of))}` +
    ` hdr Cache-Control no-store hdr Retry-After ${of.retryAfterSeconds ?? 5}`;
  return [page(PAGES.unreachable), page(PAGES.unable), page(PAGES.late)].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll(/\s*\n\s*/g, ' ').replaceAll("'", '’')}'`;
}

/** Answered here, and the connection ends: nobody knows what follows. */
function refuse(status: 400 | 405): string {
  const text = `hdr Connection close hdr Cache-Control no-store content-type text/plain string 'Request refused.\\n'`;
  const allow = status === 405 ? ` hdr Allow 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'` : '';
  return `http-request return status ${status} ${text}${allow}`;
}

/** Names one by one: a pattern would be tried on every field of every request. */
function strip(): string {
  const rules = [...STRIPPED, ...STRIPPED_BEGINNINGS.map((beginning) => `${beginning} -m beg`)];
  return rules.map((rule) => `http-request del-header ${rule}`).join('\n  ');
}

/**
 * Most requests are quick: they ask without a body for a path of a known host that is up, and no field of theirs is odd.
 * One look at all fields finds that out, and spares them the rules that follow.
 */
function quickRules(): string {
  return `tcp-request session set-var(sess.client) src,concat()
  acl asks_only method GET HEAD
  acl is_path url -m beg /
  acl is_target url -m beg /
  acl is_target req.ver 2.0
  acl is_odd req.hdrs -m reg ${ODD_REQUEST}
  # A HAProxy that has been told to end counts no servers, and still has them.
  acl is_up var(txn.state) -m beg s
  http-request set-var(txn.host) req.fhdr(host)
  http-request set-var(txn.app) var(txn.host),field(1,:),lower,map(host.map)
  http-request set-var(txn.state) var(txn.app),map(state.map)
  http-request allow if is_up asks_only is_target { req.ver 1.1 2.0 } !is_odd`;
}

/** Each rule costs its requests: what is rare is found out by one cheap look, and looked at closely only then. */
function closeRules(proofHeader: string, hasSecure: boolean): string {
  return `acl is_safe method GET HEAD OPTIONS
  acl is_ws req.hdr(upgrade) -i websocket
  acl has_body req.hdr_val(content-length) gt 0
  acl is_chunked req.fhdr(transfer-encoding) -m found
  acl names_none req.fhdr_cnt(connection) eq 0
  acl names_one req.fhdr_cnt(connection) eq 1
  acl names_usual req.fhdr(connection) -i keep-alive close upgrade
  ${refuse(405)} if { method TRACE CONNECT }
  ${refuse(400)} unless { req.fhdr_cnt(host) eq 1 } { var(txn.host) -m reg -i ${HOST} }
  ${refuse(400)} if { req.hdrs -m reg \\\\x00 }
  ${refuse(400)} unless { req.ver 1.1 2.0 } || { req.ver 1.0 } !is_chunked
  ${refuse(400)} if { req.hdr(content-length) -m reg ^0[0-9] }
  ${refuse(400)} unless is_path || { url -m beg -i http:// https:// } || { method OPTIONS } { url * }
  http-request set-uri / if !is_path !{ req.ver 2.0 } { url -m reg -i ^https?://[^/]*$ }
  http-request set-uri %[pathq] unless is_path || { url * } || { req.ver 2.0 }
  http-request lua.hop_request unless names_none || names_one names_usual
  ${refuse(400)} if { var(txn.hop) -m found } || is_ws has_body || is_ws is_chunked
  http-request del-header connection unless names_none || is_ws
  http-request del-header upgrade unless is_ws
  http-request set-var(txn.proven) req.fhdr(${proofHeader}),sha2(256),hex,map(proof.map) if { req.fhdr(${proofHeader}) -m found }
  ${strip()}
  http-request set-var(txn.app) var(txn.host),host_only,rtrim(.),lower,map(host.map)
  http-request set-var(txn.state) var(txn.app),map(state.map)
  http-request set-var(txn.state) var(txn.state),field(2,:) if { var(txn.state) -m beg _h: }${hasSecure ? ' { ssl_fc }' : ''}
  http-request set-var(txn.state) var(txn.state),field(2,:) if { var(txn.proven) -m found } { var(txn.state),field(2,:) -m beg s }
  http-request set-var(txn.deployment) var(txn.state),map(pool.map) if { var(txn.proven) -m found }
  http-request set-log-level silent if { var(txn.proven) -m found }
  # A connection that was idle may close under a request; what must not be sent twice gets one of its own. HAProxy shares
  # connections of equal server names only, and a random one is equal to none.
  http-request set-var(txn.fresh) rand unless is_safe !has_body !is_chunked
  # An app that answers before it has read a long body must not close: what is unread would break the answer off.
  http-request set-header Connection close if { var(txn.fresh) -m found } !is_chunked !{ req.hdr_val(content-length) gt ${LONG_BODY_BYTES} }
  http-request disable-l7-retry if { var(txn.fresh) -m found }`;
}

function answerRules(proofAnswer: string): string {
  return `acl is_switched status 101
  http-response track-sc0 srv_name table ws if is_switched
  http-response lua.hop_answer unless { res.fhdr_cnt(connection) eq 0 } || { res.fhdr_cnt(connection) eq 1 } { res.fhdr(connection) -i keep-alive close } || is_switched
  http-response del-header connection unless is_switched
  http-response del-header proxy-connection
  http-response del-header keep-alive
  http-response del-header ${proofAnswer}
  http-response set-header ${proofAnswer} %[var(txn.deployment)] if { var(txn.deployment) -m found }`;
}

export function frontend({ fds, pagesSocket, options, table }: RenderInput): string {
  const { request, answer } = options.proofHeaders;
  // Without a certificate HAProxy starts only where names must match one.
  const strict = table.certificates.length === 0 ? ' strict-sni' : '';
  const secure =
    fds.secure === null ? [] : [`  bind fd@${fds.secure} ssl crt-list ${LIST_FILE} alpn h2,http/1.1${strict}`];
  return `backend ws from base
  stick-table type string len 100 size 1m expire 1m store conn_cur
backend pages from base
  retry-on none
  http-reuse never
  http-request set-header x-forwarded-proto %[ssl_fc,iif(https,http)]
  http-request set-header teal-state %[var(txn.state)]
  http-request set-header teal-app %[var(txn.app)]
  server teal unix@${pagesSocket.replaceAll(' ', '\\ ')}
frontend in from base
  bind fd@${fds.plain}
${secure.join('\n')}
  option http-restrict-req-hdr-names delete
  option disable-h2-upgrade
  log global
  log-format "${LOG_FORMAT}"
  ${quickRules()}
  ${closeRules(request, fds.secure !== null)}
  ${answerRules(answer)}
  use_backend %[var(txn.state)] if { var(txn.state),nbsrv gt 0 } || is_up { stopping }
  default_backend pages
# What every app is told, once everything of the kind that a client said is gone.
defaults apps from base
  http-request add-header X-Forwarded-For %[var(sess.client)]
  http-request add-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  http-request add-header X-Forwarded-Host %[var(txn.host)]
  http-request add-header X-Forwarded-Port %fp
  http-request add-header X-Request-Id %Ts-%rt-%[rand]
  # A stream of events may be silent for as long as it likes.
  http-request set-timeout server 24h if { req.hdr(accept) -m beg text/event-stream }`;
}
