import type { Scene } from './scene.ts'

/** One thing that happens between a client and Kafka, and all that is seen of it. */
export interface Case {
  readonly name: string
  /** Sessions of 12 s instead of 45 s. */
  readonly shortSessions?: true
  run(scene: Scene): Promise<void>
  /** What `Scene.seen` has to be, of the sandbox and of the stack alike. */
  readonly expected: string
}
