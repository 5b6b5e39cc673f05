/** How an instance's container looks: limits, rights, labels, log. Pure. */
import type { InstanceSpec } from '@teal/deployer';
import type Docker from 'dockerode';
import { LABEL } from './naming.ts';

export const INSTANCE_PORT = 8080;

/**
 * What an image that starts as root needs to prepare its folders and give up root. All of them are among Docker's
 * defaults; left out are raw sockets, device files, chroot, file capabilities and the audit log.
 */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'];

const MIB = 1024 * 1024;
const LOG = { Type: 'local', Config: { 'max-size': '10m', 'max-file': '3' } };

export function containerOptions(
  spec: InstanceSpec,
  place: { name: string; network: string; labels: Readonly<Record<string, string>>; runtime: string | null },
  command?: string,
): Docker.ContainerCreateOptions {
  const environment = { PORT: String(INSTANCE_PORT), ...spec.environment };
  return {
    name: place.name,
    Image: spec.imageRef,
    // in place of the image's own entry point, which may be anything
    ...(command === undefined ? {} : { Entrypoint: ['/bin/sh', '-c', command], Cmd: [] }),
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    Labels: { ...place.labels, [LABEL.instance]: spec.instanceId, [LABEL.release]: spec.releaseId },
    HostConfig: {
      NetworkMode: place.network,
      ...(place.runtime === null ? {} : { Runtime: place.runtime }),
      Memory: spec.memoryMib * MIB,
      // no swap on top
      MemorySwap: spec.memoryMib * MIB,
      NanoCpus: Math.round(spec.cpus * 1e9),
      PidsLimit: spec.maxProcesses,
      CapDrop: ['ALL'],
      CapAdd: CAPABILITIES,
      SecurityOpt: ['no-new-privileges'],
      // reaps orphans, and passes signals on to programs that would not get them as process 1
      Init: true,
      RestartPolicy: { Name: 'no' },
      LogConfig: command === undefined ? LOG : { Type: 'none', Config: {} },
    },
  };
}
