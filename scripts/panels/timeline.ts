/** A state timeline: a row for each name, a bar for each state that it was in. */
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { EChartsCoreOption } from 'echarts/core'
import { frameOf, type Picture, TOP } from './chart.ts'
import { colorNamed, grid, ink } from './colors.ts'
import { FONT, widthOf } from './drawing.ts'
import { legendOf } from './legend.ts'
import { nothingOf, TEXT, whenOf } from './marks.ts'
import { intervalsOf } from './range.ts'

const BAR = 16
const ROW = 26

interface State {
  readonly value: number
  readonly name: string
  readonly color: string
}

export function statesOf(panel: Panel): State[] {
  return (panel.fieldConfig?.defaults.mappings ?? []).flatMap(({ options }) =>
    Object.entries(options as Record<string, { text: string; color: string }>).map(
      ([value, { text, color }]) => ({
        value: Number(value),
        name: text,
        color: colorNamed(color),
      }),
    ),
  )
}

export function timelineOf({ panel, lines, span, size }: Picture): EChartsCoreOption {
  const states = statesOf(panel)
  const rows = [...lines].sort((one, other) => firstSeen(one) - firstSeen(other))
  const names = Math.max(60, ...rows.map(({ name }) => widthOf(name, TEXT))) + 24
  const legend = legendOf(
    states.map((state) => ({ ...state, area: true })),
    size,
  )
  const top = TOP
  const left = names + 6
  const right = 22
  const height = size.height - top - legend.height - 34
  const row = Math.min(ROW, height / Math.max(rows.length, 1))
  const at = (time: number) =>
    left + ((time / 1000 - span.from) / (span.to - span.from)) * (size.width - left - right)
  const bars = rows.flatMap((line, index) => {
    const y = top + index * row + row / 2
    const label = {
      type: 'text',
      x: 14,
      y,
      style: { text: line.name, fill: ink, font: `${TEXT}px ${FONT}`, verticalAlign: 'middle' },
    }
    const rule = {
      type: 'line',
      shape: { x1: left, y1: y + row / 2, x2: size.width - right, y2: y + row / 2 },
      style: { stroke: grid },
    }
    const inStates = states.flatMap(({ value, color }) =>
      intervalsOf(line, value).map(([from, to]) => ({
        type: 'rect',
        shape: {
          x: at(from),
          y: y - Math.min(BAR, row - 4) / 2,
          width: Math.max(2, at(Math.min(to, span.to * 1000)) - at(from)),
          height: Math.min(BAR, row - 4),
        },
        style: { fill: color },
      })),
    )
    return [label, rule, ...inStates]
  })
  return {
    ...frameOf(panel, span, size),
    grid: { left, right, top, bottom: legend.height + 34 },
    yAxis: { show: false, type: 'value', min: 0, max: 1 },
    series: [{ type: 'line', data: [] }],
    graphic: [whenOf(span, size), ...(rows.length > 0 ? bars : [nothingOf(panel, size)]), ...legend.elements],
  }
}

const firstSeen = ({ points }: Picture['lines'][number]) =>
  points.find(([, value]) => value !== null)?.[0] ?? Number.POSITIVE_INFINITY
