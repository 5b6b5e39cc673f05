/** What a record and the kernel together say of an instance. Changes nothing. */
import type { Address, ObservedInstance } from '@teal/core';
import type { StartedInstance } from '@teal/deployer';
import type { InstanceRecord } from './record.ts';
import { type ProcessIdentity, statusOf } from './session.ts';

/** Where Teal reaches instances; they may listen on more. */
const HOST = '127.0.0.1';

export function addressOf(record: InstanceRecord): Address {
  return { host: HOST, port: record.port };
}

export function startedOf(record: InstanceRecord): StartedInstance {
  return { ref: record.spec.instanceId, address: addressOf(record), startedAt: new Date(record.startedAt ?? 0) };
}

export function statusOfRecord(record: InstanceRecord): ObservedInstance['status'] {
  const status = record.process === null || record.exit !== null ? 'gone' : statusOf(record.process);
  return status === 'gone' ? 'exited' : status;
}

export function observe(record: InstanceRecord, isStarting: boolean): ObservedInstance {
  const { instanceId, appId } = record.spec;
  const status = isStarting ? 'running' : statusOfRecord(record);
  return { instanceId, appId, ref: instanceId, status, address: addressOf(record) };
}

export function isSameProcess(a: ProcessIdentity | null, b: ProcessIdentity): boolean {
  return a !== null && a.pid === b.pid && a.startTime === b.startTime && a.bootId === b.bootId;
}
