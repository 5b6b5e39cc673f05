/** The figures of a run, as JSON and as a table. Measures nothing. */

export interface Recovery {
  fault: string;
  beganAt: number;
  /** From the end of the fault until everything held again, deeds under way included. */
  recoveryMs: number;
  violations: readonly string[];
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
  leaks: number;
  byFault: Record<string, { faults: number; violations: number; recovery_ms_p50: number; recovery_ms_max: number }>;
}

interface Facts {
  seed: number;
  recoveries: readonly Recovery[];
  answered: number;
  lost: number;
  excused: number;
}

const LEFT = / (is unknown to the database|is left|are left)$/;

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
}

export function reportOf({ seed, recoveries, answered, lost, excused }: Facts): ChaosReport {
  const times = recoveries.map((one) => one.recoveryMs);
  const last = recoveries.at(-1)?.violations ?? [];
  const byFault: ChaosReport['byFault'] = {};
  for (const fault of new Set(recoveries.map((one) => one.fault))) {
    const own = recoveries.filter((one) => one.fault === fault);
    byFault[fault] = {
      faults: own.length,
      violations: own.filter((one) => one.violations.length > 0).length,
      recovery_ms_p50: quantile(
        own.map((one) => one.recoveryMs),
        0.5,
      ),
      recovery_ms_max: quantile(
        own.map((one) => one.recoveryMs),
        1,
      ),
    };
  }
  return {
    seed,
    faults: recoveries.length,
    violations: recoveries.filter((one) => one.violations.length > 0).length,
    requests: answered + lost,
    lost,
    excused,
    recovery_ms_p50: quantile(times, 0.5),
    recovery_ms_p99: quantile(times, 0.99),
    leaks: last.filter((sentence) => LEFT.test(sentence)).length,
    byFault,
  };
}

export function tableOf(report: ChaosReport): string {
  const rows = Object.entries(report.byFault).map(
    ([fault, { faults, violations, recovery_ms_p50, recovery_ms_max }]) =>
      `| ${fault} | ${faults} | ${violations} | ${(recovery_ms_p50 / 1_000).toFixed(1)} s | ${(recovery_ms_max / 1_000).toFixed(1)} s |`,
  );
  const { faults, violations, requests, lost, excused, seed } = report;
  return [
    '| fault | times | violations | recovery p50 | longest |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `seed ${seed}: ${faults} faults, ${violations} with violations; ${requests} requests, ${lost} lost, ${excused} in flight on what was killed`,
  ].join('\n');
}
