/** The one catalogue of errors: code → sentence and whether trying again can help. Codes are never reused. */

interface Entry {
  /** The sentence for people; `{name}` is filled from the error's facts. */
  message: string;
  retryable: boolean;
}

const entries = {
  // what a request says
  request_invalid: { message: 'The request is not valid: {detail}', retryable: false },
  request_too_large: { message: 'The request body is larger than {limit}. Send less.', retryable: false },
  media_type_unsupported: { message: 'Send the body as application/json.', retryable: false },
  not_found: { message: 'There is no {what} here. Check the name and that your token may see it.', retryable: false },
  method_not_allowed: { message: 'This address does not take {method}.', retryable: false },
  unauthenticated: { message: 'Sign in, or send an API token as "Authorization: Bearer <token>".', retryable: false },
  token_invalid: {
    message: 'The token is not valid. Create a new one with "teal tokens create", or sign in again.',
    retryable: false,
  },
  origin_foreign: { message: 'The request comes from another site and was refused.', retryable: false },
  forbidden: {
    message: 'You may not do this: it needs "{permission}", which your role or your token does not have.',
    retryable: false,
  },
  credentials_wrong: { message: 'E-mail address and password do not fit together.', retryable: false },
  second_factor_needed: { message: 'Send the code of your second factor along, as "code".', retryable: false },
  second_factor_wrong: { message: 'The code is wrong, or was used before. Try the next one.', retryable: false },
  too_many_attempts: {
    message: 'Too many attempts. Try again in {seconds} seconds.',
    retryable: true,
  },
  overloaded: { message: 'Teal checks too many passwords right now. Try again in a moment.', retryable: true },
  password_unfit: { message: 'This cannot be a password: {detail}.', retryable: false },
  password_wrong: { message: 'The current password is not that one.', retryable: false },
  reset_invalid: { message: 'This reset link is unknown, used or too old. Ask for a new one.', retryable: false },
  second_factor_state: { message: 'The second factor is {state}.', retryable: false },
  idempotency_mismatch: {
    message: 'This Idempotency-Key was used for another request. Use a new key.',
    retryable: false,
  },
  idempotency_running: {
    message: 'The first request with this Idempotency-Key is still running. Try again in a moment.',
    retryable: true,
  },
  // organisations
  organisation_not_found: {
    message: 'There is no organisation "{id}". "teal orgs list" shows yours.',
    retryable: false,
  },
  organisation_needed: {
    message: 'You belong to several organisations, or to none: say which one is meant ("teal orgs list").',
    retryable: false,
  },
  organisation_not_empty: {
    message: 'The organisation still has apps. Delete them first.',
    retryable: false,
  },
  member_not_found: { message: 'There is no such member of this organisation.', retryable: false },
  member_exists: { message: '"{email}" is a member already.', retryable: false },
  last_admin: {
    message: 'An organisation needs an admin, and this is its last. Make somebody else admin first.',
    retryable: false,
  },
  role_too_high: { message: 'You can give, change and take roles up to your own, {role}.', retryable: false },
  invitation_invalid: {
    message: 'This invitation is unknown, used, too old, or for another address.',
    retryable: false,
  },
  invitation_sign_in: {
    message: 'There is an account for this address: sign in to it, then accept the invitation.',
    retryable: false,
  },
  // apps
  app_name_invalid: {
    message:
      '"{name}" cannot be an app name: use 2 to 40 of a-z, 0-9 and -, starting with a letter, not ending with -, and not one of the reserved names.',
    retryable: false,
  },
  app_name_taken: { message: 'The name "{name}" is taken. Choose another.', retryable: false },
  app_not_found: { message: 'There is no app "{name}". "teal apps list" shows yours.', retryable: false },
  variable_name_invalid: {
    message: '"{name}" cannot be a variable name: use letters, digits and _, not starting with a digit.',
    retryable: false,
  },
  variable_reserved: { message: '{name} is set by the platform and cannot be changed.', retryable: false },
  domain_invalid: { message: '"{name}" cannot be a domain: {detail}.', retryable: false },
  domain_reserved: { message: '"{name}" belongs to the platform and cannot be given to an app.', retryable: false },
  domain_taken: {
    message: '"{name}" is in use on this platform. Whoever has it must remove it from their app first.',
    retryable: false,
  },
  domain_not_found: {
    message: 'The app has no domain "{name}". "teal domains list" shows those it has.',
    retryable: false,
  },
  domain_default: { message: '"{name}" is the name that the app always has; it cannot be removed.', retryable: false },
  certificate_invalid: { message: 'The certificate cannot be used: {detail}.', retryable: false },
  certificate_not_found: {
    message: 'There is no certificate "{id}". "teal certificates list" shows those there are.',
    retryable: false,
  },
  https_off: { message: 'This platform serves no HTTPS: it was started with --https-port off.', retryable: false },
  settings_invalid: { message: 'The settings are not valid: {detail}', retryable: false },
  // deployments
  deployment_not_found: {
    message:
      'There is no deployment "{id}" of this app, or not any more. "teal deployments" lists those that are kept.',
    retryable: false,
  },
  deployment_not_cancellable: {
    message: 'This deployment is {state} and cannot be cancelled any more.',
    retryable: false,
  },
  no_previous: {
    message: 'There is no earlier version to start: only one version of this app has been live.',
    retryable: false,
  },
  release_not_kept: {
    message: 'That version was never live or is not kept any more. "teal deployments" shows which are.',
    retryable: false,
  },
  live_changed: {
    message: 'What is live has changed in the meantime (now {live}). Look again, then decide.',
    retryable: false,
  },
  app_busy: {
    message: 'Another change of this app is running ({what}). Try again when it has ended.',
    retryable: true,
  },
  nothing_pushed: {
    message: 'Nothing has been pushed to this app yet. "git push clever main" does it.',
    retryable: false,
  },
  already_live: { message: 'This version is live already.', retryable: false },
  app_not_stopped: { message: 'The app is not stopped.', retryable: false },
  app_already_stopped: { message: 'The app is stopped already.', retryable: false },
  // pushes
  push_branch_delete: {
    message: 'The deploy branch "{branch}" cannot be deleted: the app runs from it.',
    retryable: false,
  },
  push_ref_unsupported: {
    message: 'Teal keeps branches and tags only; "{ref}" is neither. Push to refs/heads/ or refs/tags/.',
    retryable: false,
  },
  push_option_invalid: { message: 'The push option "{option}" is not known. Known: {known}.', retryable: false },
  push_too_large: {
    message:
      'The push is larger than {limit}. Remove large files from the history, or ask the operator to raise TEAL_MAX_PUSH_BYTES.',
    retryable: false,
  },
  push_malformed: { message: 'The push could not be read: {detail}', retryable: false },
  push_not_ready: { message: 'Teal is starting or stopping. Push again in a moment.', retryable: true },
  disk_full: {
    message:
      "The platform's disk is full, so the push was refused. Live apps are not affected. Ask the operator to free space.",
    retryable: true,
  },
  disk_short: {
    message:
      'The build was not begun: {what} has {free} left, and {needed} must be free. Live apps are not affected. Ask the operator to free space, then "teal redeploy".',
    retryable: true,
  },
  memory_short: {
    message:
      'The build was not begun: {what} has {free} left, and {needed} must be free. Live apps are not affected. "teal redeploy" tries again.',
    retryable: true,
  },
  // webhooks
  webhook_not_found: { message: 'There is no webhook "{id}". "teal webhooks list" shows them.', retryable: false },
  webhook_limit: { message: 'There are {limit} webhooks already. Remove one first.', retryable: false },
  // keys for git over SSH
  key_unknown: { message: 'This key is not known here any more. "teal keys add" adds one.', retryable: false },
  key_invalid: { message: 'The key cannot be used: {detail}.', retryable: false },
  key_taken: {
    message: 'This key is in use already ({fingerprint}). A key belongs to one person or one app.',
    retryable: false,
  },
  key_not_found: { message: 'There is no key "{id}". "teal keys list" shows yours.', retryable: false },
  ssh_git_only: {
    message: 'Hello {name}: your key works. There is nothing here but git; push to ssh://HOST:PORT/APP.git.',
    retryable: false,
  },
  // builds
  source_unknown: { message: 'Teal found nothing it can build. It looked for: {looked}.', retryable: false },
  source_too_large: { message: 'The source is too large: {detail}.', retryable: false },
  source_unsafe: { message: 'The source cannot be used: {detail}.', retryable: false },
  source_unavailable: { message: 'The repository could not be read: {detail}.', retryable: true },
  recipe_invalid: { message: '{detail}', retryable: false },
  build_failed: { message: 'The build failed: {detail}', retryable: false },
  build_timeout: { message: 'The build did not end within {limit}.', retryable: false },
  dockerfile_unsupported: {
    message:
      'This platform runs without Docker and cannot use a Dockerfile. Remove it to use a recipe ({recipes}), or install Docker on the platform.',
    retryable: false,
  },
  dockerfile_frontend: {
    message: 'The Dockerfile asks for a foreign front end ({frontend}). Remove its "# syntax=" line.',
    retryable: false,
  },
  base_unavailable: { message: 'The base image {base} is not available: {detail}', retryable: true },
  // instances and the gate
  start_failed: { message: 'The new instance could not be started: {detail}', retryable: true },
  image_gone: { message: 'The kept image is gone.', retryable: true },
  gate_exited: { message: 'The new version ended by itself before it was healthy ({detail}).', retryable: false },
  gate_refused: { message: 'The new version never became healthy: {detail}.', retryable: false },
  switch_unproven: {
    message:
      'The traffic was switched but the new version did not answer through the public route ({detail}); it was switched back.',
    retryable: true,
  },
  release_command_failed: { message: 'The release command failed: {detail}', retryable: false },
  worker_lost: {
    message: 'The worker that ran this deployment died twice in the same deployment. "teal redeploy" tries again.',
    retryable: true,
  },
  // the platform
  lease_lost: { message: 'Another worker has taken over this app.', retryable: true },
  engine_unavailable: { message: 'The {engine} engine does not answer: {detail}', retryable: true },
  configuration_invalid: { message: 'The configuration is not valid:\n{detail}', retryable: false },
  data_folder_in_use: {
    message:
      'Another Teal (process {pid}) uses the data folder {folder}. Stop it first, or choose another with --data.',
    retryable: false,
  },
  port_taken: { message: 'Port {port} on {host} is taken. Choose another with {option}.', retryable: false },
  secret_key_missing: {
    message:
      'The key that the secrets in the database are sealed with ({wanted}) is missing: put {file} back, or set TEAL_SECRET_KEY to it.',
    retryable: false,
  },
  secret_key_wrong: {
    message:
      'The secrets in the database are sealed with another key ({wanted}) than the one that was given ({given}). Give that one back, in TEAL_SECRET_KEY or in the data folder.',
    retryable: false,
  },
  secret_unreadable: {
    message: 'A secret in the database cannot be opened: it was changed, or sealed with another key ({key}).',
    retryable: false,
  },
  database_unavailable: { message: 'PostgreSQL does not answer: {detail}', retryable: true },
  router_unavailable: { message: 'The router does not answer: {detail}', retryable: true },
  queue_unavailable: { message: 'The job queue ({backend}) does not answer: {detail}', retryable: true },
  mail_unavailable: { message: 'The mail server does not answer: {detail}', retryable: true },
  internal: {
    message: "Something went wrong inside Teal. The platform's log has the details under {reference}.",
    retryable: true,
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof entries;
export const ERRORS: Readonly<Record<ErrorCode, Entry>> = Object.freeze(entries);

export type ErrorFacts = Readonly<Record<string, string | number>>;

/** The sentence of `code` with its facts filled in. */
export function errorMessage(code: ErrorCode, facts: ErrorFacts = {}): string {
  return ERRORS[code].message.replace(/\{(\w+)\}/g, (whole, name: string) => String(facts[name] ?? whole));
}

/** An expected trouble, named by its code. Carries no HTTP status: the server maps codes to those. */
export class TealError extends Error {
  override readonly name = 'TealError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts = {}, options: { cause?: unknown } = {}) {
    super(errorMessage(code, facts), options);
    this.code = code;
    this.facts = facts;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

export function isTealError(error: unknown, code?: ErrorCode): error is TealError {
  return error instanceof TealError && (code === undefined || error.code === code);
}
