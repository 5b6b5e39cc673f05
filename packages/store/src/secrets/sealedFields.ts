/** What is sealed in the database and bound to what: environments, keys of certificates, digests, kept answers. Runs no SQL. */
import type { Environment } from '@teal/core';
import { toText } from '../text.ts';
import { isSealed, type Sealer } from './sealer.ts';

/** As jsonb has it: a plain string is one stored before values were sealed. */
export type StoredEnvironment = Readonly<Record<string, string | { sealed: string }>>;

/** Apps and their releases share it: a value may move between them, not to another app or name. */
const ofVariable = (appId: string, name: string) => `environment\n${appId}\n${name}`;

export function sealEnvironment(sealer: Sealer, appId: string, environment: Environment): StoredEnvironment {
  return mapValues(environment, (value, name) => ({ sealed: sealer.seal(toText(value), ofVariable(appId, name)) }));
}

export function openEnvironment(sealer: Sealer, appId: string, stored: StoredEnvironment): Environment {
  return mapValues(stored, (value, name) =>
    typeof value === 'string' ? value : sealer.open(value.sealed, ofVariable(appId, name)),
  );
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, map: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(
    Object.entries(values).map(([given, value]) => {
      const name = toText(given);
      return [name, map(value, name)];
    }),
  );
}

/** A text column that holds what was stored before sealing, or a sealed text. */
export interface SealedText {
  seal(sealer: Sealer, owner: string, text: string): string;
  open(sealer: Sealer, owner: string, stored: string): string;
}

function sealedText(kind: string): SealedText {
  return {
    seal: (sealer, owner, text) => sealer.seal(text, `${kind}\n${owner}`),
    open: (sealer, owner, stored) => (isSealed(stored) ? sealer.open(stored, `${kind}\n${owner}`) : stored),
  };
}

/** By fingerprint: the same certificate given again keeps its row. */
export const certificateKey = sealedText('certificate key');
/** By app: without sealing, a digest of few unknowns can be guessed. */
export const configurationDigest = sealedText('configuration digest');
/** By user and key; a token is shown in the answer that made it. */
export const keptAnswer = sealedText('kept answer');
/** By user. */
export const totpSecret = sealedText('second factor');
/** By webhook. An address may be a secret in itself. */
export const webhookUrl = sealedText('webhook address');
export const webhookSecret = sealedText('webhook secret');
export const secretCheck = sealedText('secret check');
