/** Tells the demo's story in the terminal and keeps count of what held. Checks nothing by itself. */
import type { Call } from '../call.ts';
import { cleanLine } from '../output/clean.ts';
import { duration } from '../output/moment.ts';

export interface Scene {
  number: number;
  title: string;
  held: boolean;
  /** What took how long, as the scene measured it. */
  times: string[];
}

/** Scenes of the story: one that was not played did not hold. */
const SCENES = 5;

export class Stage {
  readonly scenes: Scene[] = [];
  readonly #call: Call;
  #quoted: string | null = null;
  #repeats = 0;

  constructor(call: Call) {
    this.#call = call;
  }

  get held(): boolean {
    return this.scenes.length === SCENES && this.scenes.every((scene) => scene.held);
  }

  open(title: string): void {
    const number = this.scenes.length + 1;
    this.scenes.push({ number, title, held: true, times: [] });
    this.tell();
    this.tell(`${this.#call.paint.cyan(`${number}`)}  ${this.#call.paint.bold(title)}`);
  }

  tell(text = ''): void {
    this.#tellRepeats();
    this.#call.say(text);
  }

  /** What a program printed, as it printed it; a line that comes again and again is shown once and counted. */
  quote(line: string): void {
    const { paint } = this.#call;
    const shown = cleanLine(line, false);
    if (shown === this.#quoted && shown !== '') {
      this.#repeats += 1;
      return;
    }
    this.tell(`   ${paint.dim('│')} ${paint.dim(shown)}`);
    this.#quoted = shown;
  }

  #tellRepeats(): void {
    const repeats = this.#repeats;
    this.#quoted = null;
    this.#repeats = 0;
    if (repeats === 0) return;
    const { paint } = this.#call;
    this.#call.say(
      `   ${paint.dim('│')} ${paint.dim(`  … the same line ${repeats} more time${repeats === 1 ? '' : 's'}`)}`,
    );
  }

  command(words: string): void {
    this.tell(`   ${this.#call.paint.dim('$')} ${words}`);
  }

  /** A named assertion; one that does not hold says what was found instead. */
  check(name: string, holds: boolean, found = ''): void {
    const { paint } = this.#call;
    const scene = this.scenes.at(-1);
    if (scene !== undefined && !holds) scene.held = false;
    const mark = holds ? paint.green('✔') : paint.red('✘');
    const more =
      found === '' ? '' : paint.dim(holds ? `  ${cleanLine(found, false)}` : `  found: ${cleanLine(found, false)}`);
    this.tell(`   ${mark} ${name}${more}`);
  }

  /** Measured time of the current scene. */
  time(what: string, ms: number): void {
    this.scenes.at(-1)?.times.push(`${what} ${duration(ms)}`);
    this.tell(`   ${this.#call.paint.cyan('◷')} ${what} ${this.#call.paint.bold(duration(ms))}`);
  }

  /** A trouble that ended the current scene early. */
  broke(error: unknown): void {
    const [first = '', ...others] = String(error instanceof Error ? error.message : error).split('\n');
    this.check('the scene was played to its end', false, first);
    for (const line of others) this.quote(line);
  }

  summary(): void {
    const { paint } = this.#call;
    this.tell();
    this.#call.rows(
      this.scenes.map((scene) => [
        ` ${scene.held ? paint.green('✔') : paint.red('✘')} ${scene.number}`,
        scene.title,
        paint.dim(scene.times.join(', ')),
      ]),
    );
    this.tell();
  }
}
