import { parser } from '@prometheus-io/lezer-promql'

export interface Names {
  readonly metrics: string[]
  readonly labels: string[]
  /** Where the grammar gave up, as text. */
  readonly problems: string[]
}

/** What a query takes for granted: metrics and labels, by PromQL's own grammar. */
export function namesIn(query: string): Names {
  const metrics: string[] = []
  const labels: string[] = []
  const problems: string[] = []
  parser.parse(query).iterate({
    enter: (node) => {
      const text = query.slice(node.from, node.to)
      const parent = node.node.parent?.name
      if (node.type.isError) problems.push(query.slice(Math.max(0, node.from - 10), node.to + 10))
      else if (node.name === 'Identifier' && parent === 'VectorSelector') metrics.push(text)
      else if (node.name === 'LabelName') labels.push(text)
      else if (node.name === 'UnquotedLabelMatcher' && text.startsWith('__name__'))
        metrics.push(...(/"(.*)"/.exec(text)?.[1]?.split('|') ?? []))
    },
  })
  return { metrics, labels: labels.filter((name) => name !== '__name__'), problems }
}
