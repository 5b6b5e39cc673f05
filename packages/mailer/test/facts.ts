/** A failure to write mails about. */
import type { FailureFacts } from '@teal/deployer';

export function failureFacts(change: Partial<FailureFacts> = {}): FailureFacts {
  return {
    deploymentId: 'deployment_1',
    appName: 'shop',
    commit: { commit: '9be07d1'.padEnd(40, '0'), tree: '', author: 'Ann <ann@example.test>', message: 'Faster cart' },
    trigger: 'push',
    requestedBy: 'admin',
    phase: 'probing',
    code: 'gate_refused',
    reason: 'The new version never became healthy: GET / answered 500.',
    lastLines: ['\u001b[31mTypeError\u001b[0m: x is undefined', '    at cart.js:7'],
    stillServes: { commit: '3f2c1ab'.padEnd(40, '0'), tree: '', author: 'Bo', message: 'Version two' },
    link: 'http://localhost:4000/apps/shop/deployments/deployment_1',
    failedAt: '2026-01-01T14:02:00.000Z',
    ...change,
  };
}
