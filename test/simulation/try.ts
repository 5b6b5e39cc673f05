import { emptyTally, enumerate, prepare, runScenario } from './enumerate.ts';
import { MODES, type Mode } from './faults.ts';
import { SCENARIOS } from './scenarios.ts';

const [name = '', mode = '', call = ''] = process.argv.slice(2);
const chosen = SCENARIOS.filter((s) => name === '' || s.name === name);
if (call !== '') {
  const [scenario] = chosen;
  if (!scenario) throw new Error('no');
  const from = await prepare(scenario);
  const run = await runScenario(scenario, {
    from,
    faults: mode === 'none' ? [] : [{ call: Number(call), mode: mode as Mode }],
    trace: (world) => {
      world.trace = (label, teal) =>
        console.log(String(world.calls).padStart(4), world.scheduler.nowMs % 1e7, teal.name, label);
      world.onLog = (who, facts, message) => console.log('      ', who, message, facts);
    },
  });
  console.log(run);
} else {
  const tally = emptyTally();
  for (const scenario of chosen) {
    const began = process.cpuUsage().user;
    const before = tally.found.length;
    const runs = tally.runs;
    const points = tally.points;
    try {
      await enumerate(scenario, tally, { modes: mode === '' ? MODES : mode === 'none' ? [] : [mode as Mode] });
    } catch (error) {
      console.log(scenario.name, error);
    }
    console.log(
      scenario.name.padEnd(40),
      tally.points - points,
      'points',
      tally.runs - runs,
      'runs',
      tally.found.length - before,
      'found',
      Math.round((process.cpuUsage().user - began) / 1000),
      'ms',
    );
    const kinds = new Map<string, { n: number; first: string }>();
    for (const f of tally.found.slice(before)) {
      const key = `${f.faults.map((x) => x.mode)} ${f.violation.replace(/[0-9a-f-]{36}/g, 'ID').replace(/0{6,}\d+/g, 'N')}`;
      const k = kinds.get(key) ?? { n: 0, first: f.faults.map((x) => x.call).join(',') };
      k.n++;
      kinds.set(key, k);
    }
    for (const [key, { n, first }] of [...kinds].slice(0, 12))
      console.log('    ', n, 'first at', first, key.slice(0, 220));
  }
  console.log({ ...tally, found: tally.found.length });
}
