/** Every rule made wrong in one way: removed, a comparison turned, a number halved or doubled. */
import { parser } from '@prometheus-io/lezer-promql'
import { isSeq, parseDocument, type YAMLMap } from 'yaml'
import { alertRules, allRules, ruleFiles, rulesIn } from '../support/rules.ts'

export interface Mutant {
  /** What was done, and to which rule. */
  readonly name: string
  /** The alert or record that was changed. */
  readonly rule: string
  /** Name and text of each file. */
  readonly rules: Readonly<Record<string, string>>
}

const TURNED: Readonly<Record<string, string>> = {
  '>': '<',
  '<': '>',
  '>=': '<',
  '<=': '>',
  '==': '!=',
  '!=': '==',
}
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
        return { name: `${name}: ${what}`, rule: name, rules: rulesWith(file, document.toString()) }
      }
      return [
        changed('removed', (rules) => rules.splice(index, 1)),
        ...changes(expr).map(({ what, expr: wrong }) =>
          changed(what, (rules) => rules[index]?.set('expr', wrong)),
        ),
      ]
    }),
  )
}

/** The alerts that a rule decides on: itself, or those that read what it records. */
export function alertsOf(rule: string): string[] {
  const own = alertRules.filter(({ name }) => name === rule).map(({ name }) => name)
  const readers = allRules.filter(({ name, expr }) => name !== rule && reads(expr, rule))
  return [...new Set([...own, ...readers.flatMap(({ name }) => alertsOf(name))])]
}

function reads(expr: string, record: string): boolean {
  const patterns = [...expr.matchAll(/__name__=~"([^"]+)"/g)].map(([, pattern]) => new RegExp(`^${pattern}$`))
  return patterns.some((pattern) => pattern.test(record)) || new RegExp(`${record}(?![\\w:])`).test(expr)
}

/** The file of the mutant, and what it needs of the others: less to evaluate. */
function rulesWith(file: string, text: string): Record<string, string> {
  const needed =
    file === 'msk-iam-slo.yml' ? { 'msk-iam-publishing.yml': ruleFiles['msk-iam-publishing.yml'] ?? '' } : {}
  return { ...needed, [file]: text }
}
