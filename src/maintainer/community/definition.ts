import type { Catalog } from '../../catalog/index.ts'
import type { QuestionName } from '../insights/index.ts'

/** Community report as its definition file says it, checked. */
export interface ReportDefinition {
  readonly title: string
  /** Words above everything. */
  readonly about: string | undefined
  /** Address of the project. */
  readonly link: string | undefined
  /** Number of installations below which a group is not shown, 5 to 1,000. */
  readonly smallestGroup: number
  readonly products: readonly ReportProduct[]
  readonly questions: readonly ReportQuestion[]
}

export interface ReportProduct {
  readonly name: string
  readonly title: string
  readonly catalog: Catalog | undefined
}

export interface ReportQuestion {
  /** Name of the files of the question, without their ending, and of its place in the page. */
  readonly id: string
  readonly ask: QuestionName
  readonly product: ReportProduct
  readonly title: string
  /** Decision that the answer serves. */
  readonly decision: string
  /** Address where the decision is made, such as that of an issue. */
  readonly link: string | undefined
  readonly before: string | undefined
  readonly after: string | undefined
  /** Arguments and filters of the question. */
  readonly options: Readonly<Record<string, unknown>>
}

export interface DefinitionOptions {
  /** Name of the file in messages. */
  readonly file: string
  /** Loads the catalog of a product by its path as the definition has it. */
  readonly loadCatalog: (path: string) => Promise<Catalog>
}
