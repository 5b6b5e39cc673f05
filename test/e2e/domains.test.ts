/** Domains, HTTPS and maintenance on a whole platform, and all of it again after a restart. */
import { request as overHttp } from 'node:http';
import { request as overTls } from 'node:https';
import { connect } from 'node:tls';
import type { AppView, CertificateView, DomainView } from '@teal/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate, type Pem } from '../conformance/certificate.ts';
import { ROUTERS } from './engines.ts';
import { TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

interface Got {
  status: number;
  text: string;
  location: string | undefined;
}

/** One request as a browser sends it; over HTTPS, trusting `ca` alone, where that is given. */
function visit(platform: TestPlatform, host: string, ca?: string): Promise<Got> {
  const options = { path: '/', headers: { host, accept: 'text/html' }, agent: false };
  return new Promise((resolve, reject) => {
    const sent =
      ca === undefined
        ? overHttp({ ...platform.routerAddress, ...options })
        : overTls({ ...platform.secureAddress, ...options, ca, servername: host });
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, location: response.headers.location }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** The names in the certificate that a client gets who asks for `servername`. */
function namesServed(platform: TestPlatform, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...platform.secureAddress, servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

const PAGE = '<!doctype html><h1>Back at noon</h1>';

describe.each(ROUTERS)('domains, HTTPS and maintenance on the %s router', (router) => {
  let platform: TestPlatform;
  let repository: Repository;
  let authority: Pem;
  let certificate: Pem;

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine: 'process', router });
    await platform.createApp('shop');
    await platform.createApp('other');
    repository = await Repository.create(platform.gitUrl('shop'));
    await repository.commit('one', appSource({ version: 'v1' }));
    expect((await repository.push()).stderr).toContain('is live at');
    authority = await makeAuthority('Test Authority');
    certificate = await makeCertificate({ names: ['shop.example.org', '*.shop.example.org'], signedBy: authority });
  }, 120_000);
  afterAll(async () => {
    await repository?.remove();
    await platform?.destroy();
  });

  const add = (app: string, body: object) =>
    platform.call<{ domains: DomainView[]; error?: { code: string; message: string } }>(
      'POST',
      `/apps/${app}/domains`,
      body,
    );

  it('give an app its own domain at once, in one form however it is written', async () => {
    expect((await visit(platform, 'shop.example.org')).status).toBe(404);
    const added = await add('shop', { name: 'Shop.Example.ORG.:80' });
    expect(added).toEqual({
      status: 201,
      body: {
        domains: [
          { name: 'shop.teal.localhost', primary: true, default: true },
          { name: 'shop.example.org', primary: false, default: false },
        ],
      },
    });
    for (const host of ['shop.example.org', 'SHOP.example.org.:80', 'shop.teal.localhost'])
      expect(await visit(platform, host)).toMatchObject({ status: 200, text: 'version v1\n' });
    expect((await add('shop', { name: 'bücher.example' })).body.domains[2]).toMatchObject({
      name: 'xn--bcher-kva.example',
    });
  });

  it("refuse another app's, the platform's, and what is no name", async () => {
    const refusals = await Promise.all(
      [
        'SHOP.example.org',
        'shop.teal.localhost',
        'any.teal.localhost',
        'teal.localhost',
        '*.example.org',
        '10.0.0.1',
        'localhost',
      ].map((name) => add('other', { name })),
    );
    expect(refusals.map(({ status, body }) => [status, body.error?.code])).toEqual([
      [409, 'domain_taken'],
      [409, 'domain_reserved'],
      [409, 'domain_reserved'],
      [409, 'domain_reserved'],
      [422, 'domain_invalid'],
      [422, 'domain_invalid'],
      [422, 'domain_invalid'],
    ]);
    const { id } = await platform.app('shop');
    const told = JSON.stringify(refusals[0]?.body);
    expect([told.includes(id), told.includes('"shop"')]).toEqual([false, false]);
    expect((await visit(platform, 'shop.example.org')).text).toBe('version v1\n');
    const remove = (path: string) => platform.call<{ error: { code: string } }>('DELETE', path);
    expect((await remove('/apps/other/domains/shop.example.org')).body.error.code).toBe('domain_not_found');
    expect((await remove('/apps/shop/domains/shop.teal.localhost')).body.error.code).toBe('domain_default');
  });

  it('are asked for by the primary name, which is shown first', async () => {
    expect((await add('shop', { name: 'shop.example.org', primary: true })).body.domains[0]?.name).toBe(
      'shop.example.org',
    );
    const port = platform.routerAddress.port;
    expect(await platform.app('shop')).toMatchObject({
      url: `http://shop.example.org:${port}/`,
      secureUrl: `https://shop.example.org:${platform.secureAddress.port}/`,
    });
    const hosts =
      'const seen = new Set(); http.Server.prototype.emit = new Proxy(http.Server.prototype.emit, { apply(emit, self, args) { if (args[0] === "request" && !seen.has(args[1].headers.host)) { seen.add(args[1].headers.host); console.log("host", args[1].headers.host); } return Reflect.apply(emit, self, args); } });';
    await repository.commit('two', appSource({ version: 'v2', before: hosts }));
    expect((await repository.push()).stderr).toContain(`is live at http://shop.example.org:${port}/`);
    const { body } = await platform.call<{ lines: { text: string }[] }>('GET', '/apps/shop/logs');
    expect(body.lines.map(({ text }) => text).filter((text) => text.startsWith('host'))[0]).toBe(
      'host shop.example.org',
    );
  });

  it('serve HTTPS with the certificate of the name asked for, else the default one', async () => {
    const upload = (body: object) =>
      platform.call<CertificateView & { error: { code: string } }>('POST', '/certificates', body);
    expect(await namesServed(platform, 'shop.example.org')).toContain('DNS:*.teal.localhost');
    const added = await upload(certificate);
    expect(added).toMatchObject({
      status: 201,
      body: { names: ['shop.example.org', '*.shop.example.org'], origin: 'uploaded' },
    });
    expect((await upload(certificate)).body.id).toBe(added.body.id);
    expect((await upload({ ...certificate, key: authority.key })).body.error.code).toBe('certificate_invalid');
    const list = await platform.call<{ certificates: CertificateView[] }>('GET', '/certificates');
    expect(list.body.certificates.map(({ origin }) => origin)).toEqual(['uploaded', 'self-signed']);
    expect(JSON.stringify(list.body)).not.toContain('PRIVATE');
    expect(await visit(platform, 'shop.example.org', authority.certificate)).toMatchObject({
      status: 200,
      text: 'version v2\n',
    });
    expect(await namesServed(platform, 'www.shop.example.org')).toContain('DNS:shop.example.org');
    expect(await namesServed(platform, 'unknown.test')).toContain('DNS:*.teal.localhost');
    expect(await namesServed(platform, 'shop.teal.localhost')).toContain('DNS:*.teal.localhost');
  });

  it('redirect to HTTPS where the app asks for it, without a deployment', async () => {
    const before = (await platform.deployments('shop')).length;
    const { body } = await platform.call<AppView>('PATCH', '/apps/shop', { settings: { httpsOnly: true } });
    expect(body).toMatchObject({ settings: { httpsOnly: true }, pendingConfiguration: false });
    expect(await visit(platform, 'shop.example.org')).toMatchObject({
      status: 308,
      location: `https://shop.example.org:${platform.secureAddress.port}/`,
    });
    expect((await visit(platform, 'shop.example.org', authority.certificate)).text).toBe('version v2\n');
    expect((await platform.deployments('shop')).length).toBe(before);
  });

  it('show a page of the app’s own while a version goes live behind it', async () => {
    await platform.call('PATCH', '/apps/shop', { settings: { httpsOnly: false } });
    const on = () => platform.call<AppView>('PUT', '/apps/shop/maintenance', { page: PAGE });
    expect(await on()).toMatchObject({ status: 200, body: { maintenance: true, state: 'live' } });
    expect((await on()).status).toBe(200);
    expect(await visit(platform, 'shop.example.org')).toMatchObject({ status: 503, text: PAGE });
    await repository.commit('three', appSource({ version: 'v3' }));
    expect((await repository.push()).stderr).toContain('is live at');
    expect(await visit(platform, 'shop.example.org')).toMatchObject({ status: 503, text: PAGE });
    expect((await platform.call('GET', '/apps/shop/maintenance')).body).toEqual({ on: true, page: PAGE });
    const tooLarge = await platform.call('PUT', '/apps/shop/maintenance', { page: 'é'.repeat(33_000) });
    expect(tooLarge.status).toBe(422);
  });

  it('stay as they are over a restart', async () => {
    await platform.call('PATCH', '/apps/shop', { settings: { httpsOnly: true } });
    const before = await platform.app('shop');
    const own = await namesServed(platform, 'unknown.test');
    await platform.restart();
    expect(await visit(platform, 'shop.example.org')).toMatchObject({ status: 503, text: PAGE });
    expect(await platform.app('shop')).toMatchObject({ domains: before.domains, maintenance: true });
    await platform.call('DELETE', '/apps/shop/maintenance');
    expect((await visit(platform, 'xn--bcher-kva.example')).status).toBe(308);
    expect(await visit(platform, 'shop.example.org', authority.certificate)).toMatchObject({
      status: 200,
      text: 'version v3\n',
    });
    expect(await namesServed(platform, 'unknown.test')).toBe(own);
  });

  it('are gone at once when removed, and free for another app', async () => {
    const { body } = await platform.call<{ certificates: CertificateView[] }>('GET', '/certificates');
    const [uploaded, fallback] = body.certificates;
    expect((await platform.call('DELETE', `/certificates/${fallback?.id}`)).status).toBe(404);
    expect((await platform.call('DELETE', `/certificates/${uploaded?.id}`)).status).toBe(204);
    expect(await namesServed(platform, 'shop.example.org')).toContain('DNS:*.teal.localhost');
    expect((await platform.call('DELETE', '/apps/shop/domains/SHOP.example.org')).status).toBe(204);
    expect((await visit(platform, 'shop.example.org')).status).toBe(404);
    expect((await platform.app('shop')).url).toContain('shop.teal.localhost');
    expect((await add('other', { name: 'shop.example.org' })).status).toBe(201);
    expect(await visit(platform, 'shop.example.org')).toMatchObject({ status: 503 });
  });
});
