import { createServer, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../../../test/conformance/until.ts';
import { createSmtpSender } from '../src/index.ts';
import { failureFacts } from './facts.ts';

const refusal = (responseCode: number) => Object.assign(new Error('not now'), { responseCode });

async function serve(script: SMTPServerOptions) {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    ...script,
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.server.address();
  return sendTo(typeof address === 'object' && address !== null ? address.port : 0);
}

function sendTo(port: number, login = '') {
  const sender = createSmtpSender({ url: `smtp://${login}127.0.0.1:${port}`, from: 'teal@localhost' });
  onTestFinished(() => sender.close());
  const send = (signal = new AbortController().signal) =>
    sender.sendNews({ to: 'ann@example.test', messageId: '<mail_1@teal>', news: [failureFacts()] }, signal);
  return { send, port };
}

describe('sending', () => {
  it.each([
    ['the greeting', 421, { onConnect: (_s, done) => done(refusal(421)) } satisfies SMTPServerOptions],
    ['the sender', 550, { onMailFrom: (_a, _s, done) => done(refusal(550)) } satisfies SMTPServerOptions],
    ['the recipient for now', 450, { onRcptTo: (_a, _s, done) => done(refusal(450)) } satisfies SMTPServerOptions],
    ['the recipient for good', 550, { onRcptTo: (_a, _s, done) => done(refusal(550)) } satisfies SMTPServerOptions],
    [
      'the mail itself',
      451,
      {
        onData(stream, _s, done) {
          stream.resume().on('end', () => done(refusal(451)));
        },
      } satisfies SMTPServerOptions,
    ],
  ])('fails when the server refuses %s (%i)', async (_what, code, script) => {
    const { send } = await serve(script);
    await expect(send()).rejects.toMatchObject({ responseCode: code });
  });

  it('fails when nothing listens, and works once something does', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    await expect(sendTo(port).send()).rejects.toMatchObject({ code: 'ESOCKET' });
  });

  it('signs in with the name and password of the URL', async () => {
    const seen: unknown[] = [];
    const { port } = await serve({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth(auth, _session, done) {
        seen.push(auth.username, auth.password);
        done(null, { user: auth.username ?? '' });
      },
    });
    await sendTo(port, 'teal:p%40ss@').send();
    expect(seen).toEqual(['teal', 'p@ss']);
  });

  it('hands over slowly where the server is slow', async () => {
    const waiting: (() => void)[] = [];
    const { send } = await serve({
      onData(stream, _session, done) {
        stream.resume().on('end', () => {
          waiting.push(() => done());
        });
      },
    });
    const sent = send();
    let isSent = false;
    void sent.then(() => {
      isSent = true;
    });
    await until('the server has it', () => waiting.length === 1);
    expect(isSent).toBe(false);
    waiting[0]?.();
    await sent;
  });

  it('stops at once when it is told to, whatever the server does', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => void sockets.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => mute.close(resolve));
    });
    const address = mute.address();
    const { send } = sendTo(typeof address === 'object' && address !== null ? address.port : 0);
    await expect(send(AbortSignal.abort(new Error('shutdown')))).rejects.toThrow('shutdown');
    const stop = new AbortController();
    const sent = send(stop.signal);
    await until('it talks to the server', () => sockets.length === 1);
    stop.abort(new Error('shutdown'));
    await expect(sent).rejects.toMatchObject({ name: 'AbortError', cause: { message: 'shutdown' } });
    await until('the connection is closed', () => sockets[0]?.readableEnded || sockets[0]?.destroyed);
  });
});

it('gives up on a server that says a word now and then but never takes the mail', async () => {
  const sockets: Socket[] = [];
  const slow = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    const timer = setInterval(() => socket.write('220-wait\r\n'), 20);
    socket.once('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    slow.close();
  });
  const { port } = slow.address() as { port: number };
  const sender = createSmtpSender({ url: `smtp://127.0.0.1:${port}`, from: 'teal@localhost', timeoutMs: 300 });
  onTestFinished(() => sender.close());
  const mail = { to: 'ann@example.test', messageId: '<mail_1@teal>', news: [failureFacts()] };
  await expect(sender.sendNews(mail, new AbortController().signal)).rejects.toMatchObject({
    code: 'mail_unavailable',
    message: expect.stringContaining('within 0.3 s'),
  });
  await until('the connection is closed', () => sockets[0]?.readableEnded || sockets[0]?.destroyed);
});
