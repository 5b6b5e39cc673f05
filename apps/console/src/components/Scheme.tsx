/** Chooses light or dark, or leaves it to the system. */
import { ActionIcon, type MantineColorScheme, useMantineColorScheme } from '@mantine/core';
import { Icon, type IconName } from './Icon.tsx';

const NEXT: Readonly<Record<MantineColorScheme, MantineColorScheme>> = { auto: 'light', light: 'dark', dark: 'auto' };
const ICONS: Readonly<Record<MantineColorScheme, IconName>> = { auto: 'contrast', light: 'sun', dark: 'moon' };

export function Scheme() {
  // without keepTransitions Mantine writes a style element, which the page's policy forbids
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const words = colorScheme === 'auto' ? 'as the system' : colorScheme;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={`Colour scheme: ${words}. Change to ${NEXT[colorScheme]}`}
      title={`Colour scheme: ${words}`}
      onClick={() => setColorScheme(NEXT[colorScheme])}
    >
      <Icon name={ICONS[colorScheme]} />
    </ActionIcon>
  );
}
