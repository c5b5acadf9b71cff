/** Every error that leakwatch throws or responds with: code → its meaning and its HTTP status. */
export const ERROR_CODES = {
  LEAKWATCH_ERR_UNKNOWN_OPTION: { status: 500, title: 'An option or environment variable is unknown.' },
  LEAKWATCH_ERR_INVALID_OPTION: { status: 500, title: 'An option has an invalid value.' },
  LEAKWATCH_ERR_OPTION_CONFLICT: { status: 500, title: 'Two options contradict each other.' },
  LEAKWATCH_ERR_INVALID_CRON: { status: 500, title: 'A cron expression is invalid.' },
  LEAKWATCH_ERR_WEAK_TOKEN: { status: 500, title: 'A bearer token is too short or damaged.' },
  LEAKWATCH_ERR_TOKEN_FILE: {
    status: 500,
    title: 'The token file is missing, malformed or readable by others.',
  },
  LEAKWATCH_ERR_LISTEN: { status: 500, title: 'The listener could not be opened.' },
  LEAKWATCH_ERR_LISTEN_EXPOSED: { status: 500, title: 'The listener would be reachable beyond this host.' },
  LEAKWATCH_ERR_EVAL_UNACKNOWLEDGED: { status: 500, title: 'Expressions are on without acknowledgement.' },
  LEAKWATCH_ERR_STATE_DIR: { status: 500, title: 'The state directory cannot be used.' },
  LEAKWATCH_ERR_ALREADY_WATCHING: { status: 500, title: 'This thread is already being watched.' },
  LEAKWATCH_ERR_SNAPSHOT_FORMAT: { status: 422, title: 'The heap snapshot is malformed.' },
  LEAKWATCH_ERR_ANALYSIS_MEMORY: { status: 507, title: 'The analysis needs more memory than it may use.' },
  LEAKWATCH_ERR_BAD_REQUEST: { status: 400, title: 'The request is malformed.' },
  LEAKWATCH_ERR_INVALID_INPUT: { status: 400, title: 'A parameter or a field of the body is invalid.' },
  LEAKWATCH_ERR_BODY_TOO_LARGE: { status: 413, title: 'The body of the request is too large.' },
  LEAKWATCH_ERR_BODY_TIMEOUT: { status: 408, title: 'The body of the request took too long.' },
  LEAKWATCH_ERR_UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The body is not JSON.' },
  LEAKWATCH_ERR_UNAUTHENTICATED: { status: 401, title: 'A valid bearer token is required.' },
  LEAKWATCH_ERR_INSUFFICIENT_SCOPE: { status: 403, title: 'The token does not grant this operation.' },
  LEAKWATCH_ERR_CROSS_SITE: { status: 403, title: 'Requests from other sites are refused.' },
  LEAKWATCH_ERR_NOT_FOUND: { status: 404, title: 'Nothing exists at this address.' },
  LEAKWATCH_ERR_METHOD_NOT_ALLOWED: { status: 405, title: 'This address does not allow the method.' },
  LEAKWATCH_ERR_NOT_ACCEPTABLE: { status: 406, title: 'None of the accepted media types is available.' },
  LEAKWATCH_ERR_MISDIRECTED: { status: 421, title: 'The Host header does not name this listener.' },
  LEAKWATCH_ERR_TOO_MANY_REQUESTS: { status: 429, title: 'Too many requests.' },
  LEAKWATCH_ERR_BUSY: { status: 429, title: 'The watcher is busy with another request.' },
  LEAKWATCH_ERR_REFUSED: { status: 503, title: 'Refused to protect the service.' },
  LEAKWATCH_ERR_CAPTURE: { status: 500, title: 'The heap could not be captured or analysed.' },
  LEAKWATCH_ERR_OPERATION_ENDED: { status: 409, title: 'The operation has ended already.' },
  LEAKWATCH_ERR_NO_FILE: { status: 409, title: 'The operation has nothing to download.' },
  LEAKWATCH_ERR_AUDIT: { status: 503, title: 'The audit log cannot be written.' },
  LEAKWATCH_ERR_INTERNAL: { status: 500, title: 'The request failed.' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The only error class. `message` says what is wrong and how to fix it; it never holds a token or a value from the heap. */
export class LeakwatchError extends Error {
  override readonly name = 'LeakwatchError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }
}
