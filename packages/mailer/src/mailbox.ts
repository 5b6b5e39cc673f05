/** The development mailbox: an SMTP server on loopback that keeps every mail as a file in the data folder. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

export interface KeptMail {
  id: string;
  receivedAt: Date;
  from: string;
  to: string[];
  subject: string;
  text: string;
  messageId: string;
}

export interface Mailbox {
  /** `smtp://127.0.0.1:port`. */
  readonly url: string;
  /** Newest first. */
  list(): Promise<KeptMail[]>;
  close(): Promise<void>;
}

const MAX_BYTES = 1024 * 1024;
const KEPT_MAILS = 500;
/** How long open conversations may end by themselves at close. */
const CLOSE_MS = 1_000;

export async function startMailbox({ dir }: { dir: string }): Promise<Mailbox> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: MAX_BYTES,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: CLOSE_MS,
    onData(stream, session, done) {
      keep(dir, stream, session).then(() => done(), done);
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `smtp://127.0.0.1:${port}`,
    list: () => list(dir),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The file appears whole or not at all; its name sorts by time. */
async function keep(dir: string, stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
  const chunks: Buffer[] = [];
  // What is too large is read to its end, where SMTP takes an answer, but not kept.
  for await (const chunk of stream) if (!stream.sizeExceeded) chunks.push(chunk);
  if (stream.sizeExceeded) throw Object.assign(new Error(`larger than ${MAX_BYTES} bytes`), { responseCode: 552 });
  const to = session.envelope.rcptTo.map((recipient) => recipient.address);
  const head = `X-Teal-To: ${to.join(', ')}\r\n`;
  const name = `${new Date().toISOString().replaceAll(':', '')}-${randomUUID()}.eml`;
  const temporary = join(dir, `.${name}`);
  await writeFile(temporary, Buffer.concat([Buffer.from(head), ...chunks]), { mode: 0o600, flush: true });
  await rename(temporary, join(dir, name));
  const old = (await names(dir)).slice(KEPT_MAILS);
  await Promise.all(old.map((file) => rm(join(dir, file), { force: true })));
}

async function names(dir: string): Promise<string[]> {
  return (await readdir(dir))
    .filter((name) => /^\d.*\.eml$/.test(name))
    .sort()
    .reverse();
}

async function list(dir: string): Promise<KeptMail[]> {
  return Promise.all((await names(dir)).map((name) => read(dir, name)));
}

async function read(dir: string, name: string): Promise<KeptMail> {
  const mail = await PostalMime.parse(await readFile(join(dir, name)));
  const time = name.replace(/^(\d{4}-\d\d-\d\dT)(\d\d)(\d\d)(.*?Z).*$/, '$1$2:$3:$4');
  const to = mail.headers.find((header) => header.key === 'x-teal-to')?.value ?? '';
  return {
    id: name.replace(/\.eml$/, ''),
    receivedAt: new Date(time),
    from: mail.from?.address ?? '',
    to: to === '' ? [] : to.split(', '),
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    messageId: mail.messageId ?? '',
  };
}
