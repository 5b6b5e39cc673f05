/** Maintenance and the redirect to HTTPS: what passes, what does not, and what visitors get instead. */
import { expect, it } from 'vitest';
import { makeCertificate } from './certificate.ts';
import { echo, openWebSocket } from './client.ts';
import { APP, HOST, holder, houses, type MakeRouter, until, within } from './fixture.ts';

const MAINTENANCE = { maintenance: true };
const HTTPS_ONLY = { httpsOnly: true };
const LONG = { deadlineMs: 8_000, webSocketDeadlineMs: 8_000, signal: new AbortController().signal };

export function flagCases(make: MakeRouter): void {
  const open = houses(make);

  it('answers every request with 503 and Retry-After during maintenance, and none of them reaches the app', async () => {
    const house = await open();
    const origin = await house.live('one');
    const agent = house.agent({ maxSockets: 1 });
    await house.ask({ agent });
    await house.flip('blue', MAINTENANCE);
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']) {
      const body = method === 'POST' ? 'x'.repeat(100_000) : undefined;
      const answer = await house.ask({ method, path: '/any?x', body, agent });
      expect(answer.status).toBe(503);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(answer.headers['content-type']).toMatch(/^text\/plain/);
    }
    expect(origin.requests).toBe(1);
    expect((await house.router.observe(APP))?.route).toEqual({ mode: 'up', live: 'blue', maintenance: true });
    await house.flip('blue');
    expect((await house.ask({ agent })).status).toBe(200);
  });

  it('shows the own HTML as it is to who takes HTML, and a sentence to others', async () => {
    const house = await open();
    await house.live('one');
    await house.flip('blue', MAINTENANCE);
    const browser = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } };
    const plain = await house.ask(browser);
    expect(plain.headers['content-type']).toMatch(/^text\/html/);
    const html = `<!doctype html><p class='x' title="y">%[src] %% $PATH \\n #x; ünï €</p>\r\n<script>1 < 2</script>\n`;
    await house.router.setMaintenancePage(APP, html);
    const own = await house.ask(browser);
    expect(own).toMatchObject({ status: 503, body: Buffer.from(html).toString('latin1') });
    expect(own.headers['content-type']).toMatch(/^text\/html; ?charset=utf-8$/i);
    expect(Number(own.headers['retry-after'])).toBeGreaterThan(0);
    const text = await house.ask({ headers: { accept: 'application/json' } });
    expect(text.headers['content-type']).toMatch(/^text\/plain/);
    expect(text.body).not.toContain('<');
    await house.router.setMaintenancePage(APP, null);
    expect((await house.ask(browser)).body).toBe(plain.body);
  });

  it('takes own HTML of 64 KiB, and refuses more without forgetting the last', async () => {
    const house = await open();
    await house.live('one');
    await house.flip('blue', MAINTENANCE);
    const largest = '<p>'.padEnd(64 * 1024, 'x');
    await house.router.setMaintenancePage(APP, largest);
    await expect(house.router.setMaintenancePage(APP, `${largest}x`)).rejects.toThrow();
    const answer = await house.ask({ headers: { accept: 'text/html' } });
    expect(answer.body === largest).toBe(true);
  });

  it('keeps apps apart in their maintenance', async () => {
    const house = await open();
    await house.live('one');
    const other = await house.origin('two');
    const members = [{ instanceId: 'instance_two', address: other.address }];
    await house.router.setPool({ appId: 'app_two', colour: 'blue', releaseId: 'r', deploymentId: 'd', members });
    await house.router.setHosts('app_two', ['two.test']);
    await house.router.setRoute('app_two', { mode: 'up', live: 'blue', maintenance: true });
    await house.router.setMaintenancePage('app_two', '<p>two');
    expect((await house.ask()).status).toBe(200);
    await house.flip('blue', MAINTENANCE);
    const html = { headers: { accept: 'text/html' } };
    expect((await house.ask({ ...html, host: 'two.test' })).body).toBe('<p>two');
    expect((await house.ask(html)).body).not.toContain('two');
    await house.router.removeApp('app_two');
    expect((await house.ask({ host: 'two.test' })).status).toBe(404);
  });

  it('refuses new WebSockets during maintenance, and leaves open ones alone', async () => {
    const house = await open();
    await house.live('one');
    const before = await openWebSocket(house);
    await house.flip('blue', MAINTENANCE);
    await expect(openWebSocket(house)).rejects.toThrow('503');
    expect(await echo(before, 'still')).toBe('still');
  });

  it('lets the proof pass maintenance, over flips, and nobody else', async () => {
    const house = await open();
    await house.live('one');
    await house.pool('green', await house.origin('two'));
    const proof = { headers: { 'teal-proof': house.proofSecret } };
    for (const [colour, version] of [
      ['blue', 'one'],
      ['green', 'two'],
      ['blue', 'one'],
    ] as const) {
      await house.flip(colour, MAINTENANCE);
      const proven = await house.ask(proof);
      expect(proven.headers).toMatchObject({ 'x-version': version, 'teal-deployment': `deployment_${version}` });
      expect((await house.ask({ headers: { 'teal-proof': 'wrong' } })).status).toBe(503);
      expect((await house.ask()).status).toBe(503);
    }
    const socket = await openWebSocket(house, proof.headers);
    expect(await echo(socket, 'proven')).toBe('proven');
  });

  it('lets what is in flight end when maintenance begins, and counts it in a drain', async () => {
    const house = await open();
    const { held, options } = holder();
    await house.live('one', options);
    const asking = house.ask({ path: '/hold' });
    await until('the request arrives', () => held.length === 1);
    await house.flip('blue', MAINTENANCE);
    expect((await house.ask()).status).toBe(503);
    let over = false;
    const drained = house.router.drained(['instance_one'], LONG).finally(() => {
      over = true;
    });
    expect(await house.inFlight('one')).toEqual({ requests: 1, webSockets: 0 });
    expect(over).toBe(false);
    held[0]?.end('whole');
    expect((await asking).body).toBe('whole');
    expect(await within(2_000, drained)).toBe(true);
  });

  it('redirects plain HTTP to HTTPS where the app wants that, with the path as it was', async () => {
    const house = await open({ secure: true });
    const origin = await house.live('one');
    await house.router.setCertificates([await makeCertificate('one', HOST)]);
    await house.flip('blue', HTTPS_ONLY);
    const { port } = house.secureAddress;
    for (const path of ['/', '/a/b?c=d&e=%20', '//other.test/x']) {
      const answer = await house.ask({ path, host: 'ONE.test:8000' });
      expect(answer.status).toBe(308);
      expect(answer.headers.location?.toLowerCase()).toBe(`https://${HOST}:${port}${path}`.toLowerCase());
    }
    expect((await house.ask({ method: 'POST', body: 'x' })).status).toBe(308);
    await expect(openWebSocket(house)).rejects.toThrow('308');
    expect(origin.requests).toBe(0);
    const proven = await house.ask({ headers: { 'teal-proof': house.proofSecret } });
    expect(proven.headers).toMatchObject({ 'x-version': 'one', 'teal-deployment': 'deployment_one' });
    expect((await house.ask({ secure: true })).headers['x-version']).toBe('one');
    await house.flip('blue', { ...HTTPS_ONLY, ...MAINTENANCE });
    expect((await house.ask()).status).toBe(503);
    expect((await house.ask({ secure: true })).status).toBe(503);
    await house.flip('blue');
    expect((await house.ask()).status).toBe(200);
  });
}
