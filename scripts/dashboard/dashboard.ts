import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { RUNBOOK } from '../../src/failures/runbook.ts'
import { alertPanels, firingAlerts } from './rows/alerts.ts'
import { authenticationPanels } from './rows/authentications.ts'
import { consumerPanels } from './rows/consumers.ts'
import { health } from './rows/health.ts'
import { publishPanels } from './rows/publishes.ts'
import { refreshPanels } from './rows/refreshes.ts'
import { tokenPanels } from './rows/tokens.ts'
import { label } from './series.ts'
import { datasource, variables } from './variables.ts'

export const DASHBOARD_UID = 'kafka-iam-otel'

type PanelBuilder = Builder<Panel> & { id(id: number): PanelBuilder }

/** From credentials to messages, as trouble travels. */
const rows: readonly [title: string, panels: () => PanelBuilder[]][] = [
  ['Is it well, and if not, where?', () => [...health(), ...alertPanels()]],
  ['1 · Credentials and tokens', tokenPanels],
  ['2 · Refreshing tokens', refreshPanels],
  ['3 · Authenticating with brokers', authenticationPanels],
  ['4 · Publishing', publishPanels],
  ['5 · Consuming', consumerPanels],
]

const alertsOverGraphs = new AnnotationQueryBuilder()
  .name('Alerts')
  .datasource(datasource)
  .enable(true)
  .iconColor('red')
  .expr(firingAlerts)
  .step('15s')
  .titleFormat(`{{${label.alert}}}`)

export function dashboard(): Dashboard {
  const builder = new DashboardBuilder('Kafka with MSK IAM')
    .uid(DASHBOARD_UID)
    .description(
      'Tokens, authentications, publishing and consuming of services with kafka-iam-otel. docs/dashboard.md tells what each row says.',
    )
    .tags(['kafka', 'msk', 'kafka-iam-otel'])
    .timezone('utc')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .editable()
    .variables(variables)
    .annotation(alertsOverGraphs)
    .link(new DashboardLinkBuilder('Runbook').type(DashboardLinkType.Link).url(RUNBOOK).targetBlank(true))
  rows.forEach(([title, panels], row) => {
    // Of its row, so that a link to a panel survives a new one in another row.
    const first = (row + 1) * 100
    builder.withRow(new RowBuilder(title).id(first))
    panels().forEach((panel, index) => {
      builder.withPanel(panel.id(first + index + 1))
    })
  })
  return builder.build()
}

export const asJson = (made: Dashboard): string => `${JSON.stringify(made, null, 2)}\n`
