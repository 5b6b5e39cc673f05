/** Asks for a name and creates the app. */
import { Button, Group, TextInput } from '@mantine/core';
import { createAppSchema } from '@teal/contracts';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { useCreateApp } from '../api/mutations.ts';
import { Dialog } from './Dialog.tsx';

/** In the only organisation when none is given. */
export function CreateApp({ organisation, onClose }: { organisation: string | undefined; onClose(): void }) {
  const navigate = useNavigate();
  const create = useCreateApp();
  const [name, setName] = useState('');
  const [invalid, setInvalid] = useState<string | null>(null);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wish = createAppSchema.safeParse({ name: name.trim(), organisation });
    setInvalid(wish.success ? null : 'Use 2 to 40 of a-z, 0-9 and -, starting with a letter, and no reserved name.');
    if (wish.success) create.mutate(wish.data, { onSuccess: (app) => navigate(`/apps/${app.name}`) });
  };
  return (
    <Dialog title="Create an app" onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <TextInput
          label="Name"
          description="Part of its address, for instance my-shop"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={invalid ?? create.error?.message}
          maxLength={60}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
        />
        <Group justify="flex-end" gap="sm" mt="lg">
          <Button variant="default" onClick={onClose}>
            Not now
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create
          </Button>
        </Group>
      </form>
    </Dialog>
  );
}
