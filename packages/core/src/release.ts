/** Which release "previous" means, what must be kept, and what becomes of a release that lost its traffic. */
import type { Release } from './model.ts';
import type { AppSettings } from './settings.ts';

/** Releases that were live and whose images are kept. */
export const KEPT_RELEASES = 5;

function newestFirst(releases: readonly Release[]): Release[] {
  return releases
    .filter((release) => release.liveAt !== null)
    .sort((a, b) => (b.liveAt?.getTime() ?? 0) - (a.liveAt?.getTime() ?? 0));
}

/**
 * The release that "Start last pushed commit" starts: the newest, other than the live one, that was live with a
 * different commit or configuration. With nothing live (a stopped app) the newest that was live. Null: there is none.
 */
export function previousRelease(releases: readonly Release[], liveReleaseId: string | null): Release | null {
  const ordered = newestFirst(releases);
  const live = ordered.find((release) => release.id === liveReleaseId);
  if (live === undefined) return ordered[0] ?? null;
  return (
    ordered.find(
      (release) =>
        release.id !== live.id &&
        (release.commit.commit !== live.commit.commit || release.configurationDigest !== live.configurationDigest),
    ) ?? null
  );
}

/** The releases whose images are kept: the last {@link KEPT_RELEASES} that were live, the live one and previous always. */
export function keptReleases(releases: readonly Release[], liveReleaseId: string | null): Set<string> {
  const kept = new Set(
    newestFirst(releases)
      .slice(0, KEPT_RELEASES)
      .map((release) => release.id),
  );
  if (liveReleaseId !== null) kept.add(liveReleaseId);
  const previous = previousRelease(releases, liveReleaseId);
  if (previous !== null) kept.add(previous.id);
  return kept;
}

/** What a release that lost its traffic becomes once drained: previous sleeps if the app wants it so, others go off. */
export function fateAfterDrain(
  release: Pick<Release, 'id'>,
  previousId: string | null,
  afterFlip: AppSettings['afterFlip'],
): 'sleep' | 'off' {
  return release.id === previousId && afterFlip === 'sleep' ? 'sleep' : 'off';
}
