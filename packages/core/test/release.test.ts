import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fateAfterDrain, KEPT_RELEASES, keptReleases, previousRelease, type Release } from '../src/index.ts';
import { aRelease } from './model.ts';

describe('the previous release', () => {
  const one = aRelease('one', { liveAt: 1 });
  const two = aRelease('two', { liveAt: 2 });
  const failed = aRelease('failed', { liveAt: null });

  it('is the newest other that was live', () => {
    expect(previousRelease([failed, one, two], 'two')?.id).toBe('one');
    expect(previousRelease([one], 'one')).toBeNull();
    expect(previousRelease([failed], null)).toBeNull();
    expect(previousRelease([], 'gone')).toBeNull();
  });

  it('is the newest that was live where nothing is live', () => {
    expect(previousRelease([one, two, failed], null)?.id).toBe('two');
  });

  it('differs in commit or configuration: a rebuild of the same is none', () => {
    const rebuilt = aRelease('rebuilt', { liveAt: 3, commit: 'two' });
    expect(previousRelease([one, two, rebuilt], 'rebuilt')?.id).toBe('one');
    const configured = aRelease('configured', { liveAt: 3, commit: 'two', configuration: 'd' });
    expect(previousRelease([one, two, configured], 'configured')?.id).toBe('two');
  });

  it('is what was live before when it is revived: twice leads back', () => {
    const revived = { ...one, liveAt: new Date(9) };
    expect(previousRelease([revived, two], 'one')?.id).toBe('two');
    expect(previousRelease([revived, { ...two, liveAt: new Date(10) }], 'two')?.id).toBe('one');
  });
});

const letter = fc.constantFrom('a', 'b', 'c');
/** Releases with distinct moments, some never live, and perhaps one of those that were live as the live one. */
const history = fc
  .uniqueArray(
    fc.record({ liveAt: fc.integer({ min: 1, max: 1_000 }), was: fc.boolean(), commit: letter, configuration: letter }),
    {
      maxLength: 12,
      selector: (entry) => entry.liveAt,
    },
  )
  .chain((entries) => {
    const releases = entries.map(({ liveAt, was, ...rest }, i) =>
      aRelease(`r${i}`, { ...rest, liveAt: was ? liveAt : null }),
    );
    const ids = releases.filter((release) => release.liveAt !== null).map((release) => release.id);
    return fc.record({ releases: fc.constant(releases), live: fc.constantFrom<string | null>(null, ...ids) });
  });
const at = (release: Release) => release.liveAt?.getTime() ?? -1;

describe('of any history', () => {
  it('previous was live, is not live, and no newer one would do', () => {
    fc.assert(
      fc.property(history, ({ releases, live }) => {
        const found = previousRelease(releases, live);
        const current = releases.find((release) => release.id === live);
        const would = releases.filter(
          (release) =>
            release.liveAt !== null &&
            (current === undefined ||
              release.commit.commit !== current.commit.commit ||
              release.configurationDigest !== current.configurationDigest),
        );
        expect(found === null ? null : at(found)).toBe(would.length === 0 ? null : Math.max(...would.map(at)));
        expect(previousRelease([...releases].reverse(), live)).toBe(found);
      }),
    );
  });

  it('live and previous are kept, with the newest that were live, and little more', () => {
    fc.assert(
      fc.property(history, ({ releases, live }) => {
        const kept = keptReleases(releases, live);
        if (live !== null) expect(kept).toContain(live);
        const previous = previousRelease(releases, live);
        if (previous !== null) expect(kept).toContain(previous.id);
        const wereLive = releases.filter((release) => release.liveAt !== null).sort((a, b) => at(b) - at(a));
        for (const release of wereLive.slice(0, KEPT_RELEASES)) expect(kept).toContain(release.id);
        expect(kept.size).toBeLessThanOrEqual(KEPT_RELEASES + 2);
        for (const id of kept) expect(releases.find((release) => release.id === id)?.liveAt ?? null).not.toBeNull();
      }),
    );
  });

  it('at most one release sleeps, and only where the app wants it so', () => {
    fc.assert(
      fc.property(history, fc.boolean(), ({ releases, live }, stops) => {
        const previous = previousRelease(releases, live)?.id ?? null;
        const afterFlip = stops ? 'stop' : 'sleep';
        const asleep = releases.filter((release) => fateAfterDrain(release, previous, afterFlip) === 'sleep');
        expect(asleep.map((release) => release.id)).toEqual(stops || previous === null ? [] : [previous]);
      }),
    );
  });
});
