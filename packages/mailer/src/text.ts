/** The mails' words. Pure. */
import { cleanLine, plainLine, shortCommit } from '@teal/core';
import type { FailureFacts } from '@teal/deployer';

export interface MailText {
  subject: string;
  text: string;
}

/** One harmless line whatever came in: neither a header nor a line of its own. */
export function oneLine(text: string): string {
  return plainLine(cleanLine(text.replace(/\s+/g, ' ')))
    .trim()
    .slice(0, 200)
    .toWellFormed();
}

function what(facts: FailureFacts): string {
  return `${shortCommit(facts.commit.commit)} "${oneLine(facts.commit.message)}"`;
}

function serving(facts: FailureFacts): string {
  const { stillServes } = facts;
  if (stillServes === null) return 'Nothing is live yet.';
  return `${shortCommit(stillServes.commit)} "${oneLine(stillServes.message)}" still serves: its visitors noticed nothing.`;
}

function failureText(facts: FailureFacts): string {
  return [
    `The deployment of ${oneLine(facts.appName)} failed.`,
    '',
    `Commit:   ${what(facts)}`,
    `Author:   ${oneLine(facts.commit.author)}`,
    `Asked by: ${oneLine(facts.requestedBy)} (${facts.trigger})`,
    `Phase:    ${facts.phase}`,
    `Reason:   ${oneLine(facts.reason)} [${facts.code}]`,
    '',
    serving(facts),
    '',
    `The deployment: ${facts.link}`,
    '',
    'The last lines of its log:',
    '',
    ...facts.lastLines.map((line) => `  ${plainLine(cleanLine(line))}`),
    '',
  ].join('\n');
}

/** One mail about one failure, or a digest about several of one app. */
export function composeFailures(failures: readonly FailureFacts[]): MailText {
  const [first] = failures;
  if (first === undefined) throw new Error('a mail about no failure');
  if (failures.length === 1) {
    return {
      subject: `[Teal] ${oneLine(first.appName)}: deployment of ${shortCommit(first.commit.commit)} failed while ${first.phase}`,
      text: failureText(first),
    };
  }
  const lines = failures.map(
    (facts) => `- ${facts.failedAt}  ${what(facts)}, ${facts.phase}: ${oneLine(facts.reason)}\n  ${facts.link}`,
  );
  const last = failures.at(-1) ?? first;
  return {
    subject: `[Teal] ${oneLine(first.appName)}: ${failures.length} more deployments failed`,
    text: [
      `${failures.length} more deployments of ${oneLine(first.appName)} failed within the hour.`,
      '',
      ...lines,
      '',
      serving(last),
      '',
    ].join('\n'),
  };
}
