import { DEFAULT_SETTINGS, RESERVED_VARIABLES } from '@teal/core';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  addCertificateSchema,
  addDomainSchema,
  changeEnvironmentSchema,
  createAppSchema,
  createTokenSchema,
  maintenanceOnSchema,
  paths,
  redeploySchema,
  settingsSchema,
  startLastPushedCommitSchema,
  updateAppSchema,
} from '../src/index.ts';

const taken = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

describe('requests', () => {
  it.each<[string, z.ZodType, unknown]>([
    ['an app', createAppSchema, { name: 'shop' }],
    ['an app with settings', createAppSchema, { name: 'shop', settings: { scale: 3 } }],
    ['no branch', updateAppSchema, { deployBranch: null }],
    ['a branch', updateAppSchema, { deployBranch: 'release/2' }],
    ['variables', changeEnvironmentSchema, { set: { A: '', B_2: 'x\ny' }, unset: ['C'] }],
    ['nothing', redeploySchema, {}],
    ['a commit', redeploySchema, { commit: '3f2c1ab' }],
    ['nothing expected live', startLastPushedCommitSchema, { expectedLive: null }],
    ['the default settings', settingsSchema, DEFAULT_SETTINGS],
    ['a domain', addDomainSchema, { name: 'bücher.example', primary: true }],
    ['maintenance as it is', maintenanceOnSchema, {}],
    ['the standard page', maintenanceOnSchema, { page: null }],
    ['a page of 64 KiB', maintenanceOnSchema, { page: 'x'.repeat(65_536) }],
    ['a certificate', addCertificateSchema, { certificate: 'x'.repeat(65_536), key: 'y' }],
  ])('may hold %s', (_what, schema, value) => expect(taken(schema, value)).toBe(true));

  it.each<[string, z.ZodType, unknown]>([
    ['an app without a name', createAppSchema, {}],
    ['a bad name', createAppSchema, { name: 'Shop!' }],
    ['a reserved name', createAppSchema, { name: 'teal' }],
    ['unknown fields', createAppSchema, { name: 'shop', admin: true }],
    ['unknown settings', createAppSchema, { name: 'shop', settings: { root: true } }],
    ['a list', createAppSchema, []],
    ['too many instances', updateAppSchema, { settings: { scale: 21 } }],
    ['half an instance', updateAppSchema, { settings: { scale: 1.5 } }],
    ['a number as text', updateAppSchema, { settings: { scale: '2' } }],
    ['no CPU', updateAppSchema, { settings: { cpus: 0 } }],
    ['an endless CPU', updateAppSchema, { settings: { cpus: Number.POSITIVE_INFINITY } }],
    ['a branch that is an option', updateAppSchema, { deployBranch: '--force' }],
    ['a branch with ..', updateAppSchema, { deployBranch: 'a..b' }],
    ['an empty branch', updateAppSchema, { deployBranch: '' }],
    ['a variable with a bad name', changeEnvironmentSchema, { set: { 'A-B': 'x' } }],
    ['a variable with a NUL', changeEnvironmentSchema, { set: { A: 'x\u0000' } }],
    ['a variable that is a number', changeEnvironmentSchema, { set: { A: 1 } }],
    ['a huge variable', changeEnvironmentSchema, { set: { A: 'x'.repeat(131_073) } }],
    ['a short commit', redeploySchema, { commit: '3f2c1a' }],
    ['a commit that is an option', redeploySchema, { commit: '--all-tags' }],
    ['a token without a name', createTokenSchema, { name: '  ' }],
    ['a redirect that is a word', updateAppSchema, { settings: { httpsOnly: 'yes' } }],
    ['a domain without a name', addDomainSchema, { name: '' }],
    ['a huge domain', addDomainSchema, { name: 'a'.repeat(501) }],
    ['an empty page', maintenanceOnSchema, { page: '' }],
    ['a page with a NUL', maintenanceOnSchema, { page: 'a\u0000' }],
    ['a page beyond 64 KiB', maintenanceOnSchema, { page: 'é'.repeat(32_769) }],
    ['a certificate without its key', addCertificateSchema, { certificate: 'x' }],
    ['a huge certificate', addCertificateSchema, { certificate: 'x'.repeat(65_537), key: 'y' }],
  ])('may not hold %s', (_what, schema, value) => expect(taken(schema, value)).toBe(false));

  it.each([...RESERVED_VARIABLES])('may not set %s', (name) => {
    expect(taken(changeEnvironmentSchema, { set: { [name]: 'x' } })).toBe(false);
  });
});

describe('addresses', () => {
  it('keep names within their part of the path', () => {
    expect(paths.app('../me')).toBe('/api/v1/apps/..%2Fme');
    expect(paths.cancel('shop', 'a/b?c#d')).toBe('/api/v1/apps/shop/deployments/a%2Fb%3Fc%23d/cancel');
  });

  it('differ from each other', () => {
    const all = Object.values(paths).map((path) => (path as (...parts: string[]) => string)('one', 'two'));
    expect(new Set(all).size).toBe(all.length);
  });
});
