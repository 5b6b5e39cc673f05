/** Source, prober and mail in memory. */
import type { CommitFacts } from '@teal/core';
import type { MailSender, Prober, SourceReader } from '@teal/deployer';
import { memorySource } from '../conformance/source.ts';
import type { MemoryEngine } from './engine.ts';
import type { MemoryRouter } from './router.ts';
import type { Scheduler } from './scheduler.ts';

export interface Repository {
  refs: ReadonlyMap<string, string>;
  reflog: readonly { ref: string; commit: string }[];
}

export function factsOf(commit: string): CommitFacts {
  return { commit, tree: `tree of ${commit}`, author: 'A Tester', message: commit };
}

export class MemorySource {
  repositories = new Map<string, Repository>();
  version = 0;

  /** What git does between the two hooks: durable when it returns. */
  move(appId: string, ref: string, commit: string): void {
    const { refs, reflog } = this.repositories.get(appId) ?? { refs: new Map(), reflog: [] };
    this.version += 1;
    this.repositories.set(appId, { refs: new Map([...refs, [ref, commit]]), reflog: [...reflog, { ref, commit }] });
  }

  port(): SourceReader {
    const known = (appId: string, commit: string) =>
      this.repositories.get(appId)?.reflog.some((entry) => entry.commit === commit) ?? false;
    return {
      open: async (_appId, commit) => ({ ...memorySource({}), facts: factsOf(commit) }),
      describe: async (appId, commit) => (known(appId, commit) ? factsOf(commit) : null),
      head: async (appId, branch) => this.repositories.get(appId)?.refs.get(`refs/heads/${branch}`) ?? null,
      landed: async (appId, ref, commit) =>
        this.repositories.get(appId)?.reflog.some((entry) => entry.ref === ref && entry.commit === commit) ?? false,
      create: async (appId) => {
        this.version += 1;
        if (!this.repositories.has(appId)) this.repositories.set(appId, { refs: new Map(), reflog: [] });
      },
      remove: async (appId) => {
        this.version += 1;
        this.repositories.delete(appId);
      },
      list: async () => [...this.repositories.keys()],
    };
  }
}

export function memoryProber(engine: MemoryEngine, router: MemoryRouter, scheduler: Scheduler): Prober {
  const refused = { kind: 'none', why: 'refused', detail: 'nothing listens' } as const;
  const answerAt = (port: number) => {
    const box = engine.at({ host: '', port });
    if (box === undefined || box.status === 'exited') return { box, answer: refused };
    if (box.status === 'frozen') return { box, answer: { kind: 'none', why: 'timeout', detail: 'frozen' } as const };
    const { gate, readyMs } = engine.programIn(box);
    if (gate === 'exits' || scheduler.nowMs - box.startedAtMs < readyMs) return { box, answer: refused };
    return { box, answer: { kind: 'status', status: gate === 'ok' ? 200 : 500 } as const };
  };
  return {
    async probe({ address }) {
      const { box, answer } = answerAt(address.port);
      if (box !== undefined)
        engine.change(box.ref, { passes: answer.kind === 'status' && answer.status === 200 ? box.passes + 1 : 0 });
      return answer;
    },
    async identify({ host }) {
      const appId = router.appOf(host);
      const pool = appId === null ? null : router.routed(appId);
      const member = pool?.members[0];
      if (pool == null || member === undefined) return { deploymentId: null, answer: refused };
      const { answer } = answerAt(member.address.port);
      return { deploymentId: answer.kind === 'status' ? pool.deploymentId : null, answer };
    },
  };
}

export interface SentMail {
  to: string;
  messageId: string;
  deploymentIds: readonly string[];
}

export class MemoryMail {
  sent: SentMail[] = [];

  port(): MailSender {
    return {
      sendNews: async ({ to, messageId, news }) => {
        this.sent = [...this.sent, { to, messageId, deploymentIds: news.map((facts) => facts.deploymentId) }];
      },
    };
  }
}
