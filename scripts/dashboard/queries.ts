/** Everything that a dashboard asks Prometheus, wherever it stands. */
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus'

export interface Asked {
  /** The panel's title, the variable's or the annotation's name. */
  readonly where: string
  readonly expr: string
  readonly instant: boolean
}

const isRow = (panel: Panel | RowPanel): panel is RowPanel => panel.type === 'row'

/** All panels, those in collapsed rows too. */
export const panelsOf = ({ panels = [] }: Dashboard): Panel[] =>
  panels.flatMap((panel) => (isRow(panel) ? panel.panels : [panel]))

export const targetsOf = ({ targets = [] }: Panel): Dataquery[] => targets as Dataquery[]

export function queriesOf(dashboard: Dashboard): Asked[] {
  const ofPanels = panelsOf(dashboard).flatMap((panel) =>
    targetsOf(panel).map(({ expr, refId, instant = false }) => ({
      where: `panel "${panel.title}" ${refId}`,
      expr,
      instant,
    })),
  )
  const ofVariables = (dashboard.templating.list ?? [])
    .filter(({ type }) => type === 'query')
    .map(({ name, query }) => ({ where: `variable ${name}`, expr: selectorOf(query), instant: true }))
  const ofAnnotations = (dashboard.annotations.list ?? []).flatMap(({ name, expr }) =>
    expr === undefined ? [] : [{ where: `annotation ${name}`, expr, instant: false }],
  )
  return [...ofPanels, ...ofVariables, ...ofAnnotations]
}

/** `label_values(selector, label)` is Grafana's, not PromQL: what is left is `count by (label) (selector)`. */
function selectorOf(query: unknown): string {
  const text = typeof query === 'string' ? query : (query as { query: string }).query
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(text) ?? []
  if (selector === undefined || label === undefined) throw new Error(`No label_values: ${text}`)
  return `count by (${label}) (${selector})`
}
