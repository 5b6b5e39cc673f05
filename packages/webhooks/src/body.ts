/** What webhooks are sent. Pure. */
import { cleanLine, plainLine, shortCommit } from '@teal/core';
import type { DeploymentNews, WaitingDelivery } from '@teal/deployer';

export function bodyOf(delivery: WaitingDelivery, link: string | null): string {
  return JSON.stringify(delivery.form === 'slack' ? { text: sentence(delivery, link) } : document(delivery, link));
}

function document({ event, createdAt, news }: WaitingDelivery, link: string | null) {
  if (news === null) return { type: event, timestamp: createdAt.toISOString(), data: {} };
  const { deploymentId, sequence, kind, trigger, branch, commit, requestedBy, failure, cancelReason } = news;
  return {
    type: event,
    timestamp: new Date(news.at).toISOString(),
    data: {
      app: { id: news.appId, name: news.appName },
      organisation: { id: news.organisationId, name: news.organisationName },
      deployment: {
        ...{ id: deploymentId, sequence, state: kind, trigger, branch, requestedBy, failure, cancelReason, link },
        commit: told(commit),
      },
      stillServes: news.stillServes === null ? null : told(news.stillServes),
    },
  };
}

const told = ({ commit, author, message }: DeploymentNews['commit']) => ({ commit, author, message });

/** One line without control characters, in which Slack finds neither markup nor a mention. */
function plain(text: string): string {
  const line = plainLine(cleanLine(text.replace(/\s+/g, ' ')))
    .trim()
    .slice(0, 200)
    .toWellFormed();
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function sentence({ news }: WaitingDelivery, link: string | null): string {
  if (news === null) return 'Teal reaches this channel.';
  const what = `${plain(news.appName)}: ${shortCommit(news.commit.commit)} “${plain(news.commit.message)}”`;
  const more = link === null ? '' : ` <${link}|Deployment>`;
  return `${what} ${outcome(news)}${more}`;
}

function outcome({ kind, requestedBy, failure, cancelReason, stillServes }: DeploymentNews): string {
  const serving =
    stillServes === null ? 'Nothing is live yet.' : `${shortCommit(stillServes.commit)} still serves, unharmed.`;
  if (kind === 'queued') return `is to be deployed, says ${plain(requestedBy)}.`;
  if (kind === 'live') return 'is live.';
  if (kind === 'cancelled') return `was cancelled: ${plain(cancelReason ?? 'cancelled')}. ${serving}`;
  return `failed while ${failure?.phase ?? 'queued'}: ${plain(failure?.reason ?? '')} ${serving}`;
}
