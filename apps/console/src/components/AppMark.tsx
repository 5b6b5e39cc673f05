/** An app's state. */
import type { AppView } from '@teal/contracts';
import { APP_STATES } from '../view/words.ts';
import { Mark, type Tone } from './Mark.tsx';

const TONES: Readonly<Record<AppView['state'], Tone>> = { live: 'good', stopped: 'quiet', empty: 'quiet' };

export function AppMark({ app }: { app: AppView }) {
  return <Mark tone={TONES[app.state]}>{APP_STATES[app.state]}</Mark>;
}
