import { type ClickHouseAddress, type ClickHouseConnection, connectClickHouse } from '../store/index.ts'
import {
  type ActiveInstallationsOptions,
  activeInstallationsByVersion,
  type InstallationsOfVersion,
  type Question,
} from './active-installations.ts'

/** Address of the store. */
export type InsightsOptions = ClickHouseAddress

/** Answers to the questions of the maintainer. */
export interface Insights {
  /** Returns the number of active installations by the version of their last report, newest version first. */
  activeInstallationsByVersion(options: ActiveInstallationsOptions): Promise<InstallationsOfVersion[]>
  /** Closes the connection. */
  close(): Promise<void>
}

/**
 * Answers questions from the store. Connects at the first question.
 *
 * A question rejects with `MissingPackageError` if `@clickhouse/client` is not installed, and with the error of the client if the store
 * cannot be reached.
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
