import type { Document } from './documents.js'
import type { MarkedVersions } from './markedVersions.js'
import type { Options } from './options.js'

/** What every form of the demo is given. */
export interface Setup {
  readonly options: Options
  readonly versions: MarkedVersions
  readonly documents: readonly Document[]
}
