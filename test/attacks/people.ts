/** People, organisations and requests for the attacks on API and sessions: real sockets, addresses of one's own. */
import { request } from 'node:http';
import { API_ROOT, type MailView, type Me } from '@teal/contracts';
import { until } from '../conformance/until.ts';
import type { TestPlatform } from '../e2e/platform.ts';

export interface Reply {
  status: number;
  text: string;
  headers: Record<string, string | string[] | undefined>;
  /** The parsed body; null where there is none. */
  body: Record<string, never> & { error?: { code: string; message: string } };
}

export interface Sending {
  method?: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Where the client sits: any address of 127.0.0.0/8. */
  from?: string;
}

export const PASSWORD = 'correct horse battery staple';

export class Visitor {
  readonly platform: TestPlatform;
  readonly origin: string;

  constructor(platform: TestPlatform) {
    this.platform = platform;
    this.origin = new URL(platform.consoleUrl).origin;
  }

  send({ method = 'GET', path, body, headers = {}, from }: Sending): Promise<Reply> {
    const { port, host } = new URL(this.origin);
    const asIs = typeof body === 'string' || Buffer.isBuffer(body);
    const text = body === undefined ? undefined : asIs ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path,
          agent: false,
          localAddress: from,
          headers: {
            host,
            ...(text === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
            ...headers,
          },
        },
        (response) => {
          let got = '';
          const done = () =>
            resolve({ status: response.statusCode ?? 0, text: got, headers: response.headers, body: parse(got) });
          // An event stream is open for as long as one likes: its head is the answer.
          if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
            done();
            sent.destroy();
            return;
          }
          response.setEncoding('utf8');
          response.on('data', (chunk) => {
            got += chunk;
          });
          response.on('end', done);
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  }

  api(method: string, path: string, more: Omit<Sending, 'method' | 'path'> = {}): Promise<Reply> {
    return this.send({ ...more, method, path: `${API_ROOT}${path}` });
  }

  as(token: string) {
    const headers = { authorization: `Bearer ${token}` };
    return (method: string, path: string, body?: unknown) => this.api(method, path, { headers, body });
  }

  signIn(
    email: string,
    password: string,
    more: { from?: string; headers?: Record<string, string>; code?: string } = {},
  ) {
    const { code, ...rest } = more;
    const body = { email, password, ...(code === undefined ? {} : { code }) };
    return this.api('POST', '/session', { ...rest, body });
  }

  /** The secret behind the # of the newest mail to `email` whose subject has `about`. */
  async mailed(email: string, about: string): Promise<string> {
    const mail = await until(`a mail to ${email} about "${about}"`, async () => {
      const mails = (await this.platform.mails()) as MailView[];
      return mails.find(({ to, subject }) => to.includes(email) && subject.includes(about)) ?? false;
    });
    return /#(\S+)/.exec(mail.text)?.[1] ?? '';
  }

  /** Invites an address to an organisation; the newcomer's cookie and what they are. */
  async join(organisation: string, email: string, role: string): Promise<{ cookie: string; me: Me }> {
    const admin = this.as(this.platform.token);
    const invited = await admin('POST', `/organisations/${organisation}/invitations`, { email, role });
    if (invited.status !== 201) throw new Error(invited.text);
    const secret = await this.mailed(email, 'invites you');
    const accepted = await this.api('POST', '/invitations/accept', {
      body: { secret, name: email, password: PASSWORD },
    });
    if (accepted.status !== 200) throw new Error(accepted.text);
    return { cookie: cookieOf(accepted), me: accepted.body as unknown as Me };
  }

  /** With a session's cookie, from the console's own pages. */
  with(cookie: string) {
    const headers = { cookie, origin: this.origin };
    return (method: string, path: string, body?: unknown) => this.api(method, path, { headers, body });
  }
}

export function cookieOf({ headers }: Reply): string {
  return [headers['set-cookie']].flat()[0]?.split(';')[0] ?? '';
}

function parse(text: string): Reply['body'] {
  try {
    return JSON.parse(text);
  } catch {
    return null as never;
  }
}
