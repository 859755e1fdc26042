/** The kinds of panel of this dashboard, so that all of a kind look alike. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  type DashboardLinkBuilder,
  FieldColorBuilder,
  FieldColorModeId,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { STEP } from './promql.ts'
import { datasource } from './variables.ts'

export interface Basics {
  readonly title: string
  /** Ends with what is normal. */
  readonly description: string
  readonly unit: string
  /** Instead of "No data": what it means that there is none. */
  readonly noValue: string
  /** Of 24. */
  readonly width: number
}

export interface Line {
  readonly expr: string
  readonly legend: string
  /** Whether dots lead to traces. */
  readonly exemplar?: boolean
}

export const steps = (first: string, ...more: [from: number, color: string][]): Threshold[] => [
  { value: null, color: first },
  ...more.map(([value, color]) => ({ value, color })),
]

const thresholds = (list: Threshold[]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(list)

const refId = (index: number) => String.fromCharCode('A'.charCodeAt(0) + index)

const rangeQuery = ({ expr, legend, exemplar = false }: Line, index: number) =>
  new DataqueryBuilder()
    .refId(refId(index))
    .expr(expr)
    .legendFormat(legend)
    .interval(STEP)
    .exemplar(exemplar)
    .range()

export const instantQuery = (expr: string, index = 0) =>
  new DataqueryBuilder().refId(refId(index)).expr(expr).format(PromQueryFormat.Table).instant()

export interface Graph extends Basics {
  readonly lines: readonly Line[]
  /** Where an alert rule draws the line. */
  readonly limits?: readonly number[]
  readonly max?: number
  readonly links?: readonly DashboardLinkBuilder[]
}

/** Lines over time. A gap is a gap: no value is joined over it. */
export function graph({ lines, limits = [], max, links = [], ...basics }: Graph): TimeseriesBuilder {
  const panel = withBasics(new TimeseriesBuilder(), basics)
    .height(8)
    .targets(lines.map(rangeQuery))
    .min(0)
    .drawStyle(GraphDrawStyle.Line)
    .lineInterpolation(LineInterpolation.Linear)
    .lineWidth(2)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Auto)
    .spanNulls(false)
    // One code has one colour in all panels.
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .overrideByName('ok', [{ id: 'color', value: { mode: 'fixed', fixedColor: 'green' } }])
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .dataLinks([...links])
  if (max !== undefined) panel.max(max)
  if (limits.length === 0) return panel
  return panel
    .thresholds(thresholds(steps('transparent', ...limits.map((limit): [number, string] => [limit, 'red']))))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
}

/** One number that is green, or is not. */
export function stat({
  expr,
  colors,
  ...basics
}: Basics & { expr: string; colors: Threshold[] }): StatBuilder {
  return withBasics(new StatBuilder(), basics)
    .height(4)
    .targets([new DataqueryBuilder().refId('A').expr(expr).interval(STEP).instant()])
    .thresholds(thresholds(colors))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
}

export function table({ exprs, ...basics }: Basics & { exprs: readonly string[] }): TableBuilder {
  return withBasics(new TableBuilder(), basics).height(8).targets(exprs.map(instantQuery)).filterable(true)
}

interface CommonBuilder {
  title(title: string): this
  description(description: string): this
  unit(unit: string): this
  noValue(noValue: string): this
  span(width: number): this
  datasource(ref: { type: string; uid: string }): this
}

export function withBasics<B extends CommonBuilder>(
  panel: B,
  { title, description, unit, noValue, width }: Basics,
): B {
  return panel
    .title(title)
    .description(description)
    .unit(unit)
    .noValue(noValue)
    .span(width)
    .datasource(datasource)
}
