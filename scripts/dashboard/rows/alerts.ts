/** Which alerts, since when, for whom; and what failed, with ways to its traces and its cure. */
import {
  LegendDisplayMode,
  LegendPlacement,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { built, dashboardOfRow, runbookOfAlert, runbookOfCode, tracesOfRow } from '../links.ts'
import { table, withBasics } from '../panels.ts'
import { failed, grown, ofAlert, ofProcess, ofProvider, sum } from '../promql.ts'
import { label, series } from '../series.ts'
import { alerts } from '../thresholds.ts'

const PENDING = 1
const FIRING = 2
const state = (name: string) => ofAlert(`${label.alertState}="${name}"`)

/** One row for each alert, however many services it fires for. */
const timeline = () =>
  withBasics(new StateTimelineBuilder(), {
    title: 'Alerts over time',
    description:
      'Each alert of the rules while it is pending or fires for at least one service. Normal: empty. It is empty too where Prometheus does not load stack/prometheus/rules.',
    unit: 'short',
    noValue: 'No alert was pending or firing.',
    width: 13,
  })
    .height(8)
    .targets([
      new DataqueryBuilder()
        .refId('A')
        .expr(`max by (${label.alert}) (${FIRING} * ${state('firing')} or ${PENDING} * ${state('pending')})`)
        .legendFormat(`{{${label.alert}}}`)
        .interval('15s')
        .range(),
    ])
    .mappings([
      {
        type: MappingType.ValueToText,
        options: {
          [PENDING]: { text: 'pending', color: 'yellow', index: 0 },
          [FIRING]: { text: 'firing', color: 'red', index: 1 },
        },
      },
    ])
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .rowHeight(0.85)
    .fillOpacity(90)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )

/** The anchor of an alert's entry is its name in lower case, and a link's URL can take a value's text but not change it. */
const runbookAnchors: ValueMapping = {
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    alerts.map((name, index) => [name, { text: name.toLowerCase(), index }] as const),
  ),
}

const hide = (...columns: string[]) => ({
  id: 'organize',
  options: { excludeByName: Object.fromEntries(columns.map((column) => [column, true])) },
})

const current = () =>
  table({
    title: 'Alerts now',
    description:
      'What is pending or fires, for whom and with which code. Normal: empty. The column runbook leads to the entry of the alert, error_type to that of the code and to the traces of this service with it.',
    unit: 'short',
    noValue: 'No alert is pending or firing.',
    width: 11,
    exprs: [`label_replace(topk(200, ${ofAlert()}), "runbook", "$1", "${label.alert}", "(.*)")`],
  })
    .withTransformation(hide('Time', 'Value', '__name__', 'instance', 'job'))
    .overrideByName('runbook', [
      { id: 'mappings', value: [runbookAnchors] },
      { id: 'links', value: built(runbookOfAlert) },
    ])
    .overrideByName(label.code, [{ id: 'links', value: built(tracesOfRow, runbookOfCode) }])
    .overrideByName(label.service, [{ id: 'links', value: built(dashboardOfRow) }])

const stage = (name: string, counter: string) =>
  `label_replace(${sum(grown(counter, '$__range'), label.service, label.code)}, "stage", "${name}", "", "")`

const failures = () =>
  table({
    title: 'What failed in the time shown',
    description:
      'Failures by stage, service and code, the fifty most frequent. Normal: empty, or single ones of codes that pass by themselves. error_type leads to the traces of this service with this code, and to the cure.',
    unit: 'short',
    noValue: 'Nothing failed.',
    width: 24,
    exprs: [
      `topk(50, ${[
        stage('1 refresh', ofProvider(series.refreshFailures)),
        stage('2 authentication', ofProvider(series.authenticationFailures)),
        stage('3 send', ofProcess(series.operation.count, `${label.operation}="send"`, failed)),
        stage('4 handler', ofProcess(series.handling.count, failed)),
        stage('5 commit', ofProcess(series.commits, failed)),
        stage('6 consumer', ofProcess(series.crashes)),
      ].join(' or ')} > 0)`,
    ],
  })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: { stage: 0, [label.service]: 1, [label.code]: 2, Value: 3 },
      },
    })
    .withTransformation({
      id: 'sortBy',
      options: { sort: [{ field: 'Value', desc: true }] },
    })
    .overrideByName('Value', [{ id: 'displayName', value: 'failures' }])
    .overrideByName(label.code, [{ id: 'links', value: built(tracesOfRow, runbookOfCode) }])
    .overrideByName(label.service, [{ id: 'links', value: built(dashboardOfRow) }])

export const alertPanels = () => [timeline(), current(), failures()]

/** Drawn over all graphs. */
export const firingAlerts = `max by (${label.alert}) (${state('firing')})`
