/** A request to the compliance module. It is plain data, so that a module in any language can implement it. */
export type ComplianceRequest =
  /** Answers `value`, after `delay` ms. */
  | { readonly op: 'echo'; readonly value: unknown; readonly delay?: number }
  /** Answers `'interrupted'` when the call's signal fires or the module's `abort()` is called; waits until then. */
  | { readonly op: 'wait' }
  /** Never answers, not even when its signal fires. */
  | { readonly op: 'hang' }
  /** Ends the process or the worker at once; a process dies by `signal`, if one is given. */
  | { readonly op: 'crash'; readonly signal?: 'SIGKILL' }
  /** Throws an error with this name, code, message, properties (`details`) and a cause with this message. */
  | {
      readonly op: 'fail'
      readonly name: string
      readonly code: string
      readonly message: string
      readonly details: Readonly<Record<string, unknown>>
      readonly cause: string
    }
  /** Answers {@link ComplianceCounts}: at once, or as soon as the counts in `when` are reached. */
  | { readonly op: 'seen'; readonly when?: Partial<ComplianceCounts> }
  /** Answers the roles that the module has heard since its last start, in order. */
  | { readonly op: 'roles' }
  /** Sends `request` to the host with `callHost`, and answers what the host answers. */
  | { readonly op: 'ask'; readonly request: unknown }

/** The counts of the compliance module since its last start. */
export interface ComplianceCounts {
  /** Calls of `wait` and `hang` in flight. */
  readonly waiting: number
  /** Calls of `wait` that were interrupted. */
  readonly interrupted: number
  /** Calls of the module's `abort()`. */
  readonly aborts: number
}

/** The `localConfig` of the compliance module. */
export interface ComplianceLocalConfig {
  /** How long its start takes, in ms. A stop ends the start early. */
  readonly startDelay?: number
  /** A path. The start fails while a file exists there. */
  readonly failWhile?: string
}
