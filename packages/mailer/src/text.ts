/** The mails' words. Pure. */
import { cleanLine, plainLine, shortCommit } from '@teal/core';
import type { FailureFacts, LiveFacts, MailFacts } from '@teal/deployer';

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

function what(facts: MailFacts): string {
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

function liveText(facts: LiveFacts): string {
  return [
    `${oneLine(facts.appName)} serves a new version.`,
    '',
    `Commit:   ${what(facts)}`,
    `Author:   ${oneLine(facts.commit.author)}`,
    `Asked by: ${oneLine(facts.requestedBy)} (${facts.trigger})`,
    '',
    `The deployment: ${facts.link ?? ''}`,
    '',
  ].join('\n');
}

/** One mail about one deployment, or a digest about several of one app. */
export function composeNews(news: readonly MailFacts[]): MailText {
  const [first] = news;
  if (first === undefined) throw new Error('a mail about nothing');
  const name = oneLine(first.appName);
  if (news.length > 1) return composeDigest(name, news);
  const commit = shortCommit(first.commit.commit);
  return isLive(first)
    ? { subject: `[Teal] ${name}: ${commit} is live`, text: liveText(first) }
    : { subject: `[Teal] ${name}: deployment of ${commit} failed while ${first.phase}`, text: failureText(first) };
}

const isLive = (facts: MailFacts): facts is LiveFacts => 'kind' in facts;

function composeDigest(name: string, news: readonly MailFacts[]): MailText {
  const lines = news.map((facts) =>
    isLive(facts)
      ? `- ${facts.at}  ${what(facts)} went live\n  ${facts.link ?? ''}`
      : `- ${facts.failedAt}  ${what(facts)}, ${facts.phase}: ${oneLine(facts.reason)}\n  ${facts.link}`,
  );
  const outcome = news.every(isLive) ? 'went live' : news.some(isLive) ? 'went live or failed' : 'failed';
  const last = news.filter((facts): facts is FailureFacts => !isLive(facts)).at(-1);
  return {
    subject: `[Teal] ${name}: ${news.length} more deployments ${outcome}`,
    text: [
      `${news.length} more deployments of ${name} ${outcome} within the hour.`,
      '',
      ...lines,
      '',
      ...(last === undefined ? [] : [serving(last), '']),
    ].join('\n'),
  };
}
