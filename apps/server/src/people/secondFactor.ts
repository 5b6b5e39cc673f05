/** The second factor: codes of an authenticator app (RFC 6238), each good once, and recovery codes in its place. */
import { randomInt } from 'node:crypto';
import type { People, Person } from '@teal/store';
import { Secret, TOTP } from 'otpauth';
import { hashSecret } from '../secrets.ts';

const PERIOD_S = 30;
/** Clocks may differ by so many periods. */
const WINDOW = 1;
const RECOVERY_CODES = 10;
/** Without letters and digits that look alike. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

function totpOf(secret: string, label = 'Teal'): TOTP {
  return new TOTP({ issuer: 'Teal', label, secret: Secret.fromBase32(secret), period: PERIOD_S, digits: 6 });
}

export function newTotp(label: string): { secret: string; uri: string } {
  const secret = new Secret({ size: 20 }).base32;
  return { secret, uri: totpOf(secret, label).toString() };
}

/** The time step that `code` belongs to; null when it is of none that counts now. */
export function stepOf(secret: string, code: string, nowMs: number): number | null {
  const token = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return null;
  const delta = totpOf(secret).validate({ token, window: WINDOW, timestamp: nowMs });
  return delta === null ? null : Math.floor(nowMs / 1000 / PERIOD_S) + delta;
}

export function newRecoveryCodes(): string[] {
  const character = () => ALPHABET[randomInt(ALPHABET.length)];
  const word = () => Array.from({ length: 5 }, character).join('');
  return Array.from({ length: RECOVERY_CODES }, () => `${word()}-${word()}-${word()}`);
}

export function recoveryHash(code: string): Buffer {
  return hashSecret(code.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
}

/** Uses the code up. */
export async function takeCode(people: People, person: Person, code: string): Promise<boolean> {
  if (person.totpSecret === null) return false;
  const step = stepOf(person.totpSecret, code, Date.now());
  if (step !== null) return people.takeStep(person.id, step);
  return people.takeRecoveryCode(person.id, recoveryHash(code));
}
