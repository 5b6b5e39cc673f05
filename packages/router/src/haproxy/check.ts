/** Checks by type every value that may reach HAProxy, in one place; what is refused here never leaves this process. */
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { type Address, type Route, TealError } from '@teal/core';
import type { Certificate, Pool } from '@teal/deployer';
import { normaliseHost } from '../host.ts';

const ID = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}$/;
const CERTIFICATE_NAME = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/;
const PEM = /^(?:-----BEGIN [A-Z0-9 ]{1,40}-----\n(?:[A-Za-z0-9+/=]{1,76}\n)+-----END [A-Z0-9 ]{1,40}-----\n)+$/;

function refuse(what: string, value: unknown): never {
  throw new TealError('settings_invalid', {
    detail: `${what} ${JSON.stringify(value)} cannot be given to the router.`,
  });
}

/** Ids of apps, releases, deployments, instances, certificates. */
export function checkId(id: unknown): string {
  return typeof id === 'string' && ID.test(id) ? id : refuse('The id', id);
}

/** A host name in lower case, or an address, without a port. */
export function checkHost(host: unknown): string {
  return typeof host === 'string' && normaliseHost(host) === host ? host : refuse('The host', host);
}

export function checkAddress({ host, port }: Address): Address {
  if (typeof host !== 'string' || isIP(host) === 0 || host.includes('%')) refuse('The address', host);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse('The port', port);
  return { host, port };
}

export function checkRoute(route: Route): Route {
  const flags = {
    ...(route.maintenance === true && { maintenance: true }),
    ...(route.httpsOnly === true && { httpsOnly: true }),
  };
  if (route.mode === 'up' && (route.live === 'blue' || route.live === 'green'))
    return { mode: 'up', live: route.live, ...flags };
  if (route.mode === 'empty' || route.mode === 'stopped') return { mode: route.mode, ...flags };
  return refuse('The route', route);
}

export function checkPool(pool: Pool): Pool {
  if (pool.colour !== 'blue' && pool.colour !== 'green') refuse('The colour', pool.colour);
  const members = pool.members.map(({ instanceId, address }) => ({
    instanceId: checkId(instanceId),
    address: checkAddress(address),
  }));
  if (new Set(members.map((member) => member.instanceId)).size !== members.length) refuse('The pool', pool.members);
  return {
    appId: checkId(pool.appId),
    colour: pool.colour,
    releaseId: checkId(pool.releaseId),
    deploymentId: checkId(pool.deploymentId),
    members,
  };
}

/** PEM with clean line ends: an empty line would end the payload of a command. */
function checkPem(text: string): string {
  const clean = `${text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')}\n`;
  return PEM.test(clean) ? clean : refuse('The certificate', '(PEM)');
}

export function checkCertificate(certificate: Certificate): Certificate {
  const names = certificate.names.map((name) => (CERTIFICATE_NAME.test(name) ? name : refuse('The name', name)));
  const { chainPem, keyPem } = certificate;
  return { id: checkId(certificate.id), names, chainPem: checkPem(chainPem), keyPem: checkPem(keyPem) };
}

/** HAProxy would find out too, but only in the middle of a change. */
export function checkKey({ chainPem, keyPem }: Certificate): void {
  try {
    createSecureContext({ cert: chainPem, key: keyPem, minVersion: 'TLSv1.2' });
  } catch (cause) {
    const detail = `The certificate and its key cannot be used: ${(cause as Error).message}`;
    throw new TealError('settings_invalid', { detail }, { cause });
  }
}

/** SHA-256 of the proof's secret, in capitals as HAProxy writes it. */
export function checkDigest(digest: unknown): string {
  return typeof digest === 'string' && /^[0-9A-F]{64}$/.test(digest) ? digest : refuse('The digest', digest);
}
