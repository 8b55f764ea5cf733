import type { Document } from './documents.js'
import type { MarkedVersions } from './markedVersions.js'
import type { Options } from './options.js'

/** The options of every form of the demo. */
export interface Setup {
  readonly options: Options
  readonly versions: MarkedVersions
  readonly documents: readonly Document[]
}
