/** As package.json says in `engines`; a test compares them. */
export const OLDEST_NODE = '22.15.0'

/** @throws Error where this Node is too old */
export function requireNode(version: string = process.versions.node): void {
  if (compare(version, OLDEST_NODE) >= 0) return
  throw new Error(`kafka-iam-otel needs Node ${OLDEST_NODE} or newer; this is Node ${version}.`)
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number.parseFloat))
  const index = left?.findIndex((part, at) => part !== right?.[at]) ?? -1
  return index < 0 ? 0 : (left?.[index] ?? 0) - (right?.[index] ?? 0)
}
