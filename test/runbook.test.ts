import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { alerts } from '../scripts/runbook/page.ts'
import { catalogue, UNKNOWN_HINT } from '../src/failures/catalogue.ts'
import { classifyFailure } from '../src/failures/classify.ts'
import { RUNBOOK, runbookEntry } from '../src/failures/runbook.ts'
import { alertRules, recorded } from './support/rules.ts'
import { labels, namesIn, series } from './support/series.ts'

const page = readFileSync(new URL('../docs/failures.md', import.meta.url), 'utf8')
const headings = [...page.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#{2,3} (.+)$/gm)].map(
  ([, heading = '']) => heading,
)
/** As GitHub makes them of headings. */
const anchors = headings.map((heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-'),
)
const sectionOf = (heading: string) => page.split(`\n### ${heading}\n`)[1]?.split(/\n##+ /)[0] ?? ''
const blocks = (language: string, text = page) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code)
const queries = (text = page) => blocks('promql', text).flatMap((block) => block.trim().split('\n'))
const KAFKAS = "Kafka's own names"

describe('An on-call engineer with a code', () => {
  const entries = [
    ...catalogue.map(({ code, hint }) => ({ heading: `\`${code}\``, hint })),
    { heading: '`_OTHER`', hint: UNKNOWN_HINT },
    { heading: KAFKAS, hint: UNKNOWN_HINT },
  ]

  test.each(entries)(
    'finds at $heading what is seen, why, how to check and the cure',
    ({ heading, hint }) => {
      const [intro = '', ...parts] = sectionOf(heading).split(
        /^(?=\*\*(?:You see|Usual causes|Check|Cure:)\*\*)/m,
      )
      expect(intro).toMatch(/^\n\*\*.{10,}\*\* Retriable: .+ Evidence: .+\.\n/)
      expect(parts.map((part) => /^\*\*(.+?)\*\*/.exec(part)?.[1])).toEqual([
        'You see',
        'Usual causes',
        'Check',
        'Cure:',
      ])
      const [seen = '', causes = '', check = '', cure = ''] = parts
      expect([...seen.matchAll(/^- (\w+): \S/gm)].map(([, what]) => what)).toEqual([
        'Error',
        'Log',
        'Span',
        'Metric',
        'Alert',
      ])
      expect(causes).toMatch(/^1\. \S/m)
      expect(check).toMatch(/^(- \S|```(sh|promql)$)/m)
      expect(cure).toContain(hint)
    },
  )

  test('knows of each code that moves an alert which, and of each that moves none why', () => {
    const told = entries.map(({ heading }) => /^- Alert: (.+)$/m.exec(sectionOf(heading))?.[1] ?? '')
    const named = [...told.join(' ').matchAll(/\[(\w+)\]\(#\w+\)/g)].map(([, name]) => name)
    const known = alertRules.map(({ name }) => name)
    expect(named.length).toBeGreaterThan(catalogue.length)
    expect(named.filter((name) => !known.includes(name ?? ''))).toEqual([])
    expect(told.filter((text) => !/\]\(#mskiam/.test(text) && !/^none: \S.{10,}/.test(text))).toEqual([])
  })

  test.each([...catalogue.map(({ code }) => code), '_OTHER', 'NOT_ENOUGH_REPLICAS'])(
    'is led by the link of %s to its entry',
    (code) => {
      const [base, anchor = ''] = classifyFailure({ failure: { code, hint: 'Do something.' } }).docs.split(
        '#',
      )
      expect(base).toBe(RUNBOOK)
      expect(base).toBe('https://unpkg.com/kafka-iam-otel/docs/failures.md')
      expect(anchors.filter((one) => one === anchor)).toHaveLength(1)
    },
  )
})

describe('An on-call engineer with an alert', () => {
  test('finds a section for each rule, and none for an alert that does not exist', () => {
    const sections = alerts.map(({ name }) => name)
    const known = alertRules.map(({ name }) => name)
    expect(known.filter((name) => !sections.includes(name))).toEqual([])
    expect(sections.filter((name) => !known.includes(name))).toEqual([])
  })

  test('meets no name of an alert that does not exist', () => {
    const written = new Set(page.match(/\bMskIam\w+/g))
    const errors = ['MskIamTokenError', 'MskIamAuthenticationError', 'MskIamConfigurationError']
    const known = [...alerts.map(({ name }) => name), ...errors]
    expect([...written].filter((name) => !known.includes(name))).toEqual([])
  })

  test.each(alerts.map(({ name }) => name))(
    'finds at %s what it means, what follows and where to look',
    (name) => {
      const section = sectionOf(name)
      const parts = ['If nobody acts:', 'First look', 'A false alarm, if:']
      expect(section).toMatch(/^\n\*\*.{20,}\.\*\*\n/)
      expect(parts.filter((part) => !new RegExp(`^\\*\\*${part}\\*\\*`, 'm').test(section))).toEqual([])
      expect(section).toMatch(/^In Jaeger: \S/m)
      expect(queries(section).length).toBeGreaterThan(0)
      expect(section).toMatch(/^\*\*(Usually|Do):\*\* /m)
    },
  )

  test.each(alertRules)('is led by the link of $name to its section or to the entry of its code', (rule) => {
    const url = rule.annotations['runbook_url'] ?? ''
    const label = '{{ $labels.error_type | toLower }}'
    const leadsTo = url.endsWith(`#${label}`)
      ? [...catalogue.map(({ code }) => code), '_OTHER'].map((code) => url.replace(label, code.toLowerCase()))
      : [url]
    const known = anchors.map((anchor) => runbookEntry(anchor))
    expect(leadsTo.filter((link) => !known.includes(link))).toEqual([])
  })
})

describe('What is to be copied from the page', () => {
  const ofOthers = /^(up|otelcol_\w+)$/
  /** Of names, rather than one. */
  const isPattern = /[^\w:]/

  test.each([...new Set(queries())])('is a query of what there is: %s', (query) => {
    const names = namesIn(query)
    const known = [...series(), ...recorded]
    expect(names.problems).toEqual([])
    const single = names.metrics.filter((name) => !isPattern.test(name))
    expect(single.filter((name) => !known.includes(name) && !ofOthers.test(name))).toEqual([])
    const given = [...labels, 'service_name', 'service_instance_id', 'le', 'job', '__name__']
    expect(names.labels.filter((name) => !given.includes(name))).toEqual([])
    expect(names.metrics.length + names.labels.length).toBeGreaterThan(0)
  })

  test('is a command that bash reads', () => {
    const commands = blocks('sh')
    expect(commands.length).toBeGreaterThan(40)
    for (const command of commands) execFileSync('bash', ['-n', '-c', command], { stdio: 'pipe' })
  })

  test('shows no secret: credentials are never printed', () => {
    const printing = /\b(echo|printenv|cat)\b[^\n|;]*\$\{?AWS_(SECRET|SESSION)|^env$|^printenv$/m
    expect(blocks('sh').filter((command) => printing.test(command))).toEqual([])
  })
})
