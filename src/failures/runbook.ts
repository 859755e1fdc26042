/** Where the pages can be read by who has not the package at hand: `docs` is one of its files. */
const PAGES = 'https://unpkg.com/kafka-iam-otel/docs'

export const RUNBOOK = `${PAGES}/failures.md`

/** The entry of a code of the catalogue, or of `_OTHER`. The rules of Prometheus name entries and alerts in the same way. */
export const runbookEntry = (code: string): string => `${RUNBOOK}#${code.toLowerCase()}`

/** How to read a name of Kafka's that has no entry of its own. */
export const KAFKA_NAMES_ENTRY = `${RUNBOOK}#kafkas-own-names`

/** Of what a consumer's handler threw. */
export const HANDLER_ERRORS = `${PAGES}/telemetry.md#errors-of-a-handler`
