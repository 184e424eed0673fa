/** Makes the files of collector-config/grafana: dashboards, alerts, and what provisions them. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { stringify } from 'yaml'
import { alertProvisioning } from './alerts.ts'
import { factsDashboard } from './facts-dashboard.ts'
import { gatewayDashboard } from './gateway-dashboard.ts'
import { CLICKHOUSE, STORE_UID } from './panels.ts'
import { usageDashboard } from './usage-dashboard.ts'

interface DashboardParts {
  readonly title: string
  readonly uid: string
  readonly description: string
  readonly variables: readonly Builder<VariableModel>[]
  readonly panels: readonly (Builder<Panel> | RowBuilder)[]
}

const FOLDER = 'collector-config/grafana'

/** Returns the files, each by its path in the repository. */
export function grafanaFiles(): Record<string, string> {
  const dashboards = [usageDashboard, factsDashboard, gatewayDashboard]
  return {
    ...Object.fromEntries(
      dashboards.map((parts) => [`${FOLDER}/dashboards/${parts.uid}.json`, dashboardFile(parts)]),
    ),
    [`${FOLDER}/provisioning/datasources/usage.yaml`]: provisioningFile(
      `The store, as a reader sees it (docs/grafana.md). Grafana puts in the variables.`,
      {
        apiVersion: 1,
        datasources: [
          {
            ...{ name: 'Usage', uid: STORE_UID, type: CLICKHOUSE, access: 'proxy' },
            jsonData: {
              ...{ host: '$USAGE_STORE_HOST', port: 8123, protocol: 'http', secure: false },
              ...{ username: 'grafana', defaultDatabase: 'usage', queryTimeout: '30' },
            },
            secureJsonData: { password: '$USAGE_READER_PASSWORD' },
          },
        ],
      },
    ),
    [`${FOLDER}/provisioning/dashboards/usage.yaml`]: provisioningFile(
      'Where the dashboards are: the folder that is mounted there, or another path.',
      {
        apiVersion: 1,
        providers: [
          {
            ...{ name: 'usage', orgId: 1, folder: 'Usage', type: 'file', disableDeletion: true },
            options: { path: '/etc/grafana/usage-dashboards' },
          },
        ],
      },
    ),
    [`${FOLDER}/provisioning/alerting/usage.yaml`]: provisioningFile(
      'Alerts on usage. They are sent where the default notification policy says.',
      alertProvisioning(),
    ),
  }
}

function dashboardFile({ title, uid, description, variables, panels }: DashboardParts): string {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['usage'])
    .timezone('utc')
    .time({ from: uid === 'usage-gateway' ? 'now-24h' : 'now-90d', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([...variables])
    .annotations([])
    .links([
      new DashboardLinkBuilder('Usage')
        .type(DashboardLinkType.Dashboards)
        .tags(['usage'])
        .keepTime(true)
        .includeVars(true),
    ])
  for (const panel of panels) {
    if (panel instanceof RowBuilder) dashboard.withRow(panel)
    else dashboard.withPanel(panel)
  }
  const built = dashboard.build()
  built.panels?.forEach((panel, index) => {
    panel.id = index + 1
  })
  return `${JSON.stringify(built, undefined, 2)}\n`
}

const provisioningFile = (comment: string, content: object) =>
  `# ${comment}\n# Made by \`npm run docs\`.\n${stringify(JSON.parse(JSON.stringify(content)), { lineWidth: 0 })}`
