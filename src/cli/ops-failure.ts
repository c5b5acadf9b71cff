import { terminalText } from '../report/terminal-text.js';
import { CommandError } from './command.js';
import type { OpsAddress } from './ops-address.js';
import type { OpsReply, OpsRequest } from './ops-request.js';

const MAX_WORDS = 400;
/** Paths to a finding, an operation or a probe: the service may well not have the one that was meant. */
const NAMES_SOMETHING = /^\/(leaks\/lw-|operations\/|probes\/)/;

const HOW_TO_LISTEN =
  'These are the options listen and token of watch(), and with leakwatch/register the variables LEAKWATCH_LISTEN and LEAKWATCH_TOKEN';

/** Why a service did not do what it was asked, in one line. */
export class OpsFailure extends CommandError {
  /** HTTP status; null if there was no answer. */
  readonly status: number | null;
  /** Whether the same request may succeed later: the service restarts, or is busy. */
  readonly mayPass: boolean;
  /** What the service said; null if it said nothing. */
  readonly detail: string | null;

  constructor(message: string, status: number | null, mayPass: boolean, detail: string | null = null) {
    super(message);
    this.status = status;
    this.mayPass = mayPass;
    this.detail = detail;
  }
}

/** No answer came. */
export function noAnswer(error: NodeJS.ErrnoException, { shown, secure, target }: OpsAddress): OpsFailure {
  const code = error.code ?? error.message;
  const at = terminalText(shown, MAX_WORDS);
  const lasting = lastingWords(code, secure);
  const words = lasting ?? transportWords(code, 'socketPath' in target);
  return new OpsFailure(`${at}: ${words} (${code})`, null, lasting === null);
}

function transportWords(code: string, isSocket: boolean): string {
  switch (code) {
    case 'ECONNREFUSED':
      return isSocket
        ? 'nothing listens on the socket: the service has ended'
        : `nothing listens there; is the service running, and does it have an address to listen on and a token? ${HOW_TO_LISTEN}`;
    case 'ENOENT':
      return `there is no such socket; is the service running, and does it listen on this path? ${HOW_TO_LISTEN}`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name cannot be resolved';
    case 'ETIMEDOUT':
      return 'no answer in time: the service is busy or stopped, or a firewall drops the connection';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was closed before the answer was complete';
    case 'EMSGSIZE':
      return 'the answer is larger than anything the ops endpoint sends';
    default:
      return 'the connection failed';
  }
}

/** For errors that waiting does not change; null for others. */
function lastingWords(code: string, secure: boolean): string | null {
  if (code.startsWith('HPE_')) return 'the answer is not HTTP; if it takes TLS, use https://';
  if (['EACCES', 'EPERM'].includes(code))
    return 'this user may not connect to the socket; run as the user of the service';
  return secure ? trustWords(code) : null;
}

function trustWords(code: string): string | null {
  if (/SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_UNTRUSTED/.test(code))
    return 'its certificate is from an authority that this machine does not know; name the authority with --ca FILE';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (code === 'CERT_NOT_YET_VALID')
    return 'its certificate is not valid yet; is the clock of this machine right?';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'its certificate is for another name; use a name that the certificate has';
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA/.test(code))
    return 'it did not accept the client certificate; name one with --cert FILE and --key FILE';
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|^EPROTO$/.test(code))
    return 'it does not speak TLS; use http://';
  return null;
}

/** An answer that is not the one hoped for. */
export function refusal(
  { path }: OpsRequest,
  hasToken: boolean,
  { status, headers, body }: OpsReply,
  { shown }: OpsAddress,
): OpsFailure {
  const said = detailOf(body);
  const mayPass = status === 429 || status >= 500;
  const at = terminalText(shown, MAX_WORDS);
  const why = status === 404 ? notFound(path, said) : words(status, hasToken, headers['retry-after'], said);
  return new OpsFailure(`${at}: ${why} (${status})`, status, mayPass, said);
}

function words(
  status: number,
  hasToken: boolean,
  retryAfter: string | undefined,
  said: string | null,
): string {
  const server = said === null ? '' : `: ${said}`;
  switch (status) {
    case 401:
      return hasToken
        ? 'the token is not accepted; it is mistyped, expired, or of another service'
        : 'the certificate alone gives no access, and no token was sent';
    case 403:
      return `the service refuses this${server}`;
    case 429: {
      const seconds = secondsOf(retryAfter);
      return `too many requests${seconds === null ? '' : `; try again in ${seconds} s`}${server}`;
    }
    case 503:
      return `the service does not do this now${server}`;
    default:
      if (status >= 300 && status < 400)
        return 'it redirects, and the client never sends a token to another address';
      return `the request failed${server}`;
  }
}

/** A closed endpoint, a wrong base and a finding that does not exist get the same answer, so the path decides what is likely. */
function notFound(path: string, said: string | null): string {
  const server = said === null ? 'nothing is there' : `not found: ${said}`;
  if (said !== null && NAMES_SOMETHING.test(path)) return server;
  return `${server.replace(/\.$/, '')}; either no token is configured, so the endpoint is closed, or the path in the address is not its base (usually /ops), or this version has no such route`;
}

/** Whole seconds of `Retry-After`; null without, and for a date. */
export function secondsOf(retryAfter: string | undefined): number | null {
  return retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : null;
}

/** The words of a problem (RFC 9457), safe to print; null for anything else. */
function detailOf(body: Buffer): string | null {
  try {
    const { detail, title } = JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>;
    const said = typeof detail === 'string' ? detail : title;
    return typeof said === 'string' ? terminalText(said, MAX_WORDS) : null;
  } catch {
    return null;
  }
}
