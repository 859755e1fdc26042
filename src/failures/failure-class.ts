/**
 * One failure class: how it is recognised, what it is called, whether it passes by itself, and its cure.
 * The rows are in the files beside this one; `catalogue.ts` joins them.
 */
export interface FailureClass {
  /** Stable name, lower snake case, or Kafka's own error name. It is the `error.type` of span, metric and log. */
  readonly code: string
  /** Where in the life of a token or a connection it happens. */
  readonly area:
    | 'configuration'
    | 'credentials'
    | 'token'
    | 'authentication'
    | 'connection'
    | 'authorization'
    | 'publishing'
  /** What happened, in one sentence without any value in it: safe for telemetry. */
  readonly title: string
  /** What to do about it. */
  readonly hint: string
  /** Whether trying the same thing again, unchanged, can succeed. kafkajs and our own retries follow it. */
  readonly retriable: boolean
  /**
   * The broker read the token and said no, so offering it again is pointless.
   * Never set for a throttle or a network failure.
   */
  readonly refusesToken?: true
  /** `reproduced` by a test with the real packages, `reported` by users, `documented`, or made by this library. */
  readonly evidence: 'reproduced' | 'reported' | 'documented' | 'own'
  /** Any one of these recognises it; our own errors carry their code and need none. */
  readonly patterns: readonly Pattern[]
}

/** All that is given must match. */
export interface Pattern {
  readonly name?: string
  /** Node's or OpenSSL's `code`, or Kafka's numeric one as text. */
  readonly code?: string | RegExp
  /** Kafka's error name, as kafkajs puts it on `type`. */
  readonly type?: string
  readonly message?: RegExp
  /** Only while a token is being made (`token`), or only while talking to a broker (`broker`). */
  readonly phase?: Phase
}

/** What was being done when it failed. Names such as ECONNREFUSED mean different things in each. */
export type Phase = 'token' | 'broker'
