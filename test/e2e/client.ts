/** What tests ask of a running platform: the API, git's address, and a request through the router. */

import { readdir } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { API_ROOT, type AppView, type DeploymentView, type MailView } from '@teal/contracts';
import { until } from '../conformance/until.ts';

/** Answers of the API: the status and the parsed body. */
export interface Answer<T> {
  status: number;
  body: T;
}

export abstract class PlatformClient {
  abstract readonly dataDir: string;
  abstract readonly token: string;
  abstract readonly consoleUrl: string;
  /** Where the router listens. */
  abstract readonly routerAddress: { host: string; port: number };

  hostOf(app: string): string {
    return `${app}.teal.localhost`;
  }

  gitUrl(app: string): string {
    const url = new URL(`${this.consoleUrl}/git/${app}.git`);
    url.username = 'teal';
    url.password = this.token;
    return url.href;
  }

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${this.consoleUrl}${API_ROOT}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T };
  }

  async createApp(name: string, settings: Record<string, unknown> = {}): Promise<AppView> {
    const { status, body } = await this.call<AppView>('POST', '/apps', { name, settings });
    if (status !== 201) throw new Error(`app ${name}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async app(name: string): Promise<AppView> {
    return (await this.call<AppView>('GET', `/apps/${name}`)).body;
  }

  async deployments(name: string): Promise<DeploymentView[]> {
    return (await this.call<{ deployments: DeploymentView[] }>('GET', `/apps/${name}/deployments`)).body.deployments;
  }

  /** The newest deployment, once it is in one of `states`. */
  reached(name: string, states: readonly string[], deadlineMs = 60_000): Promise<DeploymentView> {
    return until(
      `the newest deployment of ${name} is ${states.join(' or ')}`,
      async () => {
        const [newest] = await this.deployments(name);
        return newest !== undefined && states.includes(newest.state) && newest;
      },
      deadlineMs,
    );
  }

  /** Waits until this very deployment has ended. */
  ended(name: string, id: string, deadlineMs = 60_000): Promise<DeploymentView> {
    return until(
      `deployment ${id} has ended`,
      async () => {
        const { body } = await this.call<DeploymentView>('GET', `/apps/${name}/deployments/${id}`);
        return ['live', 'replaced', 'failed', 'cancelled'].includes(body.state) && body;
      },
      deadlineMs,
    );
  }

  async log(name: string, id: string): Promise<string> {
    const { body } = await this.call<{ lines: { text: string }[] }>('GET', `/apps/${name}/deployments/${id}/log`);
    return body.lines.map((line) => line.text).join('\n');
  }

  async mails(): Promise<MailView[]> {
    return (await this.call<{ mails: MailView[] }>('GET', '/mailbox')).body.mails;
  }

  /** One request through the router. */
  async get(app: string, path = '/'): Promise<{ status: number; text: string; headers: Headers }> {
    return new Promise((resolve, reject) => {
      const sent = request(
        { ...this.routerAddress, path, headers: { host: this.hostOf(app) }, agent: false },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => {
            resolve({
              status: response.statusCode ?? 0,
              text,
              headers: new Headers(response.headers as Record<string, string>),
            });
          });
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end();
    });
  }

  /** Opens a request that is answered for long; resolves at its first bytes. */
  open(app: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { host: this.hostOf(app) };
      const sent = request({ ...this.routerAddress, path, headers, agent: false, signal }, (response) => {
        response.on('error', () => {});
        response.once('data', () => resolve(response));
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  /** Deletes every app and waits until nothing of them is left. */
  async deleteApps(): Promise<void> {
    const { body } = await this.call<{ apps: AppView[] }>('GET', '/apps');
    for (const app of body.apps) await this.call('DELETE', `/apps/${app.id}`);
    await until('all apps are gone', () => this.deletedAll(body.apps), 60_000);
  }

  /** Repositories are the last thing that goes. */
  async deletedAll(apps: readonly AppView[]): Promise<boolean> {
    const left = await readdir(join(this.dataDir, 'repositories'));
    return apps.every((app) => !left.includes(`${app.id}.git`));
  }
}
