/** Which paths a new version must answer before it gets traffic: variables of the app, as a list. */
import { Button, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useChangeEnvironment } from '../api/mutations.ts';
import { checkPaths, checkVariables } from '../view/checks.ts';
import type { Variables } from '../view/variables.ts';
import { Notice } from './Notice.tsx';
import { Panel } from './Panel.tsx';

export function Checks({ app, variables }: { app: string; variables: Variables }) {
  const change = useChangeEnvironment(app);
  const [text, setText] = useState(() => checkPaths(variables).join('\n'));
  const { set, unset, problem } = checkVariables(variables, text);
  const isSame = Object.keys(set).length + unset.length === 0;
  return (
    <Panel
      id="checks"
      title="Health checks"
      about="Before a new version gets traffic, each of these paths must answer 2xx twice in a row. Without any, / must answer 200 to 399."
    >
      <Textarea
        label="Paths, one a line"
        placeholder="/health"
        rows={3}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={problem}
        spellCheck={false}
      />
      {change.error !== null && <Notice kind="danger" title={change.error.message} />}
      <Button
        disabled={isSame || problem !== null}
        loading={change.isPending}
        onClick={() => change.mutate({ set, unset })}
      >
        Save checks
      </Button>
    </Panel>
  );
}
