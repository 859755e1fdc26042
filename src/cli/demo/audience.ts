import { setTimeout as sleep } from 'node:timers/promises'
import { inspectFailure } from './failure.ts'
import type { Report } from './report.ts'
import { type SceneName, sceneOf, scenes } from './scenes.ts'
import type { Telling } from './story.ts'
import type { SeenTrace } from './trace.ts'

/** Sees the traces, knows which scenes they are, and lets the story wait for them. */
export class Audience implements Telling {
  /** What is not as promised, apart from scenes that are missing. */
  readonly problems: string[] = []
  readonly #report: Report
  readonly #patienceMs: number
  readonly #began = performance.now()
  readonly #seen = new Map<SceneName, string>()
  readonly #waiting = new Set<() => void>()

  /** After `patienceMs` in all no step waits any longer, and the scenes that have not come are missing at the end. */
  constructor(report: Report, patienceMs = 45_000) {
    this.#report = report
    this.#patienceMs = patienceMs
  }

  get seconds(): number {
    return Math.round(performance.now() - this.#began) / 1000
  }

  get missing(): SceneName[] {
    return (Object.keys(scenes) as SceneName[]).filter((scene) => !this.#seen.has(scene))
  }

  readonly look = (trace: SeenTrace): void => {
    const scene = sceneOf(trace, new Set(this.#seen.keys()))
    if (!scene) return
    const first = !this.#seen.has(scene)
    if (first) this.#seen.set(scene, trace.traceId)
    this.#report.scene(this.seconds, scene, trace, first)
    for (const check of this.#waiting) check()
  }

  readonly seen = async (...wanted: SceneName[]): Promise<void> => {
    const over = new AbortController()
    const all = new Promise<void>((resolve) => {
      const check = () => {
        if (!wanted.every((scene) => this.#seen.has(scene))) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
    await Promise.race([
      all,
      sleep(Math.max(0, this.#patienceMs - this.seconds * 1000), undefined, { signal: over.signal }).catch(
        () => undefined,
      ),
    ])
    over.abort()
  }

  readonly event = (text: string): void => this.#report.event(this.seconds, text)
  readonly problem = (text: string): void => void this.problems.push(text)

  readonly caught = (error: unknown): void => {
    const failure = inspectFailure(error)
    if (failure.code !== 'access_denied' || !failure.hint || !failure.requestId) {
      this.problem('The error that the denied service got does not say why.')
    }
    this.#report.caught(failure)
  }

  links(jaeger: string): { scene: SceneName; url: string }[] {
    return [...this.#seen].map(([scene, traceId]) => ({ scene, url: `${jaeger}/trace/${traceId}` }))
  }
}
