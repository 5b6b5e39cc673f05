/** How an app is deployed and run: branch, instances, limits, checks, and what becomes of the version before. */
import { Button, Checkbox, TextInput } from '@mantine/core';
import { type AppView, updateAppSchema } from '@teal/contracts';
import { type FormEvent, useState } from 'react';
import { useUpdateApp } from '../api/mutations.ts';
import classes from '../pages/Page.module.css';
import { Choice } from './Choice.tsx';
import { Notice } from './Notice.tsx';
import { Panel } from './Panel.tsx';

const NUMBERS = [
  { name: 'scale', label: 'Instances', description: '1 to 20' },
  { name: 'memoryMib', label: 'Memory of each, MiB', description: 'at least 32' },
  { name: 'cpus', label: 'CPUs of each', description: 'at least 0.05' },
  { name: 'maxProcesses', label: 'Processes of each', description: 'at least 16' },
  { name: 'gateDeadlineMs', label: 'Deadline of the checks, seconds', description: '1 to 1800' },
] as const;
type NumberName = (typeof NUMBERS)[number]['name'];

/** People think of that deadline in seconds. */
const unitOf = (name: NumberName) => (name === 'gateDeadlineMs' ? 1_000 : 1);

export function RunSettings({ app }: { app: AppView }) {
  const update = useUpdateApp(app.name);
  const [numbers, setNumbers] = useState(() => textsOf(app));
  const [branch, setBranch] = useState(app.deployBranch ?? '');
  const [afterFlip, setAfterFlip] = useState(app.settings.afterFlip);
  const [newerPush, setNewerPush] = useState(app.settings.newerPush);
  const [httpsOnly, setHttpsOnly] = useState(app.settings.httpsOnly);
  /** As it was when the form was filled: only what differs is sent, so that others' changes stay. */
  const [opened, setOpened] = useState(app);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.reset();
    const settings = differing(opened.settings, { ...numbersOf(numbers), afterFlip, newerPush, httpsOnly });
    const deployBranch = branch.trim() === '' ? null : branch.trim();
    const wish = updateAppSchema.safeParse({
      settings,
      ...(deployBranch === opened.deployBranch ? {} : { deployBranch }),
    });
    setProblem(wish.success ? null : problemOf(wish.error.issues[0]));
    if (wish.success) update.mutate(wish.data, { onSuccess: setOpened });
  };
  return (
    <Panel
      id="running"
      title="Running"
      about="A change waits for the next deployment; only the branch and the redirect to HTTPS are in force at once."
    >
      <form onSubmit={submit} noValidate>
        <div className={classes.grid}>
          {NUMBERS.map(({ name, label, description }) => (
            <TextInput
              key={name}
              label={label}
              description={description}
              inputMode="decimal"
              value={numbers[name]}
              onChange={({ currentTarget }) => setNumbers({ ...numbers, [name]: currentTarget.value })}
            />
          ))}
          <TextInput
            label="Deploy branch"
            description="Empty: main or master, whichever is pushed first"
            value={branch}
            onChange={(event) => setBranch(event.currentTarget.value)}
            spellCheck={false}
            autoComplete="off"
          />
          <Choice
            label="The version before"
            description="Stopped: where a frozen app would hold locks"
            value={afterFlip}
            options={[
              { value: 'sleep', label: 'sleeps, wakes at once' },
              { value: 'stop', label: 'is stopped' },
            ]}
            onChange={(next) => setAfterFlip(next)}
          />
          <Choice
            label="A newer push"
            description="What it does to an older one under way"
            value={newerPush}
            options={[
              { value: 'cancel', label: 'cancels the older one' },
              { value: 'wait', label: 'waits for the older one' },
            ]}
            onChange={(next) => setNewerPush(next)}
          />
        </div>
        <div className={classes.below}>
          <Checkbox
            label="Redirect plain HTTP to HTTPS"
            checked={httpsOnly}
            onChange={(event) => setHttpsOnly(event.currentTarget.checked)}
          />
          {problem !== null && <Notice kind="danger" title={problem} />}
          {update.error !== null && <Notice kind="danger" title={update.error.message} />}
          {update.isSuccess && <Notice kind="done" title="Saved" />}
          <Button type="submit" loading={update.isPending}>
            Save settings
          </Button>
        </div>
      </form>
    </Panel>
  );
}

function differing(before: AppView['settings'], after: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => before[name as keyof AppView['settings']] !== value),
  );
}

function textsOf({ settings }: AppView): Record<NumberName, string> {
  return Object.fromEntries(NUMBERS.map(({ name }) => [name, String(settings[name] / unitOf(name))])) as Record<
    NumberName,
    string
  >;
}

function numbersOf(texts: Record<NumberName, string>): Record<string, number> {
  return Object.fromEntries(
    NUMBERS.map(({ name }) => [name, texts[name].trim() === '' ? Number.NaN : Number(texts[name]) * unitOf(name)]),
  );
}

function problemOf(issue: { path: PropertyKey[]; message: string } | undefined): string {
  const name = issue?.path.at(-1);
  const field = NUMBERS.find((one) => one.name === name);
  if (field !== undefined) return `${field.label}: enter a number, ${field.description}.`;
  return name === 'deployBranch' ? `Deploy branch: ${issue?.message}.` : 'Something here cannot be saved.';
}
