/** What an entry of docs/failures.md says that cannot be derived from the catalogue. */
export interface RunbookEntry {
  readonly sees: Sees
  /** Most likely first. */
  readonly causes: readonly [string, ...string[]]
  /** What to look at that is no command. */
  readonly look?: readonly string[]
  /** Commands, with comments. `$CLUSTER_ARN`, `$BROKER`, `$ROLE_ARN` and `$AWS_REGION` are set at the head of the page. */
  readonly sh?: string
  /** In place of the query for the code that its metric gives. */
  readonly promql?: string
  /** Steps of the cure, after the hint. */
  readonly steps?: readonly string[]
}

export interface Sees {
  /**
   * What others (AWS, Node, a broker) say, as it stands in the message of the error. `…` stands for what differs from
   * time to time. The tests that reproduce a failure compare: see test/failures/expect-failure.ts.
   */
  readonly texts: readonly string[]
  /** The class of the error, where it is not that of the area, and what else is to be known about it. */
  readonly error?: string
  /** The line of kafkajs's log, where it is not that of the area. */
  readonly line?: string
}

export type Entries = Readonly<Record<string, RunbookEntry>>

/** An alert of stack/prometheus/rules. */
export interface AlertSection {
  readonly name: string
  /** In one sentence. */
  readonly means: string
  /** What happens, and by when. */
  readonly ifNobodyActs: string
  readonly promql: string
  /** Which span in Jaeger, which tags; or what to look at where there is no trace. */
  readonly trace: string
  /** The codes that it usually is. */
  readonly codes: readonly string[]
  /** What to do, where it is not the cure of a code. */
  readonly act?: string
  readonly falseAlarm: string
}
