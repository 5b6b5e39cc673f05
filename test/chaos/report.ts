/** The figures of a run, as JSON and as a table. Measures nothing. */

export interface Recovery {
  fault: string;
  /** What a user did meanwhile. */
  doing: string;
  beganAt: number;
  /** That a user's deed went on after the fault's end. */
  deedMs: number;
  /** What was amiss for longest after that; null: nothing. */
  until: string | null;
  /** From the end of the fault until everything held again, deeds under way included. */
  recoveryMs: number;
  violations: readonly string[];
}

interface FaultFigures {
  faults: number;
  violations: number;
  recovery_ms_p50: number;
  recovery_ms_p99: number;
  recovery_ms_max: number;
}

export interface ChaosReport {
  seed: number;
  faults: number;
  violations: number;
  requests: number;
  /** Failed, and not in flight on what was killed. */
  lost: number;
  excused: number;
  recovery_ms_p50: number;
  recovery_ms_p99: number;
  /** What was there without an owner after the last fault, and what was left of the app once it was deleted. */
  leaks: number;
  byFault: Record<string, FaultFigures>;
  broken: { fault: string; doing: string; number: number; violations: readonly string[] }[];
}

interface Facts {
  seed: number;
  recoveries: readonly Recovery[];
  answered: number;
  lost: number;
  excused: number;
  leaks: number;
}

const LEFT = / (is unknown to the database|is left|are left)$/;

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
}

function figuresOf(recoveries: readonly Recovery[]): FaultFigures {
  const times = recoveries.map((one) => one.recoveryMs);
  return {
    faults: recoveries.length,
    violations: recoveries.filter((one) => one.violations.length > 0).length,
    recovery_ms_p50: quantile(times, 0.5),
    recovery_ms_p99: quantile(times, 0.99),
    recovery_ms_max: quantile(times, 1),
  };
}

export function reportOf({ seed, recoveries, answered, lost, excused, leaks }: Facts): ChaosReport {
  const { faults, violations, recovery_ms_p50, recovery_ms_p99 } = figuresOf(recoveries);
  const last = recoveries.at(-1)?.violations ?? [];
  const byFault = Object.groupBy(recoveries, (one) => one.fault);
  const numbered = recoveries.map((one, index) => ({ ...one, number: index + 1 }));
  return {
    seed,
    faults,
    violations,
    requests: answered + lost + excused,
    lost,
    excused,
    recovery_ms_p50,
    recovery_ms_p99,
    leaks: last.filter((sentence) => LEFT.test(sentence)).length + leaks,
    byFault: Object.fromEntries(Object.entries(byFault).map(([fault, own = []]) => [fault, figuresOf(own)])),
    broken: numbered
      .filter((one) => one.violations.length > 0)
      .map(({ number, fault, doing, violations: found }) => ({ number, fault, doing, violations: found })),
  };
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

export function tableOf(report: ChaosReport): string {
  const rows = Object.entries(report.byFault)
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([fault, { faults, violations, recovery_ms_p50, recovery_ms_p99, recovery_ms_max }]) => {
      const times = [recovery_ms_p50, recovery_ms_p99, recovery_ms_max].map(seconds).join(' | ');
      return `| ${fault} | ${faults} | ${violations} | ${times} |`;
    });
  const { faults, violations, requests, lost, excused, leaks, seed } = report;
  return [
    '| fault | times | violations | recovery p50 | p99 | longest |',
    '|---|---|---|---|---|---|',
    ...rows,
    `| all | ${faults} | ${violations} | ${seconds(report.recovery_ms_p50)} | ${seconds(report.recovery_ms_p99)} | |`,
    '',
    `seed ${seed}: ${faults} faults, ${violations} with violations; ${requests} requests, ${lost} lost, ${excused} in flight on what was killed; ${leaks} leaks`,
  ].join('\n');
}
