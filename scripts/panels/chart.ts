/** A panel of the dashboard as a picture: its title, unit, limits and colours are those of its definition. */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { LineChart } from 'echarts/charts'
import {
  GraphicComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
} from 'echarts/components'
import { type EChartsCoreOption, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { alertShade, colorNamed, colorOf, grid, ink, pale } from './colors.ts'
import { FONT, type Size, widthOf } from './drawing.ts'
import { legendOf } from './legend.ts'
import { dashes, nothingOf, SIDE, shades, TEXT, whenOf } from './marks.ts'
import type { Line, Span } from './range.ts'
import { tickOf, timeTickOf, written } from './units.ts'

use([
  LineChart,
  GraphicComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  SVGRenderer,
])

/** Below title and sentence. */
export const TOP = 68

export interface Picture {
  readonly panel: Panel
  readonly lines: readonly Line[]
  readonly span: Span
  readonly size: Size
  /** While an alert fired, epoch ms. */
  readonly firing: readonly (readonly [from: number, to: number])[]
}

export function chartOf({ panel, lines, span, size, firing }: Picture): EChartsCoreOption {
  const unit = panel.fieldConfig?.defaults.unit ?? 'short'
  const styled = lines.map((line) => ({ ...line, ...styleOf(panel, line.name) }))
  const limits = (panel.fieldConfig?.defaults.thresholds?.steps ?? []).flatMap(({ value }) => value ?? [])
  const most = Math.max(0, ...lines.flatMap(({ points }) => points.map(([, value]) => value ?? 0)))
  // A limit far above everything would flatten what there is to see.
  const shown = limits.filter((value) => value <= most * 4)
  const top = Math.max(most, ...shown)
  const tick = tickOf(top, unit)
  const labels = [0, top / 2, top].map((value) => widthOf(written(value, unit), TEXT))
  const legend = legendOf(
    [
      ...styled.map(({ name, color, dashed }) => ({ name, color, dashed })),
      ...(firing.length > 0 ? [{ name: 'an alert fires', color: alertShade, area: true }] : []),
    ],
    size,
  )
  return {
    ...frameOf(panel, span, size),
    grid: {
      left: SIDE + Math.max(...labels, 40) + 10,
      right: SIDE + 8,
      top: TOP,
      bottom: legend.height + 34,
    },
    yAxis: {
      type: 'value',
      min: 0,
      // Room above a line that stays at its top.
      boundaryGap: [0, '6%'],
      ...(top === 0 && { max: 1 }),
      ...(tick !== undefined && { interval: tick, max: Math.ceil((top * 1.02) / tick) * tick }),
      ...(unit === 'short' && { minInterval: 1 }),
      axisLabel: {
        color: pale,
        fontSize: TEXT,
        fontFamily: FONT,
        formatter: (value: number) => written(value, unit),
      },
      splitLine: { lineStyle: { color: grid } },
    },
    series: [
      ...styled.map(({ points, name, color, dashed }) => ({
        type: 'line',
        name,
        data: points,
        color,
        connectNulls: false,
        lineStyle: { width: dashed ? 1.5 : 2, type: dashed ? [6, 5] : 'solid' },
        ...(dashed ? {} : { areaStyle: { opacity: 0.06 } }),
        showSymbol: true,
        showAllSymbol: true,
        symbol: 'circle',
        symbolSize: (_: unknown, { dataIndex }: { dataIndex: number }) =>
          isAlone(points, dataIndex) ? 5 : 0,
      })),
      { type: 'line', data: [], markArea: shades(firing), markLine: dashes(shown, unit) },
    ],
    graphic: [
      whenOf(span, size),
      ...(lines.every(isEmpty) ? [nothingOf(panel, size)] : []),
      ...legend.elements,
    ],
  }
}

/** Title, first sentence of the description, and a time axis in UTC. */
export function frameOf(panel: Panel, span: Span, size: Size): EChartsCoreOption {
  const [sentence = ''] = (panel.description ?? '').split(/(?<=\.) /)
  const ticks = timeTicks(span, size)
  const text = { fontFamily: FONT, width: size.width - 2 * SIDE, overflow: 'truncate' as const }
  return {
    animation: false,
    useUTC: true,
    backgroundColor: '#ffffff',
    title: {
      left: SIDE - 5,
      top: 8,
      itemGap: 0,
      text: panel.title,
      subtext: sentence.replaceAll('`', ''),
      textStyle: { ...text, color: ink, fontSize: 15, fontWeight: 'bold', lineHeight: 22 },
      subtextStyle: { ...text, color: pale, fontSize: 11, lineHeight: 16 },
    },
    xAxis: {
      type: 'time',
      min: span.from * 1000,
      max: span.to * 1000,
      axisTick: { customValues: ticks, lineStyle: { color: pale } },
      axisLabel: {
        customValues: ticks,
        color: pale,
        fontSize: TEXT,
        fontFamily: FONT,
        formatter: '{HH}:{mm}',
        hideOverlap: true,
      },
      axisLine: { lineStyle: { color: pale } },
      splitLine: { show: false },
    },
  }
}

/** Whole minutes or hours of UTC; echarts alone would leave some out. */
function timeTicks({ from, to }: Span, { width }: Size): number[] {
  const tick = timeTickOf(to - from, width / 80)
  const first = Math.ceil((from * 1000) / tick) * tick
  return Array.from(
    { length: Math.floor((to * 1000 - first) / tick) + 1 },
    (_, index) => first + index * tick,
  )
}

function styleOf(panel: Panel, name: string): { color: string; dashed: boolean } {
  const override = panel.fieldConfig?.overrides.find(({ matcher }) => matcher.options === name)
  const property = (id: string) => override?.properties.find((each) => each.id === id)?.value
  const fixed = (property('color') as { fixedColor: string } | undefined)?.fixedColor
  return {
    color: fixed === undefined ? colorOf(name) : colorNamed(fixed),
    dashed: property('custom.lineStyle') !== undefined,
  }
}

const isEmpty = ({ points }: Line) => points.every(([, value]) => value === null)

/** A value between two gaps has no line: it is drawn as a dot. */
const isAlone = (points: Line['points'], index: number) =>
  points[index]?.[1] !== null &&
  (points[index - 1]?.[1] ?? null) === null &&
  (points[index + 1]?.[1] ?? null) === null
