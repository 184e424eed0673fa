import { type ClickHouseAddress, type ClickHouseConnection, connectClickHouse } from '../store/index.ts'
import {
  type ActiveInstallationsOptions,
  activeInstallationsByVersion,
  type InstallationsOfVersion,
  type Question,
} from './active-installations.ts'

/** Where the store is. */
export type InsightsOptions = ClickHouseAddress

/** The maintainer's questions, answered. */
export interface Insights {
  /** How many installations are active, by the version of their last report, newest version first. */
  activeInstallationsByVersion(options: ActiveInstallationsOptions): Promise<InstallationsOfVersion[]>
  /** Ends the connection. */
  close(): Promise<void>
}

/**
 * Answers questions from the store. Connects with the first one.
 *
 * A question rejects with `MissingPackageError` when `@clickhouse/client` is not installed, and with the client's own error
 * when the store cannot be asked.
 */
export function createInsights(options: InsightsOptions): Insights {
  let connecting: Promise<ClickHouseConnection> | undefined
  const ask = async <Row, Answer>(question: Question<Row, Answer>): Promise<Answer> => {
    connecting ??= connectClickHouse(options)
    const connection = await connecting
    const rows = await connection.query<Row>(question.query, {
      parameters: question.parameters,
      logComment: question.name,
    })
    return question.answer(rows)
  }
  return {
    activeInstallationsByVersion: (asked) => ask(activeInstallationsByVersion(asked)),
    close: async () => {
      await (await connecting)?.close()
    },
  }
}
