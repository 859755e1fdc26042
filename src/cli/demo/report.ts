import type { CaughtFailure } from './failure.ts'
import type { Series } from './metrics-table.ts'
import type { Tally } from './publishing.ts'
import type { SceneName } from './scenes.ts'
import type { SeenTrace } from './trace.ts'

/** Where the demo says what it does and sees. Times are seconds since it began. */
export interface Report {
  begin(exportingTo: string | undefined): void
  /** Something was done to the services. */
  event(at: number, text: string): void
  /** A trace has ended that is one of the scenes; `first` where the scene was not seen before. */
  scene(at: number, scene: SceneName, trace: SeenTrace, first: boolean): void
  /** What the code of a service got. */
  caught(failure: CaughtFailure): void
  end(summary: Summary): void
}

export interface Summary {
  /** Everything that was promised was seen, nothing was lost, and what should be exported was. */
  readonly ok: boolean
  readonly seconds: number
  readonly missing: readonly SceneName[]
  /** What went wrong apart from that. */
  readonly problems: readonly string[]
  /** What is worth saying and no failure. */
  readonly notes: readonly string[]
  readonly tallies: readonly Tally[]
  readonly series: readonly Series[]
  /** Where Jaeger shows the first trace of each scene, in the order in which they were seen. */
  readonly links: readonly { readonly scene: SceneName; readonly url: string }[]
}
