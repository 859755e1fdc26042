/** The rules of stack/prometheus/rules, as they are in the repository. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export const rulesFolder = join(import.meta.dirname, '../../stack/prometheus/rules')

/** Name and text of each file. */
export const ruleFiles: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(rulesFolder)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => [name, readFileSync(join(rulesFolder, name), 'utf8')]),
)

export interface Rule {
  readonly group: number
  readonly index: number
  /** Of the alert or the record. */
  readonly name: string
  readonly expr: string
  readonly alert: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface RawRule {
  alert?: string
  record?: string
  expr: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

export function rulesIn(text: string): Rule[] {
  const { groups } = parse(text) as { groups: { rules: RawRule[] }[] }
  return groups.flatMap(({ rules }, group) =>
    rules.map(({ alert, record, expr, labels = {}, annotations = {} }, index) => ({
      group,
      index,
      name: alert ?? record ?? '',
      expr,
      alert: alert !== undefined,
      labels,
      annotations,
    })),
  )
}

export const allRules: readonly Rule[] = Object.values(ruleFiles).flatMap(rulesIn)

export const alertRules: readonly Rule[] = allRules.filter(({ alert }) => alert)
/** Names of the series that rules record. */
export const recorded: readonly string[] = allRules.filter(({ alert }) => !alert).map(({ name }) => name)
