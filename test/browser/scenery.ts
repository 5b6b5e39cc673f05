/** Apps in every standing that the console has a picture for: live with a sleeper, failed, building, empty, stopped. */
import { get } from 'node:http';
import type { TestPlatform } from '../e2e/platform.ts';
import { Repository } from '../e2e/repository.ts';

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

interface Version {
  version: string;
  status?: number;
  delayMs?: number;
}

/** A shop that writes what it does, answers some errors, and is sometimes slow. */
function shopSource({ version, status = 200, delayMs = 0 }: Version): Record<string, string> {
  return {
    'package.json': json({ name: 'shop', version: '1.0.0', private: true, scripts: { start: 'node server.js' } }),
    'package-lock.json': json({ name: 'shop', version: '1.0.0', lockfileVersion: 3, requires: true, packages: {} }),
    'server.js': `
const http = require('node:http');
const server = http.createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://shop');
  const status = pathname === '/checkout/fail' ? 500 : pathname === '/missing' ? 404 : ${status};
  const paint = status >= 500 ? '\\u001b[31m' : status >= 400 ? '\\u001b[33m' : '\\u001b[32m';
  console.log(request.method + ' ' + pathname + ' ' + paint + status + '\\u001b[0m');
  setTimeout(() => { response.statusCode = status; response.end('shop ${version}\\n'); }, pathname === '/search' ? 120 : 3);
});
setTimeout(() => server.listen(process.env.PORT, () => console.log('\\u001b[1mshop ${version}\\u001b[0m listens on port ' + process.env.PORT)), ${delayMs});
`,
  };
}

const STATIC = { 'index.html': '<!doctype html><title>Blog</title><h1>Blog</h1>\n' };
const PATHS = ['/', '/products', '/products/7', '/cart', '/search?q=mug', '/missing', '/checkout/fail'];

export class Scenery {
  readonly #platform: TestPlatform;
  readonly #repositories: Repository[] = [];

  constructor(platform: TestPlatform) {
    this.#platform = platform;
  }

  async repository(app: string): Promise<Repository> {
    const repository = await Repository.create(this.#platform.gitUrl(app));
    this.#repositories.push(repository);
    return repository;
  }

  /** `shop` is live with a sleeper and a failed push on top; `blog` live, `wiki` stopped, `landing` empty. */
  async raise(): Promise<void> {
    const platform = this.#platform;
    for (const app of ['shop', 'blog', 'wiki', 'landing']) await platform.createApp(app);
    await platform.call('PATCH', '/apps/shop/environment', { set: { GREETING: 'hello', PAYMENT_KEY: 'pk_8f31c0' } });
    const shop = await this.repository('shop');
    await shop.commit('Show the products', shopSource({ version: '1' }));
    await shop.push();
    await this.visit('shop', 40);
    await shop.commit('Search by name, and a cart that remembers', shopSource({ version: '2' }));
    await shop.push();
    await this.visit('shop', 160);
    await platform.call('PATCH', '/apps/shop', { settings: { gateDeadlineMs: 1_500 } });
    await shop.commit('Pay with cards', shopSource({ version: '3', status: 503 }));
    await shop.push();
    await platform.call('PATCH', '/apps/shop', { settings: { gateDeadlineMs: 120_000 } });
    for (const app of ['blog', 'wiki']) {
      const repository = await this.repository(app);
      await repository.commit('First words', STATIC);
      await repository.push();
      await this.visit(app, app === 'blog' ? 25 : 5);
    }
    await platform.call('POST', '/apps/wiki/stop');
  }

  /** A push of `shop` whose new version takes its time: the end of `result` is the end of the push. */
  async slowPush(delayMs: number): Promise<{ result: Promise<unknown> }> {
    const shop = this.#repositories[0];
    if (shop === undefined) throw new Error('nothing is raised');
    await shop.commit('Gift cards', shopSource({ version: `4 ${Date.now()}`, delayMs }));
    return shop.start('push', 'clever', 'main');
  }

  async visit(app: string, times: number): Promise<void> {
    for (let i = 0; i < times; i += 1) {
      const path = PATHS[(i * 5 + (i % 3)) % PATHS.length] ?? '/';
      await new Promise<void>((resolve, reject) => {
        const { host, port } = this.#platform.routerAddress;
        const sent = get(
          { host, port, path, headers: { host: this.#platform.hostOf(app) }, agent: false },
          (answer) => {
            answer.resume();
            answer.on('close', resolve);
          },
        );
        sent.on('error', reject);
      });
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.#repositories.map((repository) => repository.remove()));
  }
}
