/** Asks before something is done that people would want to be asked about. */
import { Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { Dialog } from './Dialog.tsx';

export interface ConfirmProps {
  title: string;
  /** What the button that does it says. */
  action: string;
  danger?: boolean;
  /** What it needs first is missing. */
  disabled?: boolean;
  pending: boolean;
  onConfirm(): void;
  onClose(): void;
  children: ReactNode;
}

export function Confirm({
  title,
  action,
  danger = false,
  disabled = false,
  pending,
  onConfirm,
  onClose,
  children,
}: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <Group justify="flex-end" gap="sm" mt="lg">
        <Button variant="default" onClick={onClose}>
          Not now
        </Button>
        <Button color={danger ? 'red.8' : undefined} loading={pending} disabled={disabled} onClick={onConfirm}>
          {action}
        </Button>
      </Group>
    </Dialog>
  );
}
