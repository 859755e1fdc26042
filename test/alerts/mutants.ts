/** Every rule made wrong in one way: removed, a comparison turned, a number halved or doubled. */
import { parser } from '@prometheus-io/lezer-promql'
import { isSeq, parseDocument, type YAMLMap } from 'yaml'
import { ruleFiles } from './run.ts'

export interface Mutant {
  /** What was done, and to which rule. */
  readonly name: string
  /** The alert or record that was changed. */
  readonly rule: string
  readonly file: string
  /** The whole file with the change. */
  readonly text: string
}

const TURNED: Readonly<Record<string, string>> = { '>': '<', '<': '>', '>=': '<', '<=': '>', '==': '!=', '!=': '==' }
const COMPARISONS = ['Gtr', 'Lss', 'Gte', 'Lte', 'Eql', 'Neq']

interface Change {
  readonly what: string
  readonly expr: string
}

/** Of one expression. */
function changes(expr: string): Change[] {
  const found: Change[] = []
  const replaced = (from: number, to: number, by: string) => `${expr.slice(0, from)}${by}${expr.slice(to)}`
  const add = (what: string, from: number, to: number, by: string) =>
    found.push({ what: `${what} (${found.length + 1})`, expr: replaced(from, to, by) })
  parser.parse(expr).iterate({
    enter({ name, from, to }) {
      const text = expr.slice(from, to)
      if (COMPARISONS.includes(name)) add(`${text} turned`, from, to, TURNED[text] ?? text)
      if (name !== 'NumberDurationLiteral' && name !== 'NumberLiteral') return
      const value = Number(text)
      if (value === 0) return
      add(`${text} halved`, from, to, String(value / 2))
      add(`${text} doubled`, from, to, String(value * 2))
    },
  })
  return found
}

/** Of every rule in every file. */
export function mutants(): Mutant[] {
  return Object.entries(ruleFiles).flatMap(([file, text]) =>
    rulesIn(text).flatMap(({ group, index, name, expr }) => {
      const changed = (what: string, change: (rules: YAMLMap[]) => void): Mutant => {
        const document = parseDocument(text)
        const rules = document.getIn(['groups', group, 'rules'])
        if (!isSeq(rules)) throw new Error(`${file} has no rules`)
        change(rules.items as YAMLMap[])
        return { name: `${name}: ${what}`, rule: name, file, text: document.toString() }
      }
      return [
        changed('removed', (rules) => rules.splice(index, 1)),
        ...changes(expr).map(({ what, expr: wrong }) => changed(what, (rules) => rules[index]?.set('expr', wrong))),
      ]
    }),
  )
}

export interface Rule {
  readonly group: number
  readonly index: number
  /** Of the alert or the record. */
  readonly name: string
  readonly expr: string
  readonly alert: boolean
}

export function rulesIn(text: string): Rule[] {
  const { groups } = parseDocument(text).toJS() as {
    groups: { rules: { alert?: string; record?: string; expr: string }[] }[]
  }
  return groups.flatMap(({ rules }, group) =>
    rules.map(({ alert, record, expr }, index) => ({
      group,
      index,
      name: alert ?? record ?? '',
      expr,
      alert: alert !== undefined,
    })),
  )
}

/** The alerts that a rule decides on: itself, or those that read what it records. */
export function alertsOf(rule: string): string[] {
  const all = Object.values(ruleFiles).flatMap(rulesIn)
  const readers = all.filter(({ expr }) => expr.includes(`${rule} `) || expr.includes(`${rule}\n`) || expr.includes(`${rule}{`) || expr.endsWith(rule))
  const own = all.filter(({ name, alert }) => name === rule && alert).map(({ name }) => name)
  return [...new Set([...own, ...readers.flatMap(({ name }) => alertsOf(name))])]
}
