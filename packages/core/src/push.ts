/** What a push may do, and which of its refs deploys. Decides only; git is elsewhere. */
import { TealError } from './error.ts';

/** One line of a push: `oldCommit` and `newCommit` are object ids, all zeros for create and delete. */
export interface RefCommand {
  oldCommit: string;
  newCommit: string;
  ref: string;
}

export interface PushVerdict {
  /** The one command that deploys, or null. */
  deploys: RefCommand | null;
  branch: string | null;
  /** Sentences for the push client about refs that are kept but not deployed. */
  notes: string[];
}

const ZERO = /^0+$/;

export const DEFAULT_BRANCHES = ['main', 'master'] as const;

/** Bare words and `key=value` that `git push -o` may carry. */
export const PUSH_OPTIONS: readonly string[] = Object.freeze(['no-cache', 'note']);

export function isDeletion(command: RefCommand): boolean {
  return ZERO.test(command.newCommit);
}

/** Options as given, after checking each; throws `push_option_invalid`. */
export function checkPushOptions(options: readonly string[]): readonly string[] {
  for (const option of options) {
    const key = option.split('=', 1)[0] ?? '';
    const known = PUSH_OPTIONS.includes(key) && option.length <= 200 && !/[\u0000-\u001f\u007f]/.test(option);
    if (!known) {
      throw new TealError('push_option_invalid', { option: option.slice(0, 40), known: PUSH_OPTIONS.join(', ') });
    }
  }
  return options;
}

/**
 * Judges the commands of one push to an app whose deploy branch is `deployBranch` (null before its first push).
 * Throws `push_ref_unsupported` and `push_branch_delete`; otherwise says which command deploys.
 */
export function judgePush(commands: readonly RefCommand[], deployBranch: string | null): PushVerdict {
  for (const command of commands) {
    if (!/^refs\/(heads|tags)\/./.test(command.ref)) {
      throw new TealError('push_ref_unsupported', { ref: command.ref.slice(0, 100) });
    }
    if (deployBranch !== null && isDeletion(command) && command.ref === `refs/heads/${deployBranch}`) {
      throw new TealError('push_branch_delete', { branch: deployBranch });
    }
  }
  const candidates = deployBranch === null ? DEFAULT_BRANCHES : [deployBranch];
  const branch =
    candidates.find((name) => commands.some((c) => c.ref === `refs/heads/${name}` && !isDeletion(c))) ?? null;
  const deploys = branch === null ? null : (commands.find((c) => c.ref === `refs/heads/${branch}`) ?? null);
  const notes = commands
    .filter((command) => command !== deploys && !isDeletion(command))
    .map(
      (command) =>
        `${command.ref.replace(/^refs\/(heads|tags)\//, '')} is kept but not deployed: ${candidates.join(' or ')} deploys.`,
    );
  return { deploys, branch, notes };
}
